package main

import (
	_ "embed"
	"path/filepath"
	"strings"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// politeLines are `label<TAB>text` lines in Russian and Uzbek, for the public
// ratings are of English alone: what editors of an encyclopedia and people who
// write to companies say to each other, more and less politely.
//
//go:embed politeness.tsv
var politeLines string

var politeSource = textmodel.Source{Name: "polite and impolite lines in Russian and Uzbek, written for this project", Licence: "the project's own"}

// firstOwnPolite begins the groups of politeLines; each line is one.
const firstOwnPolite = 9 * groupsPerLanguage

// loadPoliteness joins the rated English requests with lines of our own and with
// the tone of the rated chat replies: 2 is polite, 0 impolite, 1 is neither.
func loadPoliteness(root string) ([]textmodel.Example, []textmodel.Source, error) {
	out, err := readTSV(filepath.Join(root, "politeness_en_tydip", "train.tsv"))
	if err != nil {
		return nil, nil, err
	}
	sources := []textmodel.Source{counted(tydipSource, len(out))}
	own := 0
	for line := range strings.Lines(politeLines) {
		label, text, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		out = append(out, textmodel.Example{Label: label, Text: textmodel.Text{Body: text}, Group: firstOwnPolite + own})
		own++
	}
	replies, err := readReplies(root)
	if err != nil {
		return nil, nil, err
	}
	rated := 0
	for _, r := range replies {
		tone := r.Ratings["tone"]
		if tone == nil || *tone == 1 {
			continue
		}
		label := "polite"
		if *tone == 0 {
			label = "impolite"
		}
		out = append(out, textmodel.Example{Label: label, Text: textmodel.Text{Body: r.Reply}, Group: r.group})
		rated++
	}
	return out, append(sources, counted(politeSource, own), counted(repliesSource, rated)), nil
}
