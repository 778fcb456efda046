package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// ours is `finco analyzer train KIND`, without settings.
type ours struct{ program string }

func (ours) name() string { return "finco" }

func (ours) settings() []string { return []string{"as finco analyzer train has them"} }

// train writes the part as the command reads it: chat messages with their sides, and in their order, so that blocks of
// neighbouring lines stay together.
func (o ours) train(ctx context.Context, dir, _, kind string, p part) (fitted, time.Duration, error) {
	header := len(p.train) > 0 && p.train[0].side != ""
	data, err := writeLines(dir, "train.tsv", len(p.train)+1, func(i int) string {
		switch {
		case i == 0 && header:
			return "side\tlabel\ttext"
		case i == 0:
			return ""
		case header:
			return p.train[i-1].side + "\t" + p.train[i-1].label + "\t" + p.train[i-1].text
		}
		return p.train[i-1].label + "\t" + p.train[i-1].text
	})
	if err != nil {
		return nil, 0, err
	}
	out := filepath.Join(dir, "model.bin")
	// The card's date is part of the bytes and of nothing else.
	_, took, err := run(ctx, o.program, "analyzer", "train", kind, "--data", data, "--out", out, "--folds", "0", "--date", "2026-01-01")
	if err != nil {
		return nil, 0, err
	}
	f, err := os.Open(out)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }()
	m, err := textmodel.Read(f)
	return &ourModel{model: m, path: out}, took, err
}

type ourModel struct {
	model *textmodel.Model
	path  string
}

func (m *ourModel) each(texts []string, use func(i int, label string)) {
	scorer, apart := m.model.Scorer(), len(m.model.Domains()) > 1
	for i, text := range texts {
		t := textmodel.Text{Body: text}
		if apart { // as the built-in analyzers do
			tag, _ := language.Detect(text)
			t.Domain = language.Domain(tag)
		}
		use(i, scorer.Score(t).Label)
	}
}

func (m *ourModel) predict(_ context.Context, texts []string) ([]string, error) {
	out := make([]string, len(texts))
	m.each(texts, func(i int, label string) { out[i] = strings.Clone(label) })
	return out, nil
}

func (m *ourModel) rate(_ context.Context, texts []string) (float64, error) {
	before, err := spent()
	if err != nil {
		return 0, err
	}
	m.each(texts, func(int, string) {})
	after, err := spent()
	return float64(len(texts)) / max(after-before, time.Millisecond).Seconds(), err
}

func (m *ourModel) bytes() (int64, error) { return sizeOf(m.path) }
