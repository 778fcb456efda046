package main

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// codeVersion changes when the same model may give other outcomes.
const codeVersion = "1.0.0"

//go:embed model/sentiment.bin
var modelFile []byte

// plugin judges with one model; it is safe for concurrent use.
type plugin struct {
	analyzer.NoSettings
	model              *textmodel.Model
	version            string
	positive, negative int // places of the two labels in the model
}

func newPlugin() (*plugin, error) {
	m, err := textmodel.Attached("sentiment", modelFile)
	if err != nil {
		return nil, err
	}
	tongues, err := language.Load()
	if err != nil {
		return nil, err
	}
	p := &plugin{model: m, version: fmt.Sprintf("%s+%08x.%08x", codeVersion, m.Fingerprint(), tongues), positive: -1, negative: -1}
	for i, label := range m.Labels() {
		switch label {
		case analyzer.Positive:
			p.positive = i
		case analyzer.Negative:
			p.negative = i
		}
	}
	if p.positive < 0 || p.negative < 0 {
		return nil, fmt.Errorf("the model lacks the labels %s and %s", analyzer.Positive, analyzer.Negative)
	}
	return p, nil
}

// Describe implements analyzer.Analyzer.
func (p *plugin) Describe() analyzer.Description {
	return analyzer.Description{
		Name: "sentiment", Version: p.version, Kinds: []analyzer.Kind{analyzer.Sentiment},
		Labels:    map[analyzer.Kind][]string{analyzer.Sentiment: p.model.Labels()},
		Languages: language.Tags(),
	}
}

// Analyze implements analyzer.Analyzer. A text without words or emoji has no outcome.
func (p *plugin) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return analyzer.Each(ctx, inputs, p.judge)
}

// judge gives the label with its calibrated probability; the score is the
// probability of positive less that of negative, −1 to 1.
func (p *plugin) judge(_ context.Context, input analyzer.Input) ([]analyzer.Outcome, error) {
	if textmodel.Blank(input.Text) {
		return nil, nil
	}
	tongue, _ := language.Detect(input.Text)
	answer := p.model.Predict(textmodel.Text{Body: input.Text, Domain: language.Domain(tongue)})
	score := answer.Probabilities[p.positive] - answer.Probabilities[p.negative]
	return []analyzer.Outcome{{Kind: analyzer.Sentiment, Label: answer.Label, Score: analyzer.ScoreOf(score),
		Confidence: answer.Confidence, Language: tongue}}, nil
}
