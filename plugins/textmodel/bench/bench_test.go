package main

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// parrot answers what its setting says.
type parrot struct{ choices []string }

func (parrot) name() string         { return "parrot" }
func (p parrot) settings() []string { return p.choices }
func (parrot) train(_ context.Context, _, setting, _ string, _ part) (fitted, time.Duration, error) {
	if setting == "broken" {
		return nil, 0, errors.New("does not learn")
	}
	return word(setting), 2 * time.Second, nil
}

type word string

func (w word) predict(_ context.Context, texts []string) ([]string, error) {
	out := make([]string, len(texts))
	for i := range out {
		out[i] = string(w)
	}
	return out, nil
}
func (word) rate(_ context.Context, texts []string) (float64, error) { return float64(len(texts)), nil }
func (word) bytes() (int64, error)                                   { return 7, nil }

func TestTheBestSettingIsShown(t *testing.T) {
	t.Parallel()
	lines := []line{{label: "a", text: "1"}, {label: "a", text: "2"}, {label: "oos", text: "3"}, {label: "b", text: "4"}}
	x := task{name: "x", other: "oos", parts: []part{{lines, lines}, {lines, lines}}}
	got, err := compete(t.Context(), t.TempDir(), []rival{parrot{[]string{"b", "a", "oos"}}, parrot{[]string{"b"}}}, x)
	if err != nil {
		t.Fatal(err)
	}
	first := got.Figures[0]
	if first.Setting != "a" || first.Accuracy != 0.5 || math.Abs(first.MacroF1-2.0/9) > 1e-4 || first.Seconds != 2 || first.Bytes != 7 || first.Rate < minRated {
		t.Errorf("%+v", first)
	}
	if got.Scored != 8 || got.Folds != 2 || got.Figures[1].Setting != "b" {
		t.Errorf("%+v", got)
	}
	if first.InScope == nil || math.Abs(*first.InScope-2.0/3) > 1e-9 || *first.OOS != 0 {
		t.Errorf("in scope %v, recall %v", first.InScope, first.OOS)
	}
	if _, err := compete(t.Context(), t.TempDir(), []rival{parrot{[]string{"broken"}}}, task{name: "x", parts: []part{{lines, lines}}}); err == nil || !strings.Contains(err.Error(), "parrot on x") {
		t.Errorf("got %v", err)
	}
}

// writeSet writes a data folder with one set and the chat messages.
func writeSet(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put := func(path, content string) {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	put("langid/train.tsv", "en\thello\nru\tпривет\n")
	put("langid/dev.tsv", "en\thi\n")
	for _, folder := range chatFolders {
		chat := "side\tsentiment\tquestion\tneeds_reply\ttopic\ttext\n"
		for i := range 200 {
			side := []string{"customer", "staff"}[i%2]
			chat += side + "\tneutral\t" + strconv.Itoa(i%2) + "\t1\tprice\tmessage " + strconv.Itoa(i) + " of " + folder + "\n"
		}
		put("chat/"+folder+"/messages.tsv", chat)
	}
	return dir
}

func TestSets(t *testing.T) {
	t.Parallel()
	list, err := tasks(writeSet(t), []string{"langid", "chat/question", "chat/needs_reply"})
	if err != nil || len(list) != 3 {
		t.Fatalf("%d sets, %v", len(list), err)
	}
	if p := list[0].parts; len(p) != 1 || len(p[0].train) != 2 || len(p[0].test) != 1 || p[0].labels()[1] != "ru" {
		t.Errorf("langid: %+v", p)
	}
	for i, want := range []int{600, 300} { // staff's messages need no reply
		scored := 0
		for _, p := range list[i+1].parts {
			scored += len(p.test)
			blocks := map[int]bool{}
			for _, l := range p.test {
				blocks[l.block] = true
			}
			for _, l := range p.train {
				if blocks[l.block] {
					t.Fatalf("block %d is on both sides", l.block)
				}
			}
		}
		if scored != want {
			t.Errorf("%s: %d scored, want %d", list[i+1].name, scored, want)
		}
	}
	if got := list[1].parts[0].labels(); strings.Join(got, " ") != "other question" {
		t.Errorf("labels %v", got)
	}
	if _, err := tasks(writeSet(t), []string{"nothing"}); err == nil {
		t.Error("an unknown set is passed over")
	}
	if _, err := tasks(t.TempDir(), nil); err == nil {
		t.Error("missing data is passed over")
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	if got := tokens("Сколько стоит?\tOK"); got != "сколько стоит ? ok" {
		t.Errorf("tokens %q", got)
	}
	s := newSpace([]string{"good day", "good day", "bad"})
	if len(s.words) != 3 { // good, day, good day; bad is in one text only
		t.Errorf("words %v", s.words)
	}
	if got := s.vector("unseen ჯ"); strings.Contains(got, "NaN") {
		t.Errorf("vector %q", got)
	}
	before, norm := 0, 0.0
	for _, entry := range strings.Fields(s.vector("good good day")) {
		index, value, _ := strings.Cut(entry, ":")
		place, err := strconv.Atoi(index)
		v, err2 := strconv.ParseFloat(value, 64)
		if err != nil || err2 != nil || place <= before {
			t.Fatalf("entry %q after %d", entry, before)
		}
		before, norm = place, norm+v*v
	}
	if math.Abs(norm-2) > 1e-4 { // two groups of length 1
		t.Errorf("squared length %v", norm)
	}
}

func TestOursReadsBack(t *testing.T) {
	t.Parallel()
	var examples []textmodel.Example
	for i := range 40 {
		label, text := "positive", "rahmat zo'r "
		if i%2 == 0 {
			label, text = "negative", "yomon dahshat "
		}
		examples = append(examples, textmodel.Example{Label: label, Text: textmodel.Text{Body: text + strconv.Itoa(i)}, Group: i})
	}
	m, err := textmodel.Train(t.Context(), textmodel.DefaultSpec(), examples)
	if err != nil {
		t.Fatal(err)
	}
	said, err := (&ourModel{model: m}).predict(t.Context(), []string{"rahmat", "yomon"})
	if err != nil || strings.Join(said, " ") != "positive negative" {
		t.Errorf("%v, %v", said, err)
	}
	if rate, err := (&ourModel{model: m}).rate(t.Context(), []string{"rahmat"}); err != nil || !(rate > 0) {
		t.Errorf("rate %v, %v", rate, err)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	share, recall := 0.93, 0.7
	rows := []row{{Set: "clinc", Scored: 10, Figures: []figures{
		{Rival: "finco", Accuracy: 0.9, MacroF1: 0.9, InScope: &share, OOS: &recall, Bytes: 1e6, Seconds: 3, Rate: 60000, Setting: "own"},
		{Rival: "fastText", MacroF1: 0.6, Rate: 30000}, {Rival: "liblinear", MacroF1: 0.8, Rate: 1}}}}
	var out strings.Builder
	if err := table(&out, rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"in scope 0.930, oos recall 0.700", "1.00  3.0", "1.12        2.00"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestMissingPrograms(t *testing.T) {
	t.Parallel()
	if _, err := rivals(t.Context(), filepath.Join(t.TempDir(), "finco"), "", []string{"finco"}); err == nil || !strings.Contains(err.Error(), "-finco") {
		t.Errorf("got %v", err)
	}
	if _, err := rivals(t.Context(), "", "", []string{"nobody"}); err == nil {
		t.Error("nobody takes part")
	}
	if _, _, err := run(t.Context(), "/nonexistent/program"); err == nil {
		t.Error("a program that is not there has run")
	}
}
