package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// dataFolder writes a small data folder: chat messages of three languages and
// stand-ins for the public sets.
func dataFolder(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	put := func(path, text string) {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, language := range chatLanguages {
		var lines strings.Builder
		lines.WriteString("side\tsentiment\tquestion\tneeds_reply\ttopic\ttext\n")
		for i := range 60 {
			fmt.Fprintf(&lines, "customer\tneutral\t1\t1\tprice\tnarxi qancha %d\n", i)
			fmt.Fprintf(&lines, "customer\tpositive\t0\t0\tsmalltalk\traxmat kottakon %d\n", i)
			fmt.Fprintf(&lines, "staff\tnegative\t0\t0\tother\tnorozi yomon %d\n", i)
		}
		put("chat/"+language+"/messages.tsv", lines.String())
	}
	put("sentiment_en_vader/train.tsv", strings.Repeat("positive\tI love this great thing\nnegative\tI hate the awful place\n", 20))
	put("sentiment_en_vader/dev.tsv", "positive\tgreat\nnegative\tawful\n")
	for _, set := range englishSets {
		put(set.folder+"/train.tsv", strings.Repeat("order_status\twhere is my order\ngoodbye\tbye for now\n", 10))
	}
	return root
}

func TestTheSameDataMakesTheSameFile(t *testing.T) {
	t.Parallel()
	root := dataFolder(t)
	var files [2][]byte
	for i := range files {
		o := options{data: root, plugins: t.TempDir(), date: "2026-01-02", only: "sentiment", seed: 3, folds: 3}
		if err := run(context.Background(), o); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(filepath.Join(o.plugins, "sentiment/model/sentiment.bin"))
		if err != nil {
			t.Fatal(err)
		}
		files[i] = file
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Fatal("the files differ")
	}
	m, err := textmodel.Read(bytes.NewReader(files[0]))
	if err != nil {
		t.Fatal(err)
	}
	if c := m.Card; c.Kind != "sentiment" || c.Date != "2026-01-02" || c.Seed != 3 || len(c.Data) != 3 || c.Data[2].Licence != "MIT" || len(c.Evaluation) != 5 {
		t.Errorf("card %+v", c)
	}
	if p := m.Predict(textmodel.Text{Body: "raxmat"}); p.Label != "positive" {
		t.Errorf("raxmat is %s", p.Label)
	}
}

func TestWrongDataIsNamed(t *testing.T) {
	t.Parallel()
	root := dataFolder(t)
	path := filepath.Join(root, "chat/ru/messages.tsv")
	if err := os.WriteFile(path, []byte("side\nonly one column\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := options{data: root, plugins: t.TempDir(), date: "2026-01-02", only: "topic", seed: 1, folds: 3}
	if err := run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "messages.tsv:2") {
		t.Errorf("error %v does not name the line", err)
	}
	o.date = "yesterday"
	if err := run(context.Background(), o); err == nil {
		t.Error("a wrong date was accepted")
	}
}

func TestMappingsNameEachIntentOnce(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]map[string]string{"topics": topicIntents, "needs reply": needsReplyIntents} {
		seen := map[string]string{}
		for label, list := range table {
			for _, intent := range strings.Fields(list) {
				if other, twice := seen[intent]; twice {
					t.Errorf("%s: %s is %s and %s", name, intent, other, label)
				}
				seen[intent] = label
			}
		}
	}
}

func TestOwnLinesAreWhole(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]struct {
		lines   string
		columns int
		labels  string
	}{
		"politeness": {politeLines, 2, "polite impolite"},
		"moods":      {moodLines, 3, "positive neutral negative"},
		"others":     {otherLines, 2, "kk tg ky tr az"},
		"topics":     {topicLines, 2, "price delivery payment refund product technical account booking documents staff_complaint smalltalk other"},
	} {
		seen := map[string]bool{}
		for line := range strings.Lines(file.lines) {
			fields := strings.Split(strings.TrimRight(line, "\n"), "\t")
			if len(fields) != file.columns || !strings.Contains(" "+file.labels+" ", " "+fields[0]+" ") || seen[line] {
				t.Errorf("%s: %q is not well formed, or stands twice", name, line)
			}
			seen[line] = true
		}
		if len(seen) < 100 {
			t.Errorf("%s: %d lines", name, len(seen))
		}
	}
}
