package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// fastText is Debian's fasttext (Joulin et al. 2016, "Bag of tricks for efficient text classification").
type fastText struct{ program string }

func (fastText) name() string { return "fastText" }

// settings are learning rate and passes. Word pairs, characters 2 to 5, 50 dimensions and 200 000 buckets are the same for
// all: with them it reaches on BANKING77 what it does with its defaults for the others.
func (fastText) settings() []string {
	return []string{"lr 0.3, 10 epochs", "lr 0.3, 25 epochs", "lr 1, 10 epochs", "lr 1, 25 epochs"}
}

// marker begins a label in fastText's files.
const marker = "__label__"

// tokens are a text as fastText wants it: lower case, signs apart, on one line.
func tokens(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case unicode.IsPunct(r), unicode.IsSymbol(r):
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (f fastText) train(ctx context.Context, dir, setting, _ string, p part) (fitted, time.Duration, error) {
	labels := p.labels()
	data, err := writeLines(dir, "train.txt", len(p.train), func(i int) string {
		place, _ := slices.BinarySearch(labels, p.train[i].label)
		return marker + strconv.Itoa(place) + " " + tokens(p.train[i].text)
	})
	if err != nil {
		return nil, 0, err
	}
	var lr float64
	var epochs int
	if _, err := fmt.Sscanf(setting, "lr %g, %d epochs", &lr, &epochs); err != nil {
		return nil, 0, err
	}
	model := filepath.Join(dir, "model")
	_, took, err := run(ctx, f.program, "supervised", "-input", data, "-output", model, "-lr", fmt.Sprint(lr), "-epoch", strconv.Itoa(epochs),
		"-wordNgrams", "2", "-minn", "2", "-maxn", "5", "-dim", "50", "-bucket", "200000", "-thread", "1", "-verbose", "0")
	return &fastTextModel{program: f.program, dir: dir, file: model + ".bin", labels: labels}, took, err
}

type fastTextModel struct {
	program, dir, file string
	labels             []string
}

func (m *fastTextModel) ask(ctx context.Context, texts []string) (string, time.Duration, error) {
	in, err := writeLines(m.dir, "ask.txt", len(texts), func(i int) string {
		if t := tokens(texts[i]); t != "" {
			return t
		}
		return "." // an empty line would have no answer
	})
	if err != nil {
		return "", 0, err
	}
	return run(ctx, m.program, "predict", m.file, in)
}

func (m *fastTextModel) predict(ctx context.Context, texts []string) ([]string, error) {
	said, _, err := m.ask(ctx, texts)
	if err != nil {
		return nil, err
	}
	var out []string
	for answer := range strings.Lines(said) {
		place, err := strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(answer), marker))
		if err != nil || place < 0 || place >= len(m.labels) {
			out = append(out, "") // no answer
			continue
		}
		out = append(out, m.labels[place])
	}
	return out, nil
}

func (m *fastTextModel) rate(ctx context.Context, texts []string) (float64, error) {
	return rateOf(texts, func(some []string) (time.Duration, error) {
		_, took, err := m.ask(ctx, some)
		return took, err
	})
}

func (m *fastTextModel) bytes() (int64, error) { return sizeOf(m.file) }

// rateOf has a program answer all texts and one, and takes the difference of its times for the answering.
func rateOf(texts []string, ask func([]string) (time.Duration, error)) (float64, error) {
	if _, err := ask(texts[:1]); err != nil { // the file is in memory from now on
		return 0, err
	}
	load, err := ask(texts[:1])
	if err != nil {
		return 0, err
	}
	whole, err := ask(texts)
	if err != nil {
		return 0, err
	}
	return float64(len(texts)-1) / max(whole-load, time.Millisecond).Seconds(), nil
}
