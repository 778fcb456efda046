package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/server"
)

type analyzerEvalCmd struct {
	Name  string            `arg:"" optional:"" help:"A registered analyzer, or the path of an executable."`
	Model string            `help:"A model file instead of an analyzer." type:"existingfile"`
	Data  string            `required:"" help:"Lines of label, tab, text; or a table with a header line, whose column of the kind is taken." type:"existingfile"`
	Kind  string            `help:"The kind, such as sentiment. Not needed for a model, or an analyzer of one kind."`
	Set   map[string]string `help:"A setting of a plugin given by its path, KEY=VALUE; may be repeated." mapsep:"none" placeholder:"KEY=VALUE"`
	JSON  bool              `name:"json" help:"Print one JSON object."`
}

// Run scores; exit code 3 if lines of the data could not be read.
func (c *analyzerEvalCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	e, err := c.evaluate(ctx, cfg)
	if err != nil {
		return err
	}
	tellBad(io, e.Bad)
	if c.JSON {
		err = json.NewEncoder(io.out).Encode(e)
	} else {
		err = tellEvaluation(io, e)
	}
	if err == nil && e.BadLines > 0 {
		return damaged
	}
	return err
}

func (c *analyzerEvalCmd) evaluate(ctx context.Context, cfg *server.Config) (server.Evaluation, error) {
	switch {
	case (c.Name == "") == (c.Model == ""):
		return server.Evaluation{}, domain.Errorf(domain.KindInvalid, "give either an analyzer or --model")
	case c.Model != "":
		return server.EvaluateModel(ctx, c.Model, c.Kind, c.Data)
	}
	open := func(ctx context.Context, do func(context.Context, *server.Parts) error) error {
		return with(ctx, cfg, do)
	}
	file, err := server.FindAnalyzer(ctx, *cfg, c.Name, open)
	if err != nil {
		return server.Evaluation{}, err
	}
	if len(c.Set) > 0 {
		if file.Settings, err = server.TypedSettings(ctx, quiet(cfg), file.Path, c.Set); err != nil {
			return server.Evaluation{}, err
		}
	}
	return server.EvaluateAnalyzer(ctx, quiet(cfg), file, c.Kind, c.Data)
}

// mostBad is how many lines that could not be read are printed; JSON has all.
const mostBad = 20

func tellBad(io *streams, bad []string) {
	for i, line := range bad {
		if i == mostBad {
			_, _ = fmt.Fprintf(io.err, "and %d more lines\n", len(bad)-i)
			return
		}
		_, _ = fmt.Fprintln(io.err, line)
	}
}

func tellEvaluation(io *streams, e server.Evaluation) error {
	_, _ = fmt.Fprintf(io.out, "%s %s, %s, on %s\n", e.Analyzer, e.Version, strings.ToLower(e.Kind), e.Data)
	_, _ = fmt.Fprintf(io.out, "texts %d  accuracy %.3f  macro-F1 %.3f  calibration error %.3f  %.0f texts/s\n", e.Texts, e.Accuracy, e.MacroF1, e.ECE, e.Rate)
	if e.InScope != nil {
		_, _ = fmt.Fprintf(io.out, "accuracy in scope %.3f\n", *e.InScope)
	}
	if e.Unanswered > 0 {
		_, _ = fmt.Fprintf(io.out, "unanswered %d, counted as wrong; %d of them by an error\n", e.Unanswered, e.Failed)
	}
	if e.Failure != "" {
		_, _ = fmt.Fprintf(io.out, "one of the errors: %s\n", e.Failure)
	}
	if e.Unasked > 0 {
		_, _ = fmt.Fprintf(io.out, "not asked about %d lines of a side that the kind is not about\n", e.Unasked)
	}
	if e.BadLines > 0 {
		_, _ = fmt.Fprintf(io.out, "%d lines could not be read\n", e.BadLines)
	}
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "precision\trecall\tF1\tsupport\t  label")
	for _, label := range slices.Sorted(maps.Keys(e.Classes)) {
		s := e.Classes[label]
		_, _ = fmt.Fprintf(w, "%.3f\t%.3f\t%.3f\t%d\t  %s\n", s.Precision, s.Recall, s.F1, s.Support, label)
	}
	return w.Flush()
}

type analyzerTrainCmd struct {
	Kind    string   `arg:"" help:"What the labels are about: sentiment, topic, question, needs_reply, language, politeness."`
	More    []string `arg:"" optional:"" name:"file" help:"Further data files." type:"existingfile"`
	Data    []string `required:"" sep:"none" help:"Lines of label, tab, text; or a table with a header line, whose column of the kind is taken. May be repeated." type:"existingfile"`
	Dev     []string `sep:"none" help:"Labelled files to measure the model on, not trained on. May be repeated." type:"existingfile"`
	Out     string   `required:"" help:"Where the model goes. Its card goes beside it, with .card.json for an ending, and is in the model, too." type:"path"`
	Licence []string `sep:"none" help:"The data's licence, for the card: one for all files, or one for each in their order."`
	Seed    uint64   `help:"Seed of the order of examples." default:"1"`
	Date    string   `help:"Date for the card, YYYY-MM-DD; today if not given. Another date makes another file." placeholder:"DATE"`
	Folds   int      `help:"Folds in which the model is measured by blocks of lines; 0: only on --dev." default:"5"`
}

// Run trains; exit code 3 if lines of the data could not be read.
func (c *analyzerTrainCmd) Run(ctx context.Context, io *streams) error {
	date := c.Date
	if date == "" {
		date = time.Now().UTC().Format(time.DateOnly)
	}
	began := time.Now()
	trained, err := server.TrainModel(ctx, server.TrainOptions{
		Kind: c.Kind, Data: append(slices.Clone(c.Data), c.More...), Dev: c.Dev, Licences: c.Licence, Date: date, Seed: c.Seed, Folds: c.Folds,
	})
	if err != nil {
		return err
	}
	card, err := json.MarshalIndent(trained.Model.Card, "", "  ")
	if err != nil {
		return err
	}
	if err := server.WriteWhole(c.Out, trained.File, 0o644); err != nil {
		return err
	}
	cardPath := strings.TrimSuffix(c.Out, filepath.Ext(c.Out)) + ".card.json"
	if err := server.WriteWhole(cardPath, append(card, '\n'), os.FileMode(0o644)); err != nil {
		return err
	}
	tellBad(io, trained.Bad)
	m := trained.Model.Card
	_, _ = fmt.Fprintf(io.out, "%s: %d examples, %d labels, %d bytes, %.1f s\n", m.Kind, m.Examples, len(m.Labels), len(trained.File), time.Since(began).Seconds())
	for _, e := range m.Evaluation {
		_, _ = fmt.Fprintf(io.out, "  %s: accuracy %.3f  macro-F1 %.3f  calibration error %.3f  (%d texts, %s)\n",
			e.Data, e.Report.Accuracy, e.Report.MacroF1, e.Report.ECE, e.Report.Texts, e.Method)
	}
	if len(trained.Bad) > 0 {
		return damaged
	}
	return nil
}
