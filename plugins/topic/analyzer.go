package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// codeVersion changes when the same model may give other outcomes.
const codeVersion = "1.0.0"

//go:embed model/topic.bin
var modelFile []byte

// plugin judges with one model; it is safe for concurrent use.
type plugin struct {
	model   *textmodel.Model
	version string
}

func newPlugin() (*plugin, error) {
	m, err := textmodel.Read(bytes.NewReader(modelFile))
	if err != nil {
		return nil, err
	}
	tongues, err := language.Load()
	if err != nil {
		return nil, err
	}
	return &plugin{model: m, version: fmt.Sprintf("%s+%08x.%08x", codeVersion, m.Fingerprint(), tongues)}, nil
}

// Describe implements analyzer.Analyzer.
func (p *plugin) Describe() analyzer.Description {
	return analyzer.Description{
		Name: "topic", Version: p.version, Kinds: []analyzer.Kind{analyzer.Topic},
		Labels:    map[analyzer.Kind][]string{analyzer.Topic: p.model.Labels()},
		Languages: language.Tags(),
	}
}

// Configure implements analyzer.Analyzer; there is nothing to set.
func (p *plugin) Configure(json.RawMessage) error { return nil }

// Analyze implements analyzer.Analyzer. A text without words or emoji has no outcome.
func (p *plugin) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return analyzer.Each(ctx, inputs, p.judge)
}

func (p *plugin) judge(_ context.Context, input analyzer.Input) ([]analyzer.Outcome, error) {
	if textmodel.Blank(input.Text) {
		return nil, nil
	}
	tongue, _ := language.Detect(input.Text)
	answer := p.model.Predict(textmodel.Text{Body: input.Text, Domain: language.Domain(tongue)})
	return []analyzer.Outcome{{Kind: analyzer.Topic, Label: answer.Label, Confidence: answer.Confidence, Language: tongue}}, nil
}
