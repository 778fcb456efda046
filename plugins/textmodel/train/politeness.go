package main

import (
	"path/filepath"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// loadPoliteness joins the rated English requests with the tone of the rated
// chat replies: 2 is polite, 0 impolite, 1 is neither.
func loadPoliteness(root string) ([]textmodel.Example, []textmodel.Source, error) {
	out, err := readTSV(filepath.Join(root, "politeness_en_tydip", "train.tsv"))
	if err != nil {
		return nil, nil, err
	}
	n := len(out)
	replies, err := readReplies(root)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range replies {
		rating := r.Ratings["tone"]
		if rating == nil || *rating == 1 {
			continue
		}
		label := "polite"
		if *rating == 0 {
			label = "impolite"
		}
		out = append(out, textmodel.Example{Label: label, Text: textmodel.Text{Body: r.Reply}, Group: r.group})
	}
	return out, []textmodel.Source{counted(tydipSource, n), counted(repliesSource, len(out)-n)}, nil
}
