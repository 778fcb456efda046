package textmodel

import (
	_ "embed"
	"strings"
)

//go:embed adapt_anchors.txt
var anchorLines string

// Anchors are some chat messages in Russian and Uzbek, written for this project, of the shipped labels: auxiliary examples for
// Adapt, so that a label of a company's own is learned as something apart and not as the answer to everything. Every fourth
// line of the chat sets: with all of them new labels are found no better.
func Anchors() []Example {
	lines := strings.Split(strings.TrimSuffix(anchorLines, "\n"), "\n")
	out := make([]Example, len(lines))
	for i, line := range lines {
		out[i] = Example{Text: Text{Body: line}, Group: -1 - i, Auxiliary: true}
	}
	return out
}
