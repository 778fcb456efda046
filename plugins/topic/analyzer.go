package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
	"github.com/fincokpi/finco/plugins/topic/likeness"
)

// codeVersion changes when the same models may give other outcomes.
const codeVersion = "1.1.0"

//go:embed model/topic.bin
var modelFile []byte

// plugin judges with one model and the company's own topics; it is safe for concurrent use.
type plugin struct {
	model   *textmodel.Model
	version string
	wanted  atomic.Pointer[wanted] // set by Configure
}

// wanted is what the settings say.
type wanted struct {
	own    *likeness.Topics
	only   bool
	labels map[string]int // the model's place of each own topic that it knows too, by shipping or by corrections
}

func newPlugin() (*plugin, error) {
	m, err := textmodel.Attached("topic", modelFile)
	if err != nil {
		return nil, err
	}
	tongues, err := language.Load()
	if err != nil {
		return nil, err
	}
	_, rarities, err := likeness.Load()
	if err != nil {
		return nil, err
	}
	p := &plugin{model: m, version: fmt.Sprintf("%s+%08x.%08x.%08x", codeVersion, m.Fingerprint(), tongues, rarities)}
	p.wanted.Store(&wanted{})
	return p, nil
}

// Describe implements analyzer.Analyzer. Labels are open: the settings may name further ones.
func (p *plugin) Describe() analyzer.Description {
	return analyzer.Description{
		Name: "topic", Version: p.version, Kinds: []analyzer.Kind{analyzer.Topic},
		Languages: language.Tags(),
		Settings: []analyzer.Setting{
			{Key: "topics", Type: analyzer.Object, Default: map[string][]string{},
				Doc: `The company's own topics beside the shipped ones: {"instalments": ["rassrochka bormi", "рассрочка на год"]}. ` +
					"Each name is a label of TOPIC with a list of example phrases, short ones in the customers' words; Latin and Cyrillic " +
					"spelling of Uzbek count as one. A name that is shipped gets the phrases as well."},
			{Key: "only", Type: analyzer.Bool, Default: false,
				Doc: "Give only the company's own topics, and other for the rest."},
		},
	}
}

// Configure implements analyzer.Analyzer.
func (p *plugin) Configure(settings json.RawMessage) error {
	var given struct {
		Topics map[string][]string `json:"topics"`
		Only   bool                `json:"only"`
	}
	if len(settings) > 0 {
		if err := json.Unmarshal(settings, &given); err != nil {
			return analyzer.Errorf(analyzer.Invalid, "settings: topics must be an object of lists of phrases, only true or false")
		}
	}
	if _, taken := given.Topics[analyzer.Other]; taken {
		return analyzer.Errorf(analyzer.Invalid, "settings: topics: %s is what no topic fits and takes no phrases", analyzer.Other)
	}
	if given.Only && len(given.Topics) == 0 {
		return analyzer.Errorf(analyzer.Invalid, "settings: only needs topics")
	}
	own, err := likeness.New(given.Topics)
	if err != nil {
		return analyzer.Errorf(analyzer.Invalid, "settings: %v", err)
	}
	w := &wanted{own: own, only: given.Only, labels: map[string]int{}}
	for _, key := range own.Keys() {
		if at := slices.Index(p.model.Labels(), key); at >= 0 {
			w.labels[key] = at
		}
	}
	p.wanted.Store(w)
	return nil
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
	answer := p.model.Predict(textmodel.Text{Body: input.Text, Domain: language.Domain(tongue)})
	label, confidence := p.wanted.Load().choose(input.Text, answer)
	return []analyzer.Outcome{{Kind: analyzer.Topic, Label: label, Confidence: confidence, Language: tongue}}, nil
}

// choose sets the likeliest of the company's own topics against the model's answer. The model divides what is left when no own
// topic is meant, so its probability counts for that part only.
func (w *wanted) choose(text string, answer textmodel.Prediction) (label string, confidence float64) {
	if w.own == nil || len(w.own.Keys()) == 0 {
		return answer.Label, answer.Confidence
	}
	own, chance := w.own.Match(text)
	for key, at := range w.labels {
		if v := answer.Probabilities[at]; v > chance || v == chance && key < own {
			own, chance = key, v
		}
	}
	rest := 1 - chance
	switch {
	case w.only && chance >= rest:
		return own, chance
	case w.only:
		return analyzer.Other, rest
	case own == answer.Label:
		return own, max(chance, answer.Confidence)
	case chance > rest*answer.Confidence:
		return own, chance
	}
	return answer.Label, rest * answer.Confidence
}
