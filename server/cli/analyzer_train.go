package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/server"
)

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
	if err := writable(c.Out); err != nil {
		return err
	}
	tellKind(io, c.Kind)
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
	if err := server.WriteWhole(cardPath, append(card, '\n'), 0o644); err != nil {
		return err
	}
	tellBad(io, trained.Bad)
	m := trained.Model.Card
	_, _ = fmt.Fprintf(io.out, "%s: %d examples, %d labels, %d bytes, %.1f s\n", m.Kind, m.Examples, len(m.Labels), len(trained.File), time.Since(began).Seconds())
	for _, e := range m.Evaluation {
		_, _ = fmt.Fprintf(io.out, "  %s: accuracy %.3f  macro-F1 %.3f  calibration error %.3f  (%d texts, %s)\n",
			e.Data, e.Report.Accuracy, e.Report.MacroF1, e.Report.ECE, e.Report.Texts, e.Method)
	}
	_, _ = fmt.Fprintf(io.out, "Written: %s, and its card %s\n", c.Out, cardPath)
	if len(trained.Bad) > 0 {
		return damaged
	}
	return nil
}

// tellKind says that a word is no kind of the contract, which experiments may use.
func tellKind(io *streams, word string) {
	if kind := server.KindOf(word); !kind.Known() {
		_, _ = fmt.Fprintf(io.err, "%s is no kind of the contract (%s): such a model can be evaluated, and no analyzer reads it\n",
			strings.ToLower(string(kind)), strings.ToLower(kindList(analyzer.Kinds())))
	}
}

// writable tells before the work whether its result can be kept.
func writable(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return domain.Errorf(domain.KindInvalid, "--out %s is a folder: give the model a file's name", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return domain.Errorf(domain.KindInvalid, "--out: there is no folder %s", filepath.Dir(path))
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return domain.Errorf(domain.KindInvalid, "--out: nothing can be written there: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
