package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/host"
)

// InstallOptions say what to install. The context's actor must be allowed to.
type InstallOptions struct {
	Path     string            // one executable file that needs no other beside it
	Settings map[string]string // by key, as typed; checked against the plugin's schema
	// State is how it begins; empty or DISABLED: it waits for somebody to enable it. Share is for SPLIT.
	State entanalyzer.State
	Share int
}

// Installed is what was installed.
type Installed struct {
	Description    analyzer.Description
	Path, Checksum string
	New            bool // false: this version of this file was there already
}

// InstallAnalyzer copies an executable into the data directory, read-only and under its name and version, starts the copy once
// with the settings, and registers it with its checksum. Nothing is left of an installation that fails.
func (p *Parts) InstallAnalyzer(ctx context.Context, o InstallOptions) (Installed, error) {
	dir := filepath.Join(p.cfg.DataDir, "analyzers")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Installed{}, domain.Errorf(domain.KindInternal, "the folder of analyzers cannot be made: %w", err)
	}
	copied, err := copyExecutable(o.Path, dir)
	if err != nil {
		return Installed{}, err
	}
	defer func() { _ = os.Remove(copied) }() // it is gone where it took its place
	var out Installed
	if out.Checksum, err = host.Checksum(copied); err != nil {
		return out, err
	}
	if out.Description, err = p.host.Describe(ctx, copied); err != nil {
		return out, naming(err, copied, o.Path)
	}
	settings, err := SettingsOf(out.Description.Settings, o.Settings)
	if err != nil {
		return out, err
	}
	if err := p.tryStart(ctx, host.Spec{Name: out.Description.Name, Path: copied, Checksum: out.Checksum, Settings: settings}); err != nil {
		return out, naming(err, copied, o.Path)
	}
	var placed bool
	if out.Path, placed, err = place(copied, filepath.Join(dir, fileName(out.Description)), out.Checksum); err != nil {
		return out, err
	}
	if out.New, err = p.registerInstalled(ctx, out, settings, o); err != nil && placed {
		err = errors.Join(err, os.Remove(out.Path))
	}
	return out, err
}

func (p *Parts) registerInstalled(ctx context.Context, in Installed, settings json.RawMessage, o InstallOptions) (bool, error) {
	d := in.Description
	isNew, err := p.App.RegisterAnalyzer(ctx, app.RegisterAnalyzerInput{
		Name: d.Name, Version: d.Version, Path: in.Path, Checksum: in.Checksum, Kinds: words(d.Kinds), Languages: d.Languages,
		Sides: sidesOf(d), Labels: labelsOf(d), Settings: settings, MaxBatch: d.MaxBatch, Audio: d.Audio,
		State: o.State, Share: o.Share,
	})
	switch {
	case err != nil || isNew:
		return isNew, err
	case len(o.Settings) > 0:
		return false, domain.Errorf(domain.KindConflict, "analyzer %s %s is installed already and keeps its settings; the company file changes them", d.Name, d.Version)
	}
	return false, p.switchInstalled(ctx, app.AnalyzerChoice{Name: d.Name, Version: d.Version}, o)
}

// switchInstalled brings a version that was there already to the state wanted.
func (p *Parts) switchInstalled(ctx context.Context, c app.AnalyzerChoice, o InstallOptions) (err error) {
	switch o.State {
	case entanalyzer.StateEnabled:
		_, err = p.App.EnableAnalyzer(ctx, c)
	case entanalyzer.StateShadow:
		_, err = p.App.ShadowAnalyzer(ctx, c)
	case entanalyzer.StateSplit:
		_, err = p.App.SplitAnalyzer(ctx, c, o.Share)
	}
	return err
}

// tryStart tells whether the plugin takes the settings.
func (p *Parts) tryStart(ctx context.Context, spec host.Spec) error {
	trial := host.New(host.Config{Log: p.Log})
	defer trial.Close(context.WithoutCancel(ctx))
	_, err := trial.Add(ctx, spec)
	return err
}

// naming is an error in one line that names the file as the caller did, not the copy.
func naming(err error, copied, path string) error {
	text := strings.ReplaceAll(err.Error(), copied, path)
	return domain.Errorf(domain.KindInvalid, "%s", strings.Join(strings.Fields(text), " "))
}

// copyExecutable copies a file to a name of its own in dir.
func copyExecutable(path, dir string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", domain.Errorf(domain.KindInvalid, "the analyzer cannot be read: %w", err)
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return "", domain.Errorf(domain.KindInvalid, "%s is not an executable file", path)
	}
	from, err := os.Open(path)
	if err != nil {
		return "", domain.Errorf(domain.KindInvalid, "the analyzer cannot be read: %w", err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return "", domain.Errorf(domain.KindInternal, "the analyzer cannot be copied: %w", err)
	}
	_, err = io.Copy(to, from)
	if err == nil {
		err = to.Chmod(0o555)
	}
	if err = errors.Join(err, to.Close()); err != nil {
		_ = os.Remove(to.Name())
		return "", domain.Errorf(domain.KindInternal, "the analyzer cannot be copied: %w", err)
	}
	return to.Name(), nil
}

var unsafeInFileName = regexp.MustCompile(`[^A-Za-z0-9._+-]`)

// fileName is the installed file's name. The version is the plugin's own word, so nothing of it may lead out of the folder.
func fileName(d analyzer.Description) string {
	return d.Name + "-" + unsafeInFileName.ReplaceAllString(d.Version, "_")
}

// place gives the copy its name unless that very file is there already, and tells whether it did.
func place(copied, path, checksum string) (string, bool, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", false, err
	}
	switch err := os.Link(copied, path); { // unlike a rename, a link never takes another's place
	case err == nil:
		return path, true, nil
	case !errors.Is(err, fs.ErrExist):
		return "", false, domain.Errorf(domain.KindInternal, "the analyzer cannot be put in its place: %w", err)
	}
	there, err := host.Checksum(path)
	if err != nil {
		return "", false, err
	}
	if there != checksum {
		return "", false, domain.Errorf(domain.KindConflict, "%s is there with another content: give the new file another version", filepath.Base(path))
	}
	return path, false, nil
}

// SettingsOf turns settings as they are typed into JSON by the types of the schema, checks them and fills in defaults. A list
// is JSON or separated by commas. Errors name keys and never quote values, which may be secret.
func SettingsOf(schema []analyzer.Setting, typed map[string]string) (json.RawMessage, error) {
	values := make(map[string]json.RawMessage, len(typed))
	types := map[string]analyzer.SettingType{}
	for _, s := range schema {
		types[s.Key] = s.Type
	}
	for key, value := range typed {
		var raw json.RawMessage
		switch t := types[key]; {
		case t == analyzer.Strings && !strings.HasPrefix(value, "["):
			raw = mustJSON(strings.Split(value, ","))
		case t == analyzer.String || t == "":
			raw = mustJSON(value) // an unknown key is refused below
		default:
			raw = json.RawMessage(value)
		}
		if !json.Valid(raw) {
			return nil, domain.Errorf(domain.KindInvalid, "settings: %s must be of type %s", key, types[key])
		}
		values[key] = raw
	}
	complete, err := analyzer.CompleteSettings(schema, mustJSON(values))
	if err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "%s%s", strings.TrimPrefix(err.Error(), "invalid: "), thereAre(schema, types, typed))
	}
	return complete, nil
}

// thereAre lists the settings to somebody who typed one that there is not.
func thereAre(schema []analyzer.Setting, types map[string]analyzer.SettingType, typed map[string]string) string {
	known := make([]string, len(schema))
	for i, s := range schema {
		known[i] = s.Key
	}
	for key := range typed {
		switch {
		case types[key] != "":
		case len(known) == 0:
			return "; this analyzer has no settings"
		default:
			return "; the settings are " + strings.Join(known, ", ")
		}
	}
	return ""
}

// TypedSettings are settings as typed for an executable, whose schema is asked first. Nothing typed is no settings.
func TypedSettings(ctx context.Context, cfg Config, path string, typed map[string]string) (json.RawMessage, error) {
	if len(typed) == 0 {
		return nil, nil
	}
	asking := host.New(host.Config{Log: cfg.Logger()})
	defer asking.Close(context.WithoutCancel(ctx))
	d, err := asking.Describe(ctx, path)
	if err != nil {
		return nil, err
	}
	return SettingsOf(d.Settings, typed)
}

// mustJSON marshals what always can be: texts, lists of them, and maps of JSON that is checked.
func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return raw
}

// FindAnalyzer finds an analyzer by what somebody typed: a path, else the name of a registered one (the enabled version, else
// the newest), else one that came with the program. It opens the database only if there is one.
func FindAnalyzer(ctx context.Context, cfg Config, name string, with func(context.Context, func(context.Context, *Parts) error) error) (AnalyzerFile, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return pin(name)
	}
	var found *AnalyzerFile
	if cfg.DatabaseURL != "" || exists(filepath.Join(cfg.DataDir, "postgres")) {
		err := with(ctx, func(ctx context.Context, p *Parts) (err error) {
			found, err = p.registered(ctx, name)
			return err
		})
		if err != nil {
			return AnalyzerFile{}, err
		}
		if found != nil {
			return *found, nil
		}
	}
	dir, err := cfg.analyzersDir()
	if err != nil {
		return AnalyzerFile{}, err
	}
	for _, path := range []string{filepath.Join(dir, name), name} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return pin(path)
		}
	}
	return AnalyzerFile{}, domain.Errorf(domain.KindNotFound, "there is no analyzer %s: give a registered name or the path of an executable", name)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// pin takes a file as it is now, with its defaults.
func pin(path string) (AnalyzerFile, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return AnalyzerFile{}, err
	}
	checksum, err := host.Checksum(path)
	return AnalyzerFile{Path: path, Checksum: checksum}, err
}

func (p *Parts) registered(ctx context.Context, name string) (*AnalyzerFile, error) {
	versions, err := p.App.Client().Analyzer.Query().Where(entanalyzer.Name(name)).Order(entanalyzer.ByID()).All(ctx)
	if err != nil || len(versions) == 0 {
		return nil, err
	}
	chosen := versions[len(versions)-1]
	for _, v := range versions {
		if v.State == entanalyzer.StateEnabled {
			chosen = v
		}
	}
	return &AnalyzerFile{Path: chosen.Path, Checksum: chosen.Checksum, Settings: p.cfg.withToken(name, chosen.Settings)}, nil
}
