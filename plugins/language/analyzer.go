package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// codeVersion changes when the same model may give other outcomes.
const codeVersion = "1.0.0"

// plugin tells languages apart; it has no state of its own.
type plugin struct {
	analyzer.NoSettings
	version string
}

func newPlugin() (*plugin, error) {
	fingerprint, err := language.Load()
	if err != nil {
		return nil, err
	}
	return &plugin{version: fmt.Sprintf("%s+%08x", codeVersion, fingerprint)}, nil
}

// Describe implements analyzer.Analyzer. Languages is empty: it takes a text in any.
func (p *plugin) Describe() analyzer.Description {
	labels := slices.Clone(language.Tags())
	if !slices.Contains(labels, analyzer.Other) {
		labels = append(labels, analyzer.Other)
	}
	return analyzer.Description{
		Name: "language", Version: p.version, Kinds: []analyzer.Kind{analyzer.Language},
		Labels: map[analyzer.Kind][]string{analyzer.Language: labels},
	}
}

// Analyze implements analyzer.Analyzer. A text without Latin or Cyrillic letters has no outcome.
func (p *plugin) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return analyzer.Each(ctx, inputs, p.judge)
}

// judge gives the tag with its probability, which is the score and the confidence at once.
func (p *plugin) judge(_ context.Context, input analyzer.Input) ([]analyzer.Outcome, error) {
	tag, sure := language.Tell(input.Text)
	if tag == "" {
		return nil, nil
	}
	sure = min(max(sure, 0), 1)
	o := analyzer.Outcome{Kind: analyzer.Language, Label: tag, Score: analyzer.ScoreOf(sure), Confidence: sure}
	if tag != analyzer.Other { // "other" is a label and no tag
		o.Language = tag
	}
	return []analyzer.Outcome{o}, nil
}
