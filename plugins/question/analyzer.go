package main

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// codeVersion changes when the same models may give other outcomes.
const codeVersion = "1.0.0"

//go:embed model/question.bin
var questionFile []byte

//go:embed model/needs_reply.bin
var needsReplyFile []byte

// verdict is a model of two labels, one of which means yes.
type verdict struct {
	kind  analyzer.Kind
	model *textmodel.Model
	yes   int // place of the label that means yes
}

// plugin judges with two models; it is safe for concurrent use.
type plugin struct {
	analyzer.NoSettings
	question, needsReply verdict
	version              string
}

func newPlugin() (*plugin, error) {
	question, err := readVerdict(analyzer.Question, questionFile, "question")
	if err != nil {
		return nil, err
	}
	needsReply, err := readVerdict(analyzer.NeedsReply, needsReplyFile, "needed")
	if err != nil {
		return nil, err
	}
	tongues, err := language.Load()
	if err != nil {
		return nil, err
	}
	version := fmt.Sprintf("%s+%08x.%08x.%08x", codeVersion, question.model.Fingerprint(), needsReply.model.Fingerprint(), tongues)
	return &plugin{question: question, needsReply: needsReply, version: version}, nil
}

func readVerdict(kind analyzer.Kind, file []byte, yes string) (verdict, error) {
	m, err := textmodel.Attached(strings.ToLower(string(kind)), file)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{kind: kind, model: m, yes: slices.Index(m.Labels(), yes)}
	if v.yes < 0 || len(m.Labels()) != 2 {
		return verdict{}, fmt.Errorf("%s: the model's labels are not two with %q among them", kind, yes)
	}
	return v, nil
}

// Describe implements analyzer.Analyzer.
func (p *plugin) Describe() analyzer.Description {
	answers := []string{analyzer.Yes, analyzer.No}
	return analyzer.Description{
		Name: "question", Version: p.version, Kinds: []analyzer.Kind{analyzer.Question, analyzer.NeedsReply},
		Sides:     map[analyzer.Kind][]analyzer.Side{analyzer.NeedsReply: {analyzer.Customer}},
		Labels:    map[analyzer.Kind][]string{analyzer.Question: answers, analyzer.NeedsReply: answers},
		Languages: language.Tags(),
	}
}

// Analyze implements analyzer.Analyzer. A text without words or emoji has no outcome.
func (p *plugin) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return analyzer.Each(ctx, inputs, p.judge)
}

func (p *plugin) judge(_ context.Context, input analyzer.Input) ([]analyzer.Outcome, error) {
	if textmodel.Blank(input.Text) {
		return nil, nil
	}
	tongue, _ := language.Detect(input.Text)
	outcomes := make([]analyzer.Outcome, 0, 2)
	outcomes = append(outcomes, p.question.judge(input.Text, tongue))
	if input.Side == analyzer.Customer {
		outcomes = append(outcomes, p.needsReply.judge(input.Text, tongue))
	}
	return outcomes, nil
}

// judge answers yes or no; the score is the probability of yes.
func (v verdict) judge(text, tongue string) analyzer.Outcome {
	answer := v.model.Predict(textmodel.Text{Body: text, Domain: language.Domain(tongue)})
	label := analyzer.No
	if v.model.Labels()[v.yes] == answer.Label {
		label = analyzer.Yes
	}
	return analyzer.Outcome{Kind: v.kind, Label: label, Score: analyzer.ScoreOf(answer.Probabilities[v.yes]),
		Confidence: answer.Confidence, Language: tongue}
}
