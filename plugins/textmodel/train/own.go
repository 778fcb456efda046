package main

import (
	_ "embed"
	"iter"
	"strings"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// Lines of our own, `label<TAB>text`, written without the chat messages in view
// and by another hand than theirs: trained on, and never measured for topics.
var (
	// politeLines are in Russian and Uzbek, for the public ratings are of English alone: what editors of an encyclopedia and
	// people who write to companies say to each other, more and less politely.
	//go:embed politeness.tsv
	politeLines string
	// topicLines are what customers and staff of shops, banks, clinics, schools and carriers write, in Russian and Uzbek.
	//go:embed topics.tsv
	topicLines string
	// moodLines are `sentiment<TAB>1 for a question, else 0<TAB>text`, of customers in Russian and Uzbek.
	//go:embed moods.tsv
	moodLines string
	// otherLines are in Kazakh, Tajik, Kyrgyz, Turkish and Azerbaijani: what else is written here and is none of the four languages.
	//go:embed others.tsv
	otherLines string
)

var (
	politeSource = textmodel.Source{Name: "polite and impolite lines in Russian and Uzbek, written for this project", Licence: "the project's own"}
	moodSource   = textmodel.Source{Name: "lines of moods and questions in Russian and Uzbek, written for this project", Licence: "the project's own"}
	otherSource  = textmodel.Source{Name: "lines in Kazakh, Tajik, Kyrgyz, Turkish and Azerbaijani, written for this project", Licence: "the project's own"}
	topicSource  = textmodel.Source{Name: "lines of twelve topics in Russian and Uzbek, written for this project", Licence: "the project's own"}
)

// firstOwnLine begins the groups of such lines; each line is one.
const firstOwnLine = 9 * groupsPerLanguage

// ownLines gives the labels and texts of lines.
func ownLines(lines string) iter.Seq2[string, string] {
	return func(yield func(label, text string) bool) {
		for line := range strings.Lines(lines) {
			label, text, ok := strings.Cut(strings.TrimRight(line, "\n"), "\t")
			if ok && !yield(label, text) {
				return
			}
		}
	}
}

// moods gives moodLines with the label that labelOf makes of a sentiment and of whether it is a question.
func moods(labelOf func(sentiment string, asks bool) string) []textmodel.Example {
	var out []textmodel.Example
	for sentiment, rest := range ownLines(moodLines) {
		asks, text, _ := strings.Cut(rest, "\t")
		out = append(out, textmodel.Example{Label: labelOf(sentiment, asks == "1"), Text: textmodel.Text{Body: text},
			Group: firstOwnLine + len(out), Auxiliary: true})
	}
	return out
}
