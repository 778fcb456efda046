package main

import (
	"path/filepath"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// loadPoliteness joins the rated English requests with lines of our own and with
// the tone of the rated chat replies: 2 is polite, 0 impolite, 1 is neither.
func loadPoliteness(root string) ([]textmodel.Example, []textmodel.Source, error) {
	out, err := readTSV(filepath.Join(root, "politeness_en_tydip", "train.tsv"))
	if err != nil {
		return nil, nil, err
	}
	sources := []textmodel.Source{counted(tydipSource, len(out))}
	own := 0
	for label, text := range ownLines(politeLines) {
		out = append(out, textmodel.Example{Label: label, Text: textmodel.Text{Body: text}, Group: firstOwnLine + own})
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
