// A small honest plugin: a message that asks is one with a question mark.
package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/fincokpi/finco/plugins/analyzer"
)

type asking struct{}

func (asking) Describe() analyzer.Description {
	return analyzer.Description{
		Name: "asking", Version: "1.0.0", Kinds: []analyzer.Kind{analyzer.Question},
		Labels:   map[analyzer.Kind][]string{analyzer.Question: {analyzer.Yes, analyzer.No}},
		Sides:    map[analyzer.Kind][]analyzer.Side{analyzer.Question: {analyzer.Customer}},
		Settings: []analyzer.Setting{{Key: "marks", Type: analyzer.Strings, Default: []string{"?", "؟"}, Doc: "What ends a question."}},
	}
}

func (asking) Configure(json.RawMessage) error { return nil }

func (asking) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return analyzer.Each(ctx, inputs, func(_ context.Context, in analyzer.Input) ([]analyzer.Outcome, error) {
		label := analyzer.No
		if strings.ContainsAny(in.Text, "?؟") {
			label = analyzer.Yes
		}
		return []analyzer.Outcome{{Kind: analyzer.Question, Label: label, Confidence: 0.6}}, nil
	})
}

func main() { analyzer.Serve(asking{}) }
