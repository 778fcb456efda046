package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// Evaluation is how well an analyzer or a model does on labelled texts. Shares are 0 to 1.
type Evaluation struct {
	Analyzer string  `json:"analyzer"` // its name; of a model, the file
	Version  string  `json:"version,omitempty"`
	Kind     string  `json:"kind"`
	Data     string  `json:"data"`
	Texts    int     `json:"texts"`
	Accuracy float64 `json:"accuracy"`
	// InScope is the accuracy on texts that are not out of scope, where the data has such; as CLINC150 reports it.
	InScope *float64 `json:"in_scope_accuracy,omitempty"`
	// OutOfScope is the share of the texts out of scope that were found to be so, where the data has both.
	OutOfScope *float64 `json:"out_of_scope_recall,omitempty"`
	MacroF1    float64  `json:"macro_f1"` // mean of the F1 of the labels in the data
	ECE        float64  `json:"ece"`      // expected calibration error, 10 equal bins (Guo et al. 2017)
	// Rate is texts a second without the start; a plugin is asked by as many callers as the machine has processors.
	Rate       float64  `json:"texts_per_second"`
	Unanswered int      `json:"unanswered"` // texts without a label of the kind; they count as wrong
	Failed     int      `json:"failed"`     // of these, texts whose answer was an error
	Failure    string   `json:"failure,omitempty"`
	Unasked    int      `json:"not_asked"` // lines of a side that the kind is not about
	BadLines   int      `json:"bad_lines"`
	Bad        []string `json:"bad,omitempty"`
	// Foreign are labels of the data that the contract does not have for the kind, so that no analyzer can give them.
	Foreign []string              `json:"unknown_labels,omitempty"`
	Classes map[string]ClassScore `json:"classes"` // by the data's label
}

// ClassScore is the part of one label.
type ClassScore struct {
	Support   int     `json:"support"` // texts that have this label in the data
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// AnalyzerFile is an analyzer to be evaluated: the executable, pinned, and its settings.
type AnalyzerFile struct {
	Path, Checksum string
	Settings       json.RawMessage
}

// EvaluateAnalyzer asks a plugin about every text of a labelled file. Without a kind it is the only one of the plugin that is
// answered by a label, else the one that bears the plugin's name.
func EvaluateAnalyzer(ctx context.Context, cfg Config, file AnalyzerFile, kind, data string) (Evaluation, error) {
	plugin, err := process.Start(ctx, process.Options{Path: file.Path, Checksum: file.Checksum, Settings: file.Settings, Log: cfg.Logger()})
	if err != nil {
		return Evaluation{}, domain.Errorf(domain.KindInvalid, "%s does not start: %w", file.Path, err)
	}
	defer plugin.Stop(context.WithoutCancel(ctx))
	d := plugin.Description()
	chosen, err := chooseKind(d, kind)
	if err != nil {
		return Evaluation{}, err
	}
	labelled, err := ReadLabelled(data, string(chosen))
	if err != nil {
		return Evaluation{}, err
	}
	asked := labelled.Items[:0:0]
	for _, item := range labelled.Items {
		if d.JudgesKind(chosen, item.Side) {
			asked = append(asked, item)
		}
	}
	labelled.Unasked += len(labelled.Items) - len(asked)
	labelled.Items = asked
	a := asking{plugin: plugin, kind: chosen, items: asked, answers: make([]textmodel.Prediction, len(asked)), failures: make([]string, len(asked))}
	began := time.Now()
	if err := a.all(ctx); err != nil {
		return Evaluation{}, domain.Errorf(domain.KindUnavailable, "%s did not go through with it: %w", d.Name, err)
	}
	took := time.Since(began)
	e := score(chosen, labelled, a.answers, took)
	e.Analyzer, e.Version, e.Data = d.Name, d.Version, data
	for _, failure := range a.failures {
		if failure != "" {
			e.Failed++
			e.Failure = failure
		}
	}
	return e, nil
}

// judgedByLabel are the kinds whose judgements can be compared with a label.
var judgedByLabel = []analyzer.Kind{
	analyzer.Sentiment, analyzer.Topic, analyzer.Question, analyzer.NeedsReply, analyzer.Language, analyzer.Politeness,
}

func chooseKind(d analyzer.Description, kind string) (analyzer.Kind, error) {
	var open []analyzer.Kind
	for _, k := range judgedByLabel {
		if slices.Contains(d.Kinds, k) {
			open = append(open, k)
		}
	}
	wanted := KindOf(kind)
	switch {
	case kind == "" && len(open) == 1:
		return open[0], nil
	case kind == "":
		wanted = KindOf(d.Name)
	}
	if slices.Contains(open, wanted) {
		return wanted, nil
	}
	if len(open) == 0 {
		return "", domain.Errorf(domain.KindInvalid, "%s judges %s: no kind that a label answers", d.Name, strings.Join(words(d.Kinds), " "))
	}
	return "", domain.Errorf(domain.KindInvalid, "choose one of %s's kinds with --kind: %s", d.Name, strings.ToLower(strings.Join(words(open), ", ")))
}

// asking is one evaluation of a plugin under way.
type asking struct {
	plugin   *process.Process
	kind     analyzer.Kind
	items    []Labelled
	answers  []textmodel.Prediction // by item; without a label if there was no answer
	failures []string               // by item; empty: none
}

// Bounds of one call.
const (
	evaluateBatch   = 64
	evaluateBytes   = 4 << 20
	evaluateTimeout = 2 * time.Minute // a language model answers slowly
)

// all asks about every item, in batches.
func (a *asking) all(ctx context.Context) error {
	size := evaluateBatch
	if most := a.plugin.Description().MaxBatch; most > 0 {
		size = min(size, most)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	from, bytes := 0, 0
	for i, item := range a.items {
		if i > from && (i-from >= size || bytes+len(item.Text) > evaluateBytes) {
			begin := from
			group.Go(func() error { return a.batch(ctx, begin, i) })
			from, bytes = i, 0
		}
		bytes += len(item.Text)
	}
	if begin := from; begin < len(a.items) {
		group.Go(func() error { return a.batch(ctx, begin, len(a.items)) })
	}
	return group.Wait()
}

// batch asks about the items from begin to before end; if they fail together, about each by itself.
func (a *asking) batch(ctx context.Context, begin, end int) error {
	inputs := make([]analyzer.Input, 0, end-begin)
	for i := begin; i < end; i++ {
		inputs = append(inputs, analyzer.Input{ID: strconv.Itoa(i), Text: a.items[i].Text, Side: a.items[i].Side})
	}
	callCtx, cancel := context.WithTimeout(ctx, evaluateTimeout)
	results, err := a.plugin.Analyze(callCtx, inputs)
	cancel()
	var failure *process.Failure
	late := errors.As(err, &failure) && failure.Kind == process.TimedOut
	switch {
	case err == nil:
		for k, r := range results {
			a.take(begin+k, r)
		}
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case a.plugin.Exited(), late && end-begin == 1: // one that hangs would do so at every text
		return err
	case end-begin == 1:
		a.failures[begin] = err.Error()
		return nil
	}
	for i := begin; i < end; i++ {
		if err := a.batch(ctx, i, i+1); err != nil {
			return err
		}
	}
	return nil
}

func (a *asking) take(i int, r analyzer.Result) {
	if r.Err != nil {
		a.failures[i] = r.Err.Error()
		return
	}
	for _, o := range r.Outcomes {
		if o.Kind != a.kind {
			continue
		}
		a.answers[i] = textmodel.Prediction{Label: o.Label, Confidence: o.Confidence}
		if o.Label == "" && a.kind == analyzer.Politeness && o.Score != nil { // this kind may be answered by its score alone
			a.answers[i].Label = "impolite"
			if *o.Score >= 50 {
				a.answers[i].Label = "polite"
			}
		}
	}
}

// EvaluateModel scores a model file on a labelled file, on one processor. Without a kind it is the one of the model's card.
func EvaluateModel(ctx context.Context, path, kind, data string) (Evaluation, error) {
	f, err := os.Open(path)
	if err != nil {
		return Evaluation{}, domain.Errorf(domain.KindInvalid, "the model cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	m, err := textmodel.Read(f)
	if err != nil {
		return Evaluation{}, domain.Errorf(domain.KindInvalid, "%s: %w", path, err)
	}
	if kind == "" {
		kind = m.Card.Kind
	}
	chosen := KindOf(kind)
	labelled, err := ReadLabelled(data, kind)
	if err != nil {
		return Evaluation{}, err
	}
	answers := make([]textmodel.Prediction, len(labelled.Items))
	scorer, apart := m.Scorer(), len(m.Domains()) > 1
	began := time.Now()
	for i, item := range labelled.Items {
		if err := ctx.Err(); err != nil {
			return Evaluation{}, err
		}
		if !textmodel.Blank(item.Text) {
			p := scorer.Score(textOf(item.Text, apart))
			answers[i] = textmodel.Prediction{Label: p.Label, Confidence: p.Confidence}
		}
	}
	took := time.Since(began)
	e := score(chosen, labelled, answers, took)
	e.Analyzer, e.Version, e.Data = path, fmt.Sprintf("%s+%08x", m.Card.Version, m.Fingerprint()), data
	return e, nil
}

// textOf is a text as the built-in analyzers hand it to a model that keeps English apart.
func textOf(body string, apart bool) textmodel.Text {
	if !apart {
		return textmodel.Text{Body: body}
	}
	tag, _ := language.Detect(body)
	return textmodel.Text{Body: body, Domain: language.Domain(tag)}
}

// score compares answers, line for line with the items, with the labels.
func score(kind analyzer.Kind, data LabelledFile, answers []textmodel.Prediction, took time.Duration) Evaluation {
	e := Evaluation{Kind: string(kind), Unasked: data.Unasked, BadLines: len(data.Bad), Bad: data.Bad, Foreign: foreignLabels(kind, data.Items), Classes: map[string]ClassScore{}}
	spell := spelling(kind, data.Items)
	examples := make([]textmodel.Example, len(data.Items))
	inScope, right, found := 0, 0, 0
	for i, item := range data.Items {
		examples[i].Label = item.Label
		if answers[i].Label == "" {
			e.Unanswered++
		}
		answers[i].Label = spell(answers[i].Label)
		if meaning(kind, item.Label) != analyzer.Other {
			inScope++
			if answers[i].Label == item.Label {
				right++
			}
		} else if answers[i].Label == item.Label {
			found++
		}
	}
	r := textmodel.Compare(examples, answers, nil)
	e.Texts, e.Accuracy, e.MacroF1, e.ECE = r.Texts, r.Accuracy, r.MacroF1, r.ECE
	if 0 < inScope && inScope < len(data.Items) {
		share := float64(right) / float64(inScope)
		e.InScope = &share
		recall := float64(found) / float64(len(data.Items)-inScope)
		e.OutOfScope = &recall
	}
	for label, c := range r.Classes {
		e.Classes[label] = ClassScore{Support: c.Texts, Precision: c.Precision, Recall: c.Recall, F1: c.F1}
	}
	if took > 0 {
		e.Rate = float64(r.Texts) / took.Seconds()
	}
	return e
}
