package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// line is one labelled text.
type line struct {
	label, text string
	side        string // of chat messages: customer or staff
	block       int    // of chat messages: lines of one block may belong to one dialogue
}

// part is what one model learns and answers.
type part struct{ train, test []line }

// task is one row of the table.
type task struct {
	name  string
	kind  string // the word for `finco analyzer train`
	parts []part // one; of the chat messages one a fold
	other string // the label of what is out of scope; "": there is none
}

// plain are the sets with a train.tsv and a dev.tsv, and the kind as which each is trained.
var plain = []struct{ folder, kind, other string }{
	{"intent_en_banking77", "topic", ""}, {"intent_en_clinc150", "topic", "oos"}, {"intent_en_multidogo", "topic", ""},
	{"topic_en_star_first", "topic", ""}, {"outcome_en_star", "outcome", ""}, {"sentiment_en_vader", "sentiment", ""},
	{"politeness_en_tydip", "politeness", ""}, {"question_en_wiki", "question", ""}, {"langid", "language", ""},
}

// The chat messages: a column a kind, blocks of that many lines, that many folds.
const (
	blockLines = 20
	foldCount  = 5
)

var (
	chatFolders = []string{"ru", "uz_latn", "uz_cyrl"}
	chatKinds   = []string{"sentiment", "question", "needs_reply", "topic"}
)

// tasks reads the sets; only, if not empty, names those wanted.
func tasks(data string, only []string) ([]task, error) {
	wanted := func(name string) bool { return len(only) == 0 || slices.Contains(only, name) }
	var out []task
	for _, set := range plain {
		if !wanted(set.folder) {
			continue
		}
		train, err := readLines(filepath.Join(data, set.folder, "train.tsv"))
		if err != nil {
			return nil, err
		}
		dev, err := readLines(filepath.Join(data, set.folder, "dev.tsv"))
		if err != nil {
			return nil, err
		}
		out = append(out, task{name: set.folder, kind: set.kind, other: set.other, parts: []part{{train, dev}}})
	}
	for _, kind := range chatKinds {
		if name := "chat/" + kind; wanted(name) {
			lines, err := readChat(data, kind)
			if err != nil {
				return nil, err
			}
			out = append(out, task{name: name, kind: kind, parts: folds(lines)})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("-only names none of the sets")
	}
	return out, nil
}

// readLines reads lines of label, tab, text.
func readLines(path string) ([]line, error) {
	var out []line
	err := eachLine(path, func(n int, fields []string) error {
		if len(fields) != 2 {
			return fmt.Errorf("%s:%d: %d columns, not 2", path, n, len(fields))
		}
		out = append(out, line{label: fields[0], text: fields[1]})
		return nil
	})
	return out, err
}

// chatLabels are the words that the shipped models answer with where the files have 1 and 0.
var chatLabels = map[string][2]string{"question": {"other", "question"}, "needs_reply": {"not_needed", "needed"}}

// readChat reads one column of the chat messages in all languages. Whether staff's messages need a reply is not asked.
func readChat(data, kind string) ([]line, error) {
	var out []line
	for language, folder := range chatFolders {
		path := filepath.Join(data, "chat", folder, "messages.tsv")
		column := -1
		err := eachLine(path, func(n int, fields []string) error {
			if n == 1 {
				column = slices.Index(fields, kind)
			}
			switch {
			case column < 1 || len(fields) != 6:
				return fmt.Errorf("%s:%d: no column %s, or not 6 columns", path, n, kind)
			case n == 1, kind == "needs_reply" && fields[0] != "customer":
				return nil
			}
			label := fields[column]
			if words, ok := chatLabels[kind]; ok {
				label = words[0]
				if fields[column] == "1" {
					label = words[1]
				}
			}
			out = append(out, line{label: label, text: fields[5], side: fields[0], block: language*100000 + n/blockLines})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// folds deals blocks of lines to folds, each answered by what never saw it.
func folds(lines []line) []part {
	out := make([]part, foldCount)
	for _, l := range lines {
		own := textmodel.Fold(l.block, foldCount)
		for f := range out {
			if f == own {
				out[f].test = append(out[f].test, l)
			} else {
				out[f].train = append(out[f].train, l)
			}
		}
	}
	return out
}

func eachLine(path string, use func(n int, fields []string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("the data cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for n := 1; in.Scan(); n++ {
		if in.Text() == "" {
			continue
		}
		if err := use(n, strings.Split(in.Text(), "\t")); err != nil {
			return err
		}
	}
	return in.Err()
}

// labels lists a part's labels in order; a rival that wants numbers takes their places.
func (p part) labels() []string {
	seen := map[string]bool{}
	var out []string
	for _, l := range append(slices.Clone(p.train), p.test...) {
		if !seen[l.label] {
			seen[l.label] = true
			out = append(out, l.label)
		}
	}
	slices.Sort(out)
	return out
}

func texts(lines []line) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.text
	}
	return out
}
