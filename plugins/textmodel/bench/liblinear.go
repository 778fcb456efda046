package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// liblinear is Debian's liblinear (Fan et al. 2008, "LIBLINEAR: a library for large linear classification"): a squared-hinge
// support vector machine a label, on the vectors of vectors.go.
type liblinear struct{ trainer, predictor string }

func (liblinear) name() string { return "liblinear" }

// settings are the cost C.
func (liblinear) settings() []string { return []string{"C 0.3", "C 1"} }

func (l liblinear) train(ctx context.Context, dir, setting, _ string, p part) (fitted, time.Duration, error) {
	m := &liblinearModel{program: l.predictor, dir: dir, file: filepath.Join(dir, "model"), labels: p.labels(), space: newSpace(texts(p.train))}
	data, err := writeLines(dir, "train.txt", len(p.train), func(i int) string {
		place, _ := slices.BinarySearch(m.labels, p.train[i].label)
		return strconv.Itoa(place+1) + m.space.vector(p.train[i].text)
	})
	if err != nil {
		return nil, 0, err
	}
	_, took, err := run(ctx, l.trainer, "-s", "1", "-c", strings.TrimPrefix(setting, "C "), "-B", "1", "-q", data, m.file)
	return m, took, err
}

type liblinearModel struct {
	program, dir, file string
	labels             []string
	space              *space
}

// ask answers through files. The time is the program's: making the vectors is not in it.
func (m *liblinearModel) ask(ctx context.Context, texts []string) (string, time.Duration, error) {
	in, err := writeLines(m.dir, "ask.txt", len(texts), func(i int) string { return "1" + m.space.vector(texts[i]) })
	if err != nil {
		return "", 0, err
	}
	out := filepath.Join(m.dir, "answers.txt")
	_, took, err := run(ctx, m.program, "-q", in, m.file, out)
	if err != nil {
		return "", 0, err
	}
	said, err := os.ReadFile(out)
	return string(said), took, err
}

func (m *liblinearModel) predict(ctx context.Context, texts []string) ([]string, error) {
	said, _, err := m.ask(ctx, texts)
	if err != nil {
		return nil, err
	}
	var out []string
	for answer := range strings.Lines(said) {
		place, err := strconv.Atoi(strings.TrimSpace(answer))
		if err != nil || place < 1 || place > len(m.labels) {
			out = append(out, "")
			continue
		}
		out = append(out, m.labels[place-1])
	}
	return out, nil
}

func (m *liblinearModel) rate(ctx context.Context, texts []string) (float64, error) {
	return rateOf(texts, func(some []string) (time.Duration, error) {
		_, took, err := m.ask(ctx, some)
		return took, err
	})
}

func (m *liblinearModel) bytes() (int64, error) { return sizeOf(m.file) }
