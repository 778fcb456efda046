package app

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
)

// RegisterAnalyzerInput is a plugin that somebody installs, or that comes with the server.
type RegisterAnalyzerInput struct {
	Name, Version string
	// Path is the executable, Checksum its SHA-256 in hex.
	Path, Checksum string
	// Kinds as the contract writes them (SENTIMENT), Languages as BCP 47 tags.
	Kinds, Languages []string
	// Sides are whose messages it judges for any of its kinds: CUSTOMER, STAFF. None means both.
	Sides []string
	// Labels are those it may give, per kind.
	Labels map[string][]string
	// Settings are complete: a JSON object with every default filled in.
	Settings json.RawMessage
	// MaxBatch is how many messages it takes at once; 0: as many as the host likes. Audio: it listens to voice notes.
	MaxBatch int
	Audio    bool
	// State is how a new version begins: ENABLED, the one that works, where the company file does not say otherwise; SHADOW or
	// SPLIT, the candidate; DISABLED, which is also the empty one. Share is for SPLIT: 1 to 99 percent of the messages.
	State entanalyzer.State
	Share int
	// Learned is, for a version learnt from feedback, what it was made of and how it did, as a JSON object; nil for others.
	Learned json.RawMessage
	// Rebuilt lets a known version have another file: for the plugins that come with the server, which are built with it.
	Rebuilt bool
}

func (in *RegisterAnalyzerInput) validate() error {
	var list []string
	if in.Name == "" || len(in.Name) > 64 || in.Version == "" || len(in.Version) > 64 {
		list = append(list, "an analyzer needs a name and a version of at most 64 bytes")
	}
	if len(in.Checksum) != 64 || strings.Trim(in.Checksum, "0123456789abcdef") != "" {
		list = append(list, "the checksum is a SHA-256 in lower case hex")
	}
	if in.Path == "" {
		list = append(list, "the path of the executable is missing")
	}
	if len(in.Kinds) == 0 {
		list = append(list, "an analyzer judges at least one kind")
	}
	for i := range in.Kinds {
		in.Kinds[i] = strings.ToUpper(in.Kinds[i])
	}
	for i := range in.Sides {
		in.Sides[i] = strings.ToUpper(in.Sides[i])
	}
	in.Sides = slices.DeleteFunc(in.Sides, func(s string) bool { return s == sideNone })
	if len(in.Sides) == 0 {
		in.Sides = []string{sideCustomer, sideStaff}
	}
	for _, side := range in.Sides {
		if side != sideCustomer && side != sideStaff {
			list = append(list, clip(side, 40)+" is no side")
		}
	}
	if in.MaxBatch < 0 {
		list = append(list, "a batch of fewer than no messages")
	}
	if in.State == "" {
		in.State = entanalyzer.StateDisabled
	}
	if entanalyzer.StateValidator(in.State) != nil {
		list = append(list, clip(string(in.State), 40)+" is no state of an analyzer")
	} else if err := checkShare(in.State, in.Share); err != nil {
		list = append(list, err.Error())
	}
	return faults(list)
}

// analyzerVersion is a version as the records have it.
type analyzerVersion struct {
	ID                      int
	Version, Checksum, Path string
	Settings                json.RawMessage
	State                   entanalyzer.State
	Share                   int
	Learned                 json.RawMessage
	Since                   time.Time // registered
}

// analyzerVersions are the versions of an analyzer, oldest first, held until commit.
func (t *tx) analyzerVersions(ctx context.Context, name string) ([]analyzerVersion, error) {
	var out []analyzerVersion
	const q = `
SELECT id, version, checksum, path, settings, state, share, learned, created_at FROM analyzers WHERE name = $1 ORDER BY id FOR UPDATE`
	err := t.each(ctx, q, []any{name}, func(scan scanner) error {
		var v analyzerVersion
		var settings, learned []byte
		err := scan(&v.ID, &v.Version, &v.Checksum, &v.Path, &settings, &v.State, &v.Share, &learned, &v.Since)
		v.Settings, v.Learned = settings, learned
		out = append(out, v)
		return err
	})
	return out, err
}

// chooseVersion is the version asked for; without one the enabled one, else the newest that nobody has to promote first.
func chooseVersion(versions []analyzerVersion, version string) *analyzerVersion {
	var found *analyzerVersion
	for i, v := range versions {
		switch {
		case version != "" && v.Version == version, version == "" && v.State == entanalyzer.StateEnabled:
			return &versions[i]
		case version == "" && !v.proposed():
			found = &versions[i]
		}
	}
	return found
}

// wishes are what the company file says of analyzers; nothing without a company. The row is held until commit.
func (t *tx) wishes(ctx context.Context) (w wishes, err error) {
	err = t.each(ctx, `SELECT analyzers FROM companies FOR UPDATE`, nil, func(scan scanner) error {
		var raw []byte
		if err := scan(&raw); err != nil {
			return err
		}
		return unmarshalIfAny(raw, &w)
	})
	return w, err
}

// RegisterAnalyzer writes a plugin into the registry and tells whether its version is new. A new version begins in the state
// wanted: enabled it takes the place of the older one at once, as a candidate that of the candidate before it. A known version
// keeps its state, and its file must be the one that was registered.
func (a *App) RegisterAnalyzer(ctx context.Context, in RegisterAnalyzerInput) (bool, error) {
	if _, err := permit(ctx, "analyzer", "install"); err != nil {
		return false, err
	}
	if err := in.validate(); err != nil {
		return false, err
	}
	for fit := map[string]json.RawMessage{}; ; {
		isNew, unchecked, err := a.register(as(ctx, "operator"), in, fit)
		if !errors.Is(err, errUnchecked) {
			return isNew, err
		}
		if err := a.checkSettings(ctx, unchecked, fit); err != nil {
			return false, err
		}
	}
}

// register tells what is to be checked first, if what the company file says of the analyzer was not.
func (a *App) register(ctx context.Context, in RegisterAnalyzerInput, fit map[string]json.RawMessage) (isNew bool, unchecked []AnalyzerSpec, err error) {
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.writeFacts(ctx); err != nil {
			return err
		}
		said, err := t.wishes(ctx)
		if err != nil {
			return err
		}
		versions, err := t.analyzerVersions(ctx, in.Name)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(versions, func(v analyzerVersion) bool { return v.Version == in.Version })
		if isNew = i < 0; !isNew {
			return t.renewAnalyzer(ctx, in, versions[i])
		}
		settings, err := said.settings(in.Name, in.Settings)
		if err != nil {
			return err
		}
		spec := AnalyzerSpec{Name: in.Name, Version: in.Version, Path: in.Path, Checksum: in.Checksum, Settings: settings, State: in.State}
		if _, fits := fit[spec.key()]; a.check != nil && !in.Rebuilt && !fits && !sameJSON(settings, in.Settings) {
			unchecked = []AnalyzerSpec{spec}
			return errUnchecked
		}
		return t.addAnalyzer(ctx, in, said)
	})
	return isNew, unchecked, err
}

func (t *tx) addAnalyzer(ctx context.Context, in RegisterAnalyzerInput, said wishes) error {
	settings, err := said.settings(in.Name, in.Settings)
	if err != nil {
		return err
	}
	var id int
	const q = `
INSERT INTO analyzers (name, version, checksum, path, kinds, languages, sides, labels, settings, audio, max_batch, learned, state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'DISABLED', $13) RETURNING id`
	err = t.sql.QueryRowContext(ctx, q, in.Name, in.Version, in.Checksum, in.Path, asJSON(in.Kinds), asJSON(in.Languages), asJSON(in.Sides),
		labelsJSON(in.Labels), string(settings), in.Audio, in.MaxBatch, nullableJSON(in.Learned), t.at).Scan(&id)
	if err != nil {
		return err
	}
	if err := t.begin(ctx, in, said, id); err != nil {
		return err
	}
	if err := t.revise(ctx); err != nil {
		return err
	}
	return t.audit(ctx, "install", "analyzer", id, nil)
}

// allows tells whether the company file lets a version work: it does unless it says otherwise.
func (w wishes) allows(name, version string) bool {
	said, ok := w.of(name)
	return !ok || said.Enabled && (said.Version == "" || said.Version == version)
}

func (t *tx) renewAnalyzer(ctx context.Context, in RegisterAnalyzerInput, was analyzerVersion) error {
	if was.Checksum == in.Checksum && was.Path == in.Path {
		return nil
	}
	if was.Checksum != in.Checksum && !in.Rebuilt {
		return domain.Errorf(domain.KindConflict, "analyzer %s %s is registered with another file: give the new file another version", in.Name, in.Version)
	}
	_, err := t.sql.ExecContext(ctx, `
UPDATE analyzers SET checksum = $2, path = $3, kinds = $4, languages = $5, sides = $6, labels = $7, audio = $8, max_batch = $9 WHERE id = $1`,
		was.ID, in.Checksum, in.Path, asJSON(in.Kinds), asJSON(in.Languages), asJSON(in.Sides), labelsJSON(in.Labels), in.Audio, in.MaxBatch)
	if err != nil {
		return err
	}
	if err := t.revise(ctx); err != nil {
		return err
	}
	return t.audit(ctx, "renew", "analyzer", was.ID, nil)
}

func labelsJSON(labels map[string][]string) string {
	out := make(map[string][]string, len(labels))
	for kind, list := range labels {
		out[strings.ToUpper(kind)] = list
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return "{}" // texts always marshal
	}
	return string(raw)
}

// nullableJSON is a document as a statement takes it, NULL if there is none.
func nullableJSON(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	return string(raw)
}

// AnalyzerSpec is what a host needs to run an analyzer.
type AnalyzerSpec struct {
	Name, Version, Path, Checksum string
	Settings                      json.RawMessage
	// State is what it does; none is DISABLED.
	State entanalyzer.State
}

// Candidate tells whether it runs beside the version of its name that is enabled.
func (s AnalyzerSpec) Candidate() bool { return isCandidate(s.State) }

// Analyzers are the versions that run now, by name: of each the enabled one and the candidate, as far as there are any. For
// whoever sees analyzers' settings, and the server.
func (a *App) Analyzers(ctx context.Context) ([]AnalyzerSpec, error) {
	if _, err := permit(ctx, "analyzer_settings", "read"); err != nil {
		return nil, err
	}
	var out []AnalyzerSpec
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		const q = `
SELECT name, version, path, checksum, COALESCE(settings, '{}'), state FROM analyzers
WHERE state <> 'DISABLED' ORDER BY name, state <> 'ENABLED', id`
		return t.each(ctx, q, nil, func(scan scanner) error {
			var s AnalyzerSpec
			var settings []byte
			err := scan(&s.Name, &s.Version, &s.Path, &s.Checksum, &settings, &s.State)
			s.Settings = settings
			out = append(out, s)
			return err
		})
	})
	return out, err
}
