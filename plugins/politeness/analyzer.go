package main

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// codeVersion changes when the same model may give other outcomes.
const codeVersion = "1.0.0"

// The labels of the model.
const (
	polite   = "polite"
	impolite = "impolite"
)

//go:embed model/politeness.bin
var modelFile []byte

// plugin judges with one model; it is safe for concurrent use.
type plugin struct {
	analyzer.NoSettings
	model   *textmodel.Model
	version string
	polite  int  // place of the label in the model
	apart   bool // the model keeps English apart
}

func newPlugin() (*plugin, error) {
	m, err := textmodel.Attached("politeness", modelFile)
	if err != nil {
		return nil, err
	}
	tongues, err := language.Load()
	if err != nil {
		return nil, err
	}
	p := &plugin{model: m, version: fmt.Sprintf("%s+%08x.%08x", codeVersion, m.Fingerprint(), tongues),
		polite: slices.Index(m.Labels(), polite), apart: len(m.Domains()) > 1}
	if p.polite < 0 || len(m.Labels()) != 2 || !slices.Contains(m.Labels(), impolite) {
		return nil, fmt.Errorf("the model's labels are not %s and %s", polite, impolite)
	}
	return p, nil
}

// Describe implements analyzer.Analyzer.
func (p *plugin) Describe() analyzer.Description {
	return analyzer.Description{
		Name: "politeness", Version: p.version, Kinds: []analyzer.Kind{analyzer.Politeness},
		Sides:     map[analyzer.Kind][]analyzer.Side{analyzer.Politeness: {analyzer.Staff, analyzer.Customer}},
		Labels:    map[analyzer.Kind][]string{analyzer.Politeness: {impolite, polite}},
		Languages: language.Tags(),
	}
}

// Analyze implements analyzer.Analyzer. A text without words, of emoji too, has no outcome.
func (p *plugin) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return analyzer.Each(ctx, inputs, p.judge)
}

// speaks tells whether a text has a letter, or signs that speak without one: "???".
func speaks(text string) bool {
	return strings.ContainsFunc(text, unicode.IsLetter) || strings.Contains(text, "??") || strings.Contains(text, "!!")
}

func (p *plugin) judge(_ context.Context, input analyzer.Input) ([]analyzer.Outcome, error) {
	if textmodel.Blank(input.Text) || !speaks(textmodel.Clip(input.Text)) {
		return nil, nil
	}
	tongue, _ := language.Detect(input.Text)
	text := textmodel.Text{Body: input.Text}
	if p.apart {
		text.Domain = language.Domain(tongue)
	}
	answer := p.model.Predict(text)
	return []analyzer.Outcome{{Kind: analyzer.Politeness, Label: answer.Label, Score: analyzer.ScoreOf(100 * answer.Probabilities[p.polite]),
		Confidence: answer.Confidence, Language: tongue}}, nil
}
