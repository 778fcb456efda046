package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// rival is one of the programs compared.
type rival interface {
	name() string
	// settings are what is tried; the best is shown.
	settings() []string
	// train fits a model with one of the settings and tells the processor's time of it. Its files go into dir, which exists
	// and is empty.
	train(ctx context.Context, dir, setting, kind string, p part) (fitted, time.Duration, error)
}

// fitted is a trained model.
type fitted interface {
	// predict answers texts.
	predict(ctx context.Context, texts []string) ([]string, error)
	// rate is how many texts it answers in a second of one processor, loading left out.
	rate(ctx context.Context, texts []string) (float64, error)
	// bytes is the size of its file.
	bytes() (int64, error)
}

// figures are what one rival reached on one task. Shares are 0 to 1.
type figures struct {
	Rival    string   `json:"rival"`
	Setting  string   `json:"setting"`
	Accuracy float64  `json:"accuracy"`
	MacroF1  float64  `json:"macro_f1"`
	InScope  *float64 `json:"in_scope_accuracy,omitempty"`
	OOS      *float64 `json:"oos_recall,omitempty"`
	Bytes    int64    `json:"model_bytes"`
	Seconds  float64  `json:"train_seconds"` // of one model, of one processor
	Rate     float64  `json:"texts_per_second"`
}

// minRated is how many texts a rate is measured on at least; a small set is repeated.
const minRated = 20000

// best has one rival try a task with each of its settings and returns the best by macro-F1.
func best(ctx context.Context, dir string, r rival, t task) (best figures, chosen fitted, err error) {
	for _, setting := range r.settings() {
		f, model, err := attempt(ctx, dir, r, setting, t)
		if err != nil {
			return figures{}, nil, fmt.Errorf("%s on %s: %w", r.name(), t.name, err)
		}
		if chosen == nil || f.MacroF1 > best.MacroF1 {
			best, chosen = f, model
		}
	}
	return best, chosen, nil
}

// weigh measures how fast and large a model is.
func (f *figures) weigh(ctx context.Context, model fitted, t task) (err error) {
	last := texts(t.parts[len(t.parts)-1].test)
	var many []string
	for len(many) < minRated {
		many = append(many, last...)
	}
	if f.Rate, err = model.rate(ctx, many); err == nil {
		f.Bytes, err = model.bytes()
	}
	if err != nil {
		err = fmt.Errorf("%s on %s: %w", f.Rival, t.name, err)
	}
	return err
}

// attempt trains a model a part and scores the answers to all parts together. The model returned is the last part's.
func attempt(ctx context.Context, dir string, r rival, setting string, t task) (figures, fitted, error) {
	f := figures{Rival: r.name(), Setting: setting}
	var model fitted
	var answers []textmodel.Prediction
	var right []textmodel.Example
	for _, p := range t.parts {
		own, err := os.MkdirTemp(dir, r.name()+"-")
		if err != nil {
			return f, nil, err
		}
		var took time.Duration
		if model, took, err = r.train(ctx, own, setting, t.kind, p); err != nil {
			return f, nil, err
		}
		f.Seconds += took.Seconds() / float64(len(t.parts))
		said, err := model.predict(ctx, texts(p.test))
		if err != nil {
			return f, nil, err
		}
		if len(said) != len(p.test) {
			return f, nil, fmt.Errorf("%d answers to %d texts", len(said), len(p.test))
		}
		for i, l := range p.test {
			answers = append(answers, textmodel.Prediction{Label: said[i]})
			right = append(right, textmodel.Example{Label: l.label})
		}
	}
	f.score(right, answers, t.other)
	return f, model, nil
}

// score counts. Where there is a label for what is out of scope, the accuracy on the others and its recall are counted too.
func (f *figures) score(right []textmodel.Example, answers []textmodel.Prediction, other string) {
	report := textmodel.Compare(right, answers, nil)
	f.Accuracy, f.MacroF1 = report.Accuracy, report.MacroF1
	if other == "" {
		return
	}
	hit, all := 0, 0
	for i, e := range right {
		if e.Label == other {
			continue
		}
		all++
		if answers[i].Label == e.Label {
			hit++
		}
	}
	if all > 0 {
		share := float64(hit) / float64(all)
		recall := report.Classes[other].Recall
		f.InScope, f.OOS = &share, &recall
	}
}

// writeLines writes a file of one line a text.
func writeLines(dir, name string, count int, at func(i int) string) (string, error) {
	path := filepath.Join(dir, name)
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	w := newLineWriter(f)
	for i := range count {
		w.line(at(i))
	}
	return path, w.close(f)
}
