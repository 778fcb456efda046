package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/quality/scorecard"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// codeVersion changes when the same models may give other outcomes.
const codeVersion = "1.1.0"

// unmeasured lowers the confidence in a language without rated replies.
const unmeasured = 0.7

//go:embed model
var modelFiles embed.FS

// plugin judges with the models of the criteria; it is safe for concurrent use.
type plugin struct {
	models  map[string]*textmodel.Model
	card    scorecard.ModelCard
	version string
	judge   atomic.Pointer[scorecard.Judge] // set by Configure
}

func newPlugin() (*plugin, error) {
	p := &plugin{models: map[string]*textmodel.Model{}}
	sum := crc32.NewIEEE()
	for _, key := range scorecard.Modelled() {
		file, err := modelFiles.ReadFile("model/" + key + ".bin")
		if err != nil {
			return nil, err
		}
		if p.models[key], err = textmodel.Read(bytes.NewReader(file)); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		fmt.Fprintf(sum, "%08x", p.models[key].Fingerprint())
	}
	card, err := modelFiles.ReadFile("model/card.json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(card, &p.card); err != nil {
		return nil, fmt.Errorf("card.json: %w", err)
	}
	sum.Write(card)
	tongues, err := language.Load()
	if err != nil {
		return nil, err
	}
	p.version = fmt.Sprintf("%s+%08x.%08x", codeVersion, sum.Sum32(), tongues)
	p.judge.Store(&scorecard.Judge{Models: p.models, Weights: scorecard.DefaultWeights(), Critical: scorecard.DefaultCritical()})
	return p, nil
}

// Describe implements analyzer.Analyzer.
func (p *plugin) Describe() analyzer.Description {
	return analyzer.Description{
		Name: "quality", Version: p.version, Kinds: []analyzer.Kind{analyzer.Quality},
		Sides:     map[analyzer.Kind][]analyzer.Side{analyzer.Quality: {analyzer.Staff}},
		Languages: language.Tags(),
		Settings: []analyzer.Setting{
			{Key: "weights", Type: analyzer.Object, Default: scorecard.DefaultWeights(),
				Doc: "Weight of each criterion, above 0: " + strings.Join(scorecard.Keys(), ", ") + ". One left out keeps its default."},
			{Key: "critical", Type: analyzer.Strings, Default: slices.Sorted(maps.Keys(scorecard.DefaultCritical())),
				Doc: "Criteria whose rating of 0 makes the whole score 0."},
		},
	}
}

// Configure implements analyzer.Analyzer.
func (p *plugin) Configure(settings json.RawMessage) error {
	var given struct {
		Weights  map[string]json.RawMessage `json:"weights"`
		Critical *[]string                  `json:"critical"`
	}
	if len(settings) > 0 {
		if err := json.Unmarshal(settings, &given); err != nil {
			return analyzer.Errorf(analyzer.Invalid, "settings are no JSON object of weights and critical")
		}
	}
	judge := &scorecard.Judge{Models: p.models, Weights: scorecard.DefaultWeights(), Critical: scorecard.DefaultCritical()}
	var faults []string
	for _, key := range slices.Sorted(maps.Keys(given.Weights)) {
		var weight float64
		err := json.Unmarshal(given.Weights[key], &weight)
		switch {
		case !slices.Contains(scorecard.Keys(), key):
			faults = append(faults, fmt.Sprintf("weights: %q is not a criterion", key))
		case err != nil || !(weight > 0 && weight <= 1e6):
			faults = append(faults, fmt.Sprintf("weights: %s must be a number above 0, at most a million", key))
		default:
			judge.Weights[key] = weight
		}
	}
	if given.Critical != nil {
		judge.Critical = map[string]bool{}
		for _, key := range *given.Critical {
			if !slices.Contains(scorecard.Keys(), key) {
				faults = append(faults, fmt.Sprintf("critical: %q is not a criterion", key))
			}
			judge.Critical[key] = true
		}
	}
	if len(faults) > 0 {
		return analyzer.Errorf(analyzer.Invalid, "settings: %s", strings.Join(faults, "; "))
	}
	p.judge.Store(judge)
	return nil
}

// Analyze implements analyzer.Analyzer. A message that is not of staff, or
// without words, has no outcome.
func (p *plugin) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return analyzer.Each(ctx, inputs, p.review)
}

// criterion is the contract's with the rating on the scale people use.
type criterion struct {
	analyzer.Criterion
	Rating     *int    `json:"rating"` // 0, 1 or 2; null: N/A
	Confidence float64 `json:"confidence"`
}

// details is the contract's shape with such criteria.
type details struct {
	Criteria []criterion `json:"criteria"`
	Reason   string      `json:"reason"`
	Evidence []string    `json:"evidence,omitempty"`
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
	card := p.judge.Load().JudgeAt(input.Text, input.At, turns)
	raw, err := json.Marshal(detailsOf(card))
	if err != nil {
		return nil, analyzer.Errorf(analyzer.Internal, "encode the scorecard: %v", err)
	}
	outcome := analyzer.Outcome{Kind: analyzer.Quality, Score: card.Score, Details: raw}
	outcome.Language, _ = language.Detect(input.Text)
	if card.Score != nil {
		outcome.Confidence = p.card.Confidence(card)
		if outcome.Language == language.English {
			outcome.Confidence *= unmeasured
		}
	}
	return []analyzer.Outcome{outcome}, nil
}

func detailsOf(card scorecard.Card) details {
	d := details{Reason: summary(card)}
	for _, c := range card.Criteria {
		line := criterion{Confidence: c.Confidence, Criterion: analyzer.Criterion{
			Key: c.Key, Weight: c.Weight, Critical: c.Critical, Reason: c.Reason, Evidence: c.Evidence}}
		if c.Rating != scorecard.NotApplicable {
			rating := int(c.Rating)
			line.Rating, line.Score = &rating, analyzer.ScoreOf(c.Rating.Score())
		}
		if c.Evidence != "" && !slices.Contains(d.Evidence, c.Evidence) {
			d.Evidence = append(d.Evidence, c.Evidence)
		}
		d.Criteria = append(d.Criteria, line)
	}
	return d
}

// summary names what cost the most points.
func summary(card scorecard.Card) string {
	if card.Score == nil {
		return "Nothing can be rated from the text."
	}
	if card.Failed != "" {
		return fmt.Sprintf("The critical criterion %s failed.", card.Failed)
	}
	worst, cost := scorecard.Criterion{}, 0.0
	for _, c := range card.Criteria {
		if lost := (100 - c.Rating.Score()) * c.Weight; c.Rating != scorecard.NotApplicable && lost > cost {
			worst, cost = c, lost
		}
	}
	if cost == 0 {
		return "Good in everything that could be rated."
	}
	return fmt.Sprintf("Most points were lost in %s. %s", worst.Key, worst.Reason)
}
