package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/fincokpi/finco/server"
)

type analyzerCmd struct {
	List    analyzerListCmd    `cmd:"" help:"List the analyzers that are known."`
	New     analyzerNewCmd     `cmd:"" help:"Begin an analyzer of your own, in Go, Python or TypeScript."`
	Test    analyzerTestCmd    `cmd:"" help:"Examine an executable with the conformance suite."`
	Install analyzerInstallCmd `cmd:"" help:"Copy an executable into the data directory and register it."`
	Enable  analyzerEnableCmd  `cmd:"" help:"Let a version of an analyzer judge."`
	Disable analyzerDisableCmd `cmd:"" help:"Stop an analyzer, or a version of it, from judging."`
	Shadow  analyzerShadowCmd  `cmd:"" help:"Have a version judge beside the enabled one, where it counts nowhere."`
	Split   analyzerSplitCmd   `cmd:"" help:"Have a version judge a share of the messages in place of the enabled one."`
	Eval    analyzerEvalCmd    `cmd:"" help:"Score an analyzer or a model file on labelled texts."`
	Train   analyzerTrainCmd   `cmd:"" help:"Train a model on labelled texts."`
	Learn   analyzerLearnCmd   `cmd:"" help:"Have analyzers learn from feedback now, and propose what is better in shadow."`
}

type analyzerListCmd struct{}

// Run lists.
func (c *analyzerListCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		list, err := parts.App.Client().Analyzer.Query().All(ctx)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			_, _ = fmt.Fprintln(io.out, "No analyzers yet: finco apply, import and serve register the built-in ones.")
			return nil
		}
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "name\tversion\tstate\tkinds\tlanguages")
		for _, a := range list {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.Name, a.Version, strings.ToLower(string(a.State)), strings.Join(a.Kinds, " "), strings.Join(a.Languages, " "))
		}
		return w.Flush()
	})
}
