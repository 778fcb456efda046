package cli

import (
	"context"
	"fmt"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/server"
)

// switched does a verb to a version of an analyzer and says what holds then.
func switched(ctx context.Context, cfg *server.Config, io *streams, do func(context.Context, *app.App) (int, error), holds string) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		id, err := do(ctx, parts.App)
		if err != nil {
			return err
		}
		a, err := parts.App.Client().Analyzer.Get(ctx, id)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(io.out, "%s %s %s; servers that run take it up within seconds.\n", a.Name, a.Version, holds)
		return nil
	})
}

type analyzerEnableCmd struct {
	Name    string `arg:"" help:"The analyzer."`
	Version string `arg:"" optional:"" help:"Its version; if not given the newest that is neither tried nor learnt from feedback."`
}

// Run enables.
func (c *analyzerEnableCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return switched(ctx, cfg, io, func(ctx context.Context, a *app.App) (int, error) {
		return a.EnableAnalyzer(ctx, app.AnalyzerChoice{Name: c.Name, Version: c.Version})
	}, "is enabled")
}

type analyzerDisableCmd struct {
	Name    string `arg:"" help:"The analyzer."`
	Version string `arg:"" optional:"" help:"Only this version, such as the candidate; all of it if not given."`
}

// Run disables.
func (c *analyzerDisableCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return switched(ctx, cfg, io, func(ctx context.Context, a *app.App) (int, error) {
		return a.DisableAnalyzer(ctx, app.AnalyzerChoice{Name: c.Name, Version: c.Version})
	}, "is disabled and judges no new messages")
}

type analyzerShadowCmd struct {
	Name    string `arg:"" help:"The analyzer."`
	Version string `arg:"" optional:"" help:"Its version; the newest that is not enabled if not given."`
}

// Run shadows.
func (c *analyzerShadowCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return switched(ctx, cfg, io, func(ctx context.Context, a *app.App) (int, error) {
		return a.ShadowAnalyzer(ctx, app.AnalyzerChoice{Name: c.Name, Version: c.Version})
	}, "judges in shadow, where it counts nowhere")
}

type analyzerSplitCmd struct {
	Name    string `arg:"" help:"The analyzer."`
	Version string `arg:"" optional:"" help:"Its version; the candidate, else the newest that is not enabled, if not given."`
	Share   int    `required:"" help:"Percent of the messages, 1 to 99." placeholder:"N"`
}

// Run splits.
func (c *analyzerSplitCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return switched(ctx, cfg, io, func(ctx context.Context, a *app.App) (int, error) {
		return a.SplitAnalyzer(ctx, app.AnalyzerChoice{Name: c.Name, Version: c.Version}, c.Share)
	}, fmt.Sprintf("judges %d %% of the messages", c.Share))
}

type analyzerPromoteCmd struct {
	Name string `arg:"" help:"The analyzer."`
}

// Run promotes.
func (c *analyzerPromoteCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return switched(ctx, cfg, io, func(ctx context.Context, a *app.App) (int, error) {
		return a.PromoteAnalyzer(ctx, app.AnalyzerChoice{Name: c.Name})
	}, "is promoted")
}
