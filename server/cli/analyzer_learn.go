package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/server"
)

type analyzerLearnCmd struct {
	Name    string `arg:"" optional:"" help:"The analyzer; all that can learn if not given."`
	DryRun  bool   `help:"Train and measure only; propose nothing."`
	AtLeast *int   `help:"New corrections of a kind that are needed; the setting learn-after if not given." placeholder:"N"`
}

// Run does what the weekly job does, now.
func (c *analyzerLearnCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	options := server.LearnOptions{Name: c.Name, AtLeast: max(cfg.LearnAfter, 1), DryRun: c.DryRun}
	if c.AtLeast != nil {
		options.AtLeast = *c.AtLeast
	}
	if options.AtLeast < 1 {
		return domain.Errorf(domain.KindInvalid, "--at-least must be 1 or more")
	}
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		list, err := parts.Learn(ctx, options)
		if err != nil && len(list) == 0 {
			return err
		}
		return errors.Join(err, tellLearnt(io.out, list))
	})
}

func tellLearnt(out io.Writer, list []server.Learnt) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "No enabled analyzer can learn.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "analyzer\tkind\tcorrections\tnew\theld out\tbefore\tafter\tverdict")
	for _, l := range list {
		for _, k := range l.Kinds {
			before, after := "–", "–"
			if k.Trained {
				before, after = fmt.Sprintf("%.3f", k.Before), fmt.Sprintf("%.3f", k.After)
			}
			verdict := k.Verdict
			if verdict == "" {
				verdict = "not tried"
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\n", l.Analyzer, strings.ToLower(k.Kind), k.Corrections+k.HeldOut, k.New, k.HeldOut, before, after, verdict)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, l := range list {
		_, _ = fmt.Fprintf(out, "%s: %s.\n", l.Analyzer, l.Verdict)
	}
	return nil
}
