package server_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fincokpi/finco/plugins/analyzertest"
)

// evaluation is what `finco analyzer eval --json` prints, as a script reads it.
type evaluation struct {
	Analyzer, Version, Kind string
	Texts, Unanswered       int
	Accuracy                float64
	MacroF1                 float64  `json:"macro_f1"`
	InScope                 *float64 `json:"in_scope_accuracy"`
	OutOfScope              *float64 `json:"out_of_scope_recall"`
	ECE                     *float64
	Rate                    float64 `json:"texts_per_second"`
	NotAsked                int     `json:"not_asked"`
	BadLines                int     `json:"bad_lines"`
	Bad                     []string
	Classes                 map[string]struct {
		Support               int
		Precision, Recall, F1 float64
	}
}

func decodeEvaluation(t *testing.T, text string) evaluation {
	t.Helper()
	var e evaluation
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return e
}

// messages is a small part of our own chat data, with a header line.
func messages(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("testdata/messages.tsv")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// stranger builds a plugin of the conformance suite's own tests, which no server knows.
func stranger(t *testing.T, name string) string {
	t.Helper()
	path, err := analyzertest.Build(t.Context(), t.TempDir(), "../plugins/analyzertest/testdata/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEvaluateBuiltInAnalyzers(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, c := range []struct{ name, kind, column string }{
		{"sentiment", "", "SENTIMENT"}, {"topic", "", "TOPIC"}, {"question", "", "QUESTION"}, {"question", "needs-reply", "NEEDS_REPLY"},
	} {
		args := []string{"analyzer", "eval", c.name, "--data", messages(t), "--json"}
		if c.kind != "" {
			args = append(args, "--kind", c.kind)
		}
		e := decodeEvaluation(t, m.must(args...))
		support := 0
		for _, s := range e.Classes {
			support += s.Support
		}
		if e.Kind != c.column || e.Analyzer != c.name || e.Version == "" || e.Texts+e.NotAsked != 180 || support != e.Texts || e.Accuracy < 0.8 || e.ECE == nil || e.Rate <= 0 {
			t.Errorf("%s %s: %+v", c.name, c.kind, e)
		}
		if c.column == "QUESTION" && (e.Classes["1"].Support == 0 || e.Classes["0"].Support == 0 || len(e.Classes) != 2) {
			t.Errorf("the classes are not spelled as in the data: %+v", e.Classes)
		}
		if c.column == "NEEDS_REPLY" && e.NotAsked == 0 {
			t.Error("staff were asked whether their message needs a reply")
		}
	}
	if _, err := os.Stat(filepath.Join(m.dir, "postgres")); err == nil {
		t.Error("a database was made to evaluate")
	}
}

func TestEvaluateAStrangersAnalyzer(t *testing.T) {
	t.Parallel()
	m, path := newMachine(t), stranger(t, "wellbehaved")
	data := write(t, "some.tsv", "\ufeffquestion\twhere is it?\r\nother\tthank you\r\nquestion\twhen\n\nno tab here\nother\t\n\tno label\nother\t\xff\xfe\nother\ta\tb\n")
	r := m.run("analyzer", "eval", path, "--data", data, "--json")
	e := decodeEvaluation(t, r.stdout)
	if r.code != 3 || e.BadLines != 5 || len(e.Bad) != 5 || !strings.Contains(r.stderr, "line 5: ") || !strings.Contains(r.stderr, "line 8: is not UTF-8") {
		t.Errorf("code %d, %+v\n%s", r.code, e, r.stderr)
	}
	if e.Analyzer != "asking" || e.Texts != 3 || e.Accuracy != 0.6667 || e.Classes["question"].Recall != 0.5 || e.Classes["other"].Precision != 0.5 || e.MacroF1 != 0.6667 {
		t.Errorf("%+v", e)
	}
	if table := m.run("analyzer", "eval", path, "--data", data); table.code != 3 || !strings.Contains(table.stdout, "macro-F1 0.667") {
		t.Errorf("code %d\n%s", table.code, table.stdout)
	}
	for _, args := range [][]string{
		{path, "--data", data, "--kind", "topic"}, {path, "--data", write(t, "none.tsv", "nothing\n")}, {"nobody", "--data", data},
		{path, "--data", write(t, "columns.tsv", "side\ttopic\ttext\ncustomer\tprice\thow much\n")}, {"--data", data}, {"--model", data, "--data", data},
	} {
		if r := m.run(append([]string{"analyzer", "eval"}, args...)...); r.code != 1 || r.stderr == "" || r.stdout != "" {
			t.Errorf("%v: code %d\n%s%s", args, r.code, r.stdout, r.stderr)
		}
	}
}

func TestTrainAModel(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	train := func(out, seed string, more ...string) []byte {
		m.must(append([]string{"analyzer", "train", "question", "--data", messages(t), "--out", out, "--seed", seed, "--date", "2026-01-02",
			"--folds", "3", "--licence", "ours"}, more...)...)
		file, err := os.ReadFile(filepath.Join(m.dir, out))
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	one, two := train("one.bin", "7"), train("two.bin", "7")
	if !bytes.Equal(one, two) {
		t.Error("the same data and seed gave other bytes")
	}
	if bytes.Equal(one, train("three.bin", "8")) {
		t.Error("the seed is not used")
	}
	var card struct {
		Kind, Date string
		Seed       int
		Data       []struct {
			Name, Licence string
			Examples      int
		}
		Evaluation []struct{ Data string }
	}
	raw, err := os.ReadFile(filepath.Join(m.dir, "one.card.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &card); err != nil {
		t.Fatal(err)
	}
	if card.Kind != "question" || card.Date != "2026-01-02" || card.Seed != 7 || len(card.Data) != 1 || card.Data[0].Name != "testdata/messages.tsv" ||
		card.Data[0].Licence != "ours" || card.Data[0].Examples != 180 || len(card.Evaluation) != 1 {
		t.Errorf("card %+v", card)
	}
	if r := m.run("analyzer", "train", "question", "--data", messages(t), "--out", "absent/model.bin"); r.code != 1 || !strings.Contains(r.stderr, "there is no folder") {
		t.Errorf("code %d\n%s", r.code, r.stderr)
	}
	moods := write(t, "moods.tsv", strings.Repeat("positive\tthanks a lot\nhappy\tso good\n", 5))
	if r := m.run("analyzer", "train", "sentiment", "--data", moods, "--out", "moods.bin"); r.code != 1 || !strings.Contains(r.stderr, "positive, neutral, negative, not happy") {
		t.Errorf("code %d\n%s", r.code, r.stderr)
	}
	if r := m.run("analyzer", "train", "mood", "--data", moods, "--out", "moods.bin", "--folds", "0"); r.code != 0 ||
		!strings.Contains(r.stderr, "mood is no kind of the contract") || !strings.Contains(r.stdout, "moods.card.json") {
		t.Errorf("code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if r := m.run("analyzer", "eval", "sentiment", "--data", moods); r.code != 0 || !strings.Contains(r.stderr, "does not have happy as labels of sentiment") {
		t.Errorf("code %d\n%s", r.code, r.stderr)
	}
	e := decodeEvaluation(t, m.must("analyzer", "eval", "--model", "one.bin", "--data", messages(t), "--json"))
	if e.Kind != "QUESTION" || e.Texts != 180 || e.Accuracy < 0.9 || e.Classes["1"].Support == 0 {
		t.Errorf("%+v", e)
	}
	train("four.bin", "7", write(t, "more.tsv", "question\thow much\nother\tthanks\n"), "--dev", messages(t))
}

func TestOutOfScopeIsOther(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	data := write(t, "intents.tsv", strings.Repeat("price\thow much is it\nprice\twhat does this cost\ndelivery\twhere is my parcel\ndelivery\twhen will it arrive\noos\tsing a song\noos\ttell a joke\n", 8))
	m.must("analyzer", "train", "topic", "--data", data, "--out", "topic.bin", "--date", "2026-01-02", "--folds", "0")
	e := decodeEvaluation(t, m.must("analyzer", "eval", "--model", "topic.bin", "--data", strings.TrimSpace(data), "--json"))
	if e.InScope == nil || *e.InScope < 0.9 || e.OutOfScope == nil || *e.OutOfScope != e.Classes["oos"].Recall || e.Classes["oos"].Support != 16 || e.Classes["oos"].Recall < 0.9 {
		t.Errorf("%+v", e)
	}
	renamed := write(t, "renamed.tsv", "other\tsing a song\nprice\thow much is it\n")
	if e := decodeEvaluation(t, m.must("analyzer", "eval", "--model", "topic.bin", "--data", renamed, "--json")); e.Accuracy != 1 {
		t.Errorf("oos is not taken for other: %+v", e)
	}
}

func TestExamineAPlugin(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if out := m.must("analyzer", "test", stranger(t, "wellbehaved"), "--set", "marks=?,!"); !strings.Contains(out, "checks are passed") {
		t.Error(out)
	}
	if r := m.run("analyzer", "test", "/bin/true"); r.code != 1 || !strings.Contains(r.stdout, "FAILED") {
		t.Errorf("code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestInstallAnAnalyzer(t *testing.T) {
	t.Parallel()
	m, path := newMachine(t), stranger(t, "wellbehaved")
	if r := m.run("analyzer", "install", path); r.code != 1 || !strings.Contains(r.stderr, "there is no FinCo in "+m.dir) {
		t.Errorf("code %d\n%s", r.code, r.stderr)
	}
	if left, err := os.ReadDir(m.dir); err != nil || len(left) != 0 {
		t.Errorf("a company was begun in passing: %v %v", left, err)
	}
	m.must("db", "migrate")
	if r := m.run("analyzer", "install", path, "--set", "colour=red"); r.code != 1 || !strings.Contains(r.stderr, `"colour" is not a setting; the settings are marks`) {
		t.Errorf("code %d\n%s", r.code, r.stderr)
	}
	if left, err := os.ReadDir(filepath.Join(m.dir, "analyzers")); err != nil || len(left) != 0 {
		t.Errorf("a refused installation left %v %v", left, err)
	}
	out := m.must("analyzer", "install", path, "--set", `marks=["?"]`)
	if !strings.Contains(out, "asking") || !strings.Contains(out, "QUESTION") || !strings.Contains(out, "sha256") || !strings.Contains(out, "judges nothing yet") {
		t.Error(out)
	}
	installed := filepath.Join(m.dir, "analyzers", "asking-1.0.0")
	if info, err := os.Stat(installed); err != nil || info.Mode().Perm() != 0o555 {
		t.Errorf("%v %v", info, err)
	}
	if list := m.must("analyzer", "list"); !strings.Contains(list, "disabled") {
		t.Error(list)
	}
	if err := os.Remove(path); err != nil { // the copy stands by itself
		t.Fatal(err)
	}
	data := write(t, "some.tsv", "1\twhere?\n0\tthanks\n")
	if e := decodeEvaluation(t, m.must("analyzer", "eval", "asking", "--data", data, "--json")); e.Accuracy != 1 {
		t.Errorf("%+v", e)
	}
	again := m.must("analyzer", "install", installed, "--enable")
	if list := m.must("analyzer", "list"); !strings.Contains(again, "already") || !strings.Contains(list, "enabled") {
		t.Error(again, list)
	}
	if err := os.Chmod(installed, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(installed, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if r := m.run("analyzer", "eval", "asking", "--data", data); r.code != 1 || !strings.Contains(r.stderr, "checksum") {
		t.Errorf("a changed file was run: code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}
