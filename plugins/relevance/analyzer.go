package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"slices"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/quality/scorecard"
	"github.com/fincokpi/finco/plugins/relevance/pair"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
	"github.com/fincokpi/finco/plugins/topic/likeness"
)

// codeVersion changes when the same model may give other outcomes.
const codeVersion = "1.0.0"

//go:embed model/relevance.bin
var modelFile []byte

// topicsFile is a small model of what a text is about, made for this comparison only.
//
//go:embed model/topics.bin
var topicsFile []byte

// plugin judges with one model; it is safe for concurrent use.
type plugin struct {
	analyzer.NoSettings
	judge   pair.Judge
	version string
}

func newPlugin() (*plugin, error) {
	m, err := textmodel.Read(bytes.NewReader(modelFile))
	if err != nil {
		return nil, err
	}
	if !slices.Contains(m.Labels(), pair.Bears) || len(m.Labels()) != 2 {
		return nil, fmt.Errorf("the model's labels are not %s and %s", pair.Bears, pair.Strange)
	}
	topics, err := textmodel.Read(bytes.NewReader(topicsFile))
	if err != nil {
		return nil, err
	}
	_, rare, err := likeness.Load()
	if err != nil {
		return nil, err
	}
	tongues, err := language.Load()
	if err != nil {
		return nil, err
	}
	version := fmt.Sprintf("%s+%08x.%08x.%08x.%08x", codeVersion, m.Fingerprint(), topics.Fingerprint(), rare, tongues)
	return &plugin{judge: pair.Judge{Reader: pair.Reader{Topics: topics}, Model: m}, version: version}, nil
}

// Describe implements analyzer.Analyzer.
func (p *plugin) Describe() analyzer.Description {
	return analyzer.Description{
		Name: "relevance", Version: p.version, Kinds: []analyzer.Kind{analyzer.Relevance},
		Sides:     map[analyzer.Kind][]analyzer.Side{analyzer.Relevance: {analyzer.Staff}},
		Languages: language.Tags(),
	}
}

// Analyze implements analyzer.Analyzer. A message that is not of staff, without words, or to which no words of a customer
// lead has no outcome; a reply that cannot be judged has one without a score.
func (p *plugin) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return analyzer.Each(ctx, inputs, p.review)
}

func (p *plugin) review(_ context.Context, input analyzer.Input) ([]analyzer.Outcome, error) {
	if input.Side != analyzer.Staff || textmodel.Blank(input.Text) {
		return nil, nil
	}
	var turns []scorecard.Turn
	for _, t := range input.Context {
		if t.Side != analyzer.None {
			turns = append(turns, scorecard.Turn{Staff: t.Side == analyzer.Staff, Text: t.Text, At: t.At})
		}
	}
	v, err := p.judge.Judge(input.Text, turns)
	if err != nil {
		return nil, analyzer.Errorf(analyzer.Internal, "%v", err)
	}
	if !v.Asked {
		return nil, nil
	}
	d := analyzer.Details{Reason: v.Reason}
	if v.Evidence != "" {
		d.Evidence = []string{v.Evidence}
	}
	o := analyzer.Outcome{Kind: analyzer.Relevance, Score: v.Score, Confidence: v.Confidence, Details: d.JSON()}
	o.Language, _ = language.Detect(input.Text)
	return []analyzer.Outcome{o}, nil
}
