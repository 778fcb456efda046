package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entgo.io/ent/dialect/sql"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/agreement"
	"github.com/fincokpi/finco/ent/gen"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer"
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
		if a.State != entanalyzer.StateEnabled {
			return nil
		}
		return warnOfRivals(ctx, parts, a.Name, "finco analyzer disable "+a.Name+" takes it back", io)
	})
}

// paidKinds are those that KPIs and waits, and so pay, are made of.
var paidKinds = []analyzer.Kind{analyzer.NeedsReply, analyzer.Quality, analyzer.Sentiment}

// warnOfRivals tells, on standard error, of each kind that the enabled version of an analyzer judges and another analyzer too,
// and what to do instead.
func warnOfRivals(ctx context.Context, parts *server.Parts, name, instead string, io *streams) error {
	enabled, err := parts.App.Client().Analyzer.Query().Where(entanalyzer.StateEQ(entanalyzer.StateEnabled)).Order(entanalyzer.ByName()).All(ctx)
	if err != nil {
		return err
	}
	own := slices.IndexFunc(enabled, func(a *gen.Analyzer) bool { return a.Name == name })
	if own < 0 {
		return nil
	}
	for _, kind := range enabled[own].Kinds {
		var others []string
		for _, a := range enabled {
			if a.Name != name && slices.Contains(a.Kinds, kind) {
				others = append(others, a.Name+" "+a.Version)
			}
		}
		if len(others) > 0 {
			pay := ""
			if slices.Contains(paidKinds, analyzer.Kind(kind)) {
				pay = ", in pay too"
			}
			_, _ = fmt.Fprintf(io.err, "%s is judged by %s too; of two the newer judgement counts%s: %s\n", kind, strings.Join(others, " and "), pay, instead)
		}
	}
	return nil
}

type analyzerEnableCmd struct {
	Name    string `arg:"" help:"The analyzer."`
	Version string `arg:"" optional:"" help:"Its version; if not given the newest that is neither tried nor learnt from feedback."`
}

// Run enables.
func (c *analyzerEnableCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return switched(ctx, cfg, io, func(ctx context.Context, a *app.App) (int, error) {
		id, err := a.EnableAnalyzer(ctx, app.AnalyzerChoice{Name: c.Name, Version: c.Version})
		if c.Version == "" && domain.KindOf(err) == domain.KindNotFound {
			err = c.tried(ctx, a, err)
		}
		return id, err
	}, "is enabled")
}

// tried is the error of a name of which there are only versions that are tried or learnt: nobody takes one of these unseen.
func (c *analyzerEnableCmd) tried(ctx context.Context, a *app.App, err error) error {
	newest, wrong := a.Client().Analyzer.Query().Where(entanalyzer.Name(c.Name)).Order(entanalyzer.ByID(sql.OrderDesc())).First(ctx)
	if wrong != nil {
		return err
	}
	return domain.Errorf(domain.KindNotFound, "%s has only versions that are tried or learnt: name the one that is to judge, as in finco analyzer enable %s %s", c.Name, c.Name, newest.Version)
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

// Help states the rule.
func (c *analyzerPromoteCmd) Help() string {
	return "The version in shadow or on a share of the messages takes the place of the enabled one, which is disabled. It needs at least " +
		strconv.Itoa(agreement.DefaultGate.MinLabels) + " messages that both versions judged and that people labelled since it is tried; in no kind may people agree with it less " +
		"than with the enabled version, on the same messages. A version that was learnt from corrections may make up for missing ones with those that were kept apart " +
		"from learning, if it did better on them. finco analyzer list and the query candidates tell how far that is; finco analyzer enable NAME VERSION " +
		"takes a version whatever people think of it."
}

// Run promotes.
func (c *analyzerPromoteCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return switched(ctx, cfg, io, func(ctx context.Context, a *app.App) (int, error) {
		return a.PromoteAnalyzer(ctx, app.AnalyzerChoice{Name: c.Name})
	}, "is promoted")
}
