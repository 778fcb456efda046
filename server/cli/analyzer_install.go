package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzertest"
	"github.com/fincokpi/finco/server"
)

type analyzerTestCmd struct {
	Path    string            `arg:"" help:"The executable." type:"path"`
	Set     map[string]string `help:"A setting of the plugin, KEY=VALUE; may be repeated." mapsep:"none" placeholder:"KEY=VALUE"`
	Timeout time.Duration     `help:"What one batch may take." default:"30s"`
	Log     bool              `name:"show-log" help:"Show the plugin's own lines, on standard error."`
}

// failed is the exit code when a check was not passed; the table says which.
const failed = exit(1)

// Run examines a plugin; no database is needed.
func (c *analyzerTestCmd) Run(ctx context.Context, cfg *server.Config, streams *streams) error {
	if err := executable(c.Path); err != nil {
		return err
	}
	settings, err := server.TypedSettings(ctx, quiet(cfg), c.Path, c.Set)
	if err != nil {
		return noAnalyzer(err, c.Path)
	}
	options := analyzertest.Options{Settings: settings, CallTimeout: c.Timeout, Log: io.Discard}
	if c.Log {
		options.Log = streams.err
	}
	w := tabwriter.NewWriter(streams.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "check\ttook\tresult")
	bad, findings, mute := 0, analyzertest.Run(ctx, c.Path, options), false
	for _, f := range findings {
		result := strings.TrimSpace("ok " + f.Note)
		if !f.OK() {
			bad++
			mute = mute || strings.Contains(f.Problem, "no handshake: ")
			result = "FAILED: " + strings.Join(strings.Fields(f.Problem), " ")
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", f.Check, f.Took.Round(time.Millisecond), result)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if bad > 0 {
		_, _ = fmt.Fprintf(streams.out, "%d of %d checks failed.\n", bad, len(findings))
		if mute && !c.Log {
			_, _ = fmt.Fprintf(streams.err, "%s is no analyzer: it printed no handshake; --show-log shows what it says\n", c.Path)
		}
		return failed
	}
	_, _ = fmt.Fprintf(streams.out, "All %d checks are passed.\n", len(findings))
	return nil
}

type analyzerInstallCmd struct {
	Path   string            `arg:"" help:"One executable file; it is copied." type:"path"`
	Set    map[string]string `help:"A setting of the plugin, KEY=VALUE; may be repeated." mapsep:"none" placeholder:"KEY=VALUE"`
	Enable bool              `help:"Let it judge; otherwise finco analyzer enable does." xor:"state"`
	Shadow bool              `help:"Let it judge beside the enabled version, where it counts nowhere." xor:"state"`
	Share  int               `help:"Let it judge so many percent (1 to 99) of the messages in place of the enabled version." xor:"state" placeholder:"N"`
}

// state is what the flags ask for.
func (c *analyzerInstallCmd) state() entanalyzer.State {
	switch {
	case c.Enable:
		return entanalyzer.StateEnabled
	case c.Shadow:
		return entanalyzer.StateShadow
	case c.Share != 0:
		return entanalyzer.StateSplit
	}
	return entanalyzer.StateDisabled
}

// Run installs.
func (c *analyzerInstallCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	if err := executable(c.Path); err != nil {
		return err
	}
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		in, err := parts.InstallAnalyzer(ctx, server.InstallOptions{Path: c.Path, Settings: c.Set, State: c.state(), Share: c.Share})
		if err != nil {
			return noAnalyzer(err, c.Path)
		}
		if err := c.tell(io, in); err != nil || c.state() != entanalyzer.StateEnabled {
			return err
		}
		return warnOfRivals(ctx, parts, in.Description.Name, "--shadow tries it without", io)
	})
}

func (c *analyzerInstallCmd) tell(io *streams, in server.Installed) error {
	d := in.Description
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	row := func(name, value string) { _, _ = fmt.Fprintf(w, "%s\t%s\n", name, value) }
	row("name", d.Name)
	row("version", d.Version)
	row("kinds", kindList(d.Kinds))
	languages := strings.Join(d.Languages, " ")
	if languages == "" {
		languages = "any"
	}
	row("languages", languages)
	for _, s := range d.Settings {
		row("setting "+s.Key, strings.TrimSuffix(fmt.Sprintf("%s; %s", s.Type, s.Doc), "; "))
	}
	row("file", in.Path)
	row("sha256", in.Checksum)
	if err := w.Flush(); err != nil {
		return err
	}
	state := "Installed"
	if !in.New {
		state = "It was installed already"
	}
	holds := map[entanalyzer.State]string{
		entanalyzer.StateEnabled: "It judges", entanalyzer.StateShadow: "It judges in shadow, where it counts nowhere",
		entanalyzer.StateSplit: fmt.Sprintf("It judges %d %% of the messages", c.Share),
	}[c.state()]
	if holds != "" {
		_, _ = fmt.Fprintf(io.out, "%s. %s, unless the company file says otherwise; servers that run take it up within seconds.\n", state, holds)
		return nil
	}
	_, _ = fmt.Fprintf(io.out, "%s, and judges nothing yet: finco analyzer shadow %s %s tries it, finco analyzer enable %s %s lets it judge.\n", state, d.Name, d.Version, d.Name, d.Version)
	return nil
}

func kindList(kinds []analyzer.Kind) string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return strings.Join(out, " ")
}

// quiet is the settings for a command whose output is its own lines.
func quiet(cfg *server.Config) server.Config {
	out := *cfg
	if out.LogLevel == "info" {
		out.LogLevel = "warn"
	}
	return out
}
