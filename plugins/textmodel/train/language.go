package main

import (
	"context"
	"path/filepath"

	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// chatTongue names the language that a chat folder is mostly in.
var chatTongue = map[string]string{"ru": "ru", "uz_latn": "uz_Latn", "uz_cyrl": "uz_Cyrl"}

// loadLanguage joins the labelled sentences with chat lines. A chat line may mix
// languages, so it is taken only if a model of the sentences alone agrees with
// its folder, surely.
func loadLanguage(root string) ([]textmodel.Example, []textmodel.Source, error) {
	out, err := readTSV(filepath.Join(root, "langid", "train.tsv"))
	if err != nil {
		return nil, nil, err
	}
	n := len(out)
	first, err := textmodel.Train(context.Background(), textmodel.SpecFor("language"), out)
	if err != nil {
		return nil, nil, err
	}
	chat, err := readChat(root)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range chat {
		p := first.Predict(textmodel.Text{Body: l.text})
		if p.Label == chatTongue[l.language] && p.Confidence > 0.6 {
			out = append(out, textmodel.Example{Label: p.Label, Text: textmodel.Text{Body: l.text}, Group: l.group, Auxiliary: true})
		}
	}
	fromChat := len(out) - n
	for _, text := range ownLines(otherLines) {
		out = append(out, textmodel.Example{Label: language.Other, Text: textmodel.Text{Body: text}, Group: firstOwnLine + len(out)})
	}
	others := len(out) - n - fromChat
	return out, []textmodel.Source{counted(langidSource, n), counted(chatSource, fromChat), counted(otherSource, others)}, nil
}
