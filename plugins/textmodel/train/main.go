// Command train makes the models of the built-in analyzers again.
//
//	go run ./plugins/textmodel/train -data DIR -plugins plugins -date 2025-11-21
//
// DIR is laid out as the project's data folder: chat/, langid/ and the public
// sets, whose licences the model cards name. The same data, seed and date give
// the same files. Each model is measured by folds of blocks before it is
// trained on everything; the figures are part of its card.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// options are the flags.
type options struct {
	data, plugins, date, only string
	seed                      uint64
	folds                     int
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "folder of the training data")
	flag.StringVar(&o.plugins, "plugins", "plugins", "folder of the analyzers; models are written below it")
	flag.StringVar(&o.date, "date", "", "date for the model cards, YYYY-MM-DD")
	flag.StringVar(&o.only, "only", "", "kinds to train, comma-separated; empty = all")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the order of examples")
	flag.IntVar(&o.folds, "folds", 5, "folds of the measurement")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if _, err := time.Parse(time.DateOnly, o.date); err != nil {
		return fmt.Errorf("-date must be YYYY-MM-DD")
	}
	for _, t := range tasks() {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), t.kind) {
			continue
		}
		if err := t.train(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", t.kind, err)
		}
	}
	if o.only == "" || slices.Contains(strings.Split(o.only, ","), "quality") {
		return writeQualityCard(ctx, o)
	}
	return nil
}

// train measures, trains and writes one model.
func (t task) train(ctx context.Context, o options) error {
	started := time.Now()
	examples, sources, err := t.load(o.data)
	if err != nil {
		return err
	}
	if t.domains {
		separateEnglish(examples)
	}
	t.spec.Seed = o.seed
	m, predictions, err := textmodel.TrainMeasured(ctx, t.spec, examples, o.folds)
	if err != nil {
		return err
	}
	m.Card.Kind, m.Card.Date, m.Card.Version, m.Card.Notes = t.kind, o.date, t.version, t.notes
	m.Card.Languages, m.Card.Data = t.languages, sources
	m.Card.Evaluation = t.crossReports(examples, predictions, o.folds)
	for _, dev := range t.dev {
		held, err := readTSV(filepath.Join(o.data, dev))
		if err != nil {
			return err
		}
		if t.domains {
			separateEnglish(held)
		}
		m.Card.Evaluation = append(m.Card.Evaluation, textmodel.Measurement{
			Data: dev, Method: "kept apart from training", Report: textmodel.Evaluate(m, held)})
	}
	size, err := write(m, filepath.Join(o.plugins, t.out))
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d examples, %d bytes, %.1f s\n", t.kind, len(examples), size, time.Since(started).Seconds())
	for _, e := range m.Card.Evaluation {
		fmt.Printf("  %-34s accuracy %.3f  macro-F1 %.3f  ECE %.3f  (%d texts, %s)\n",
			e.Data, e.Report.Accuracy, e.Report.MacroF1, e.Report.ECE, e.Report.Texts, e.Method)
	}
	return nil
}

// crossReports measures the cross-validated answers: all together, and each
// language of the chat sets by itself.
func (t task) crossReports(examples []textmodel.Example, predictions []textmodel.Prediction, folds int) []textmodel.Measurement {
	method := fmt.Sprintf("%d folds by blocks of lines", folds)
	all := textmodel.Measurement{Data: t.name, Method: method, Report: textmodel.Compare(examples, predictions, nil)}
	out := []textmodel.Measurement{all}
	if t.name != chatName {
		return out
	}
	for part, language := range chatLanguages {
		of := func(e textmodel.Example) bool { return e.Group/groupsPerLanguage == part }
		out = append(out, textmodel.Measurement{Data: "chat/" + language, Method: method, Report: textmodel.Compare(examples, predictions, of)})
	}
	return out
}

func write(m *textmodel.Model, path string) (int64, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return 0, err
	}
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if err := m.Write(f); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), f.Close()
}
