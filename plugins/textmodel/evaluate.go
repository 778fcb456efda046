package textmodel

import (
	"context"
	"math"
	"slices"
)

// Report is how well a model does on labelled texts. Shares are 0..1.
type Report struct {
	Texts    int                    `json:"texts"`
	Accuracy float64                `json:"accuracy"`
	MacroF1  float64                `json:"macro_f1"` // mean of the F1 of the labels that occur in the data
	ECE      float64                `json:"ece"`      // expected calibration error, 10 equal bins (Guo et al. 2017)
	Classes  map[string]ClassReport `json:"classes"`
}

// ClassReport is the part of one label.
type ClassReport struct {
	Texts     int     `json:"texts"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Evaluate predicts every example, auxiliary ones too, and compares.
func Evaluate(m *Model, examples []Example) Report {
	tally := newTally(m.labels)
	s := m.Scorer()
	for _, e := range examples {
		p := s.Score(e.Text)
		tally.add(e.Label, p.Label, p.Confidence)
	}
	return tally.report()
}

// CrossEvaluate trains on all folds but one and measures on that one, for each
// fold in turn. Folds keep groups whole. Auxiliary examples are only trained on.
func CrossEvaluate(ctx context.Context, spec Spec, examples []Example, folds int) (Report, error) {
	predictions, err := CrossPredict(ctx, spec, examples, folds)
	if err != nil {
		return Report{}, err
	}
	return Compare(examples, predictions, nil), nil
}

// Compare measures predictions, line for line with the examples, on those that
// are not auxiliary and that of accepts (nil = all).
func Compare(examples []Example, predictions []Prediction, of func(Example) bool) Report {
	tally := newTally(nil)
	for i, e := range examples {
		if !e.Auxiliary && (of == nil || of(e)) {
			tally.add(e.Label, predictions[i].Label, predictions[i].Confidence)
		}
	}
	return tally.report()
}

// CrossPredict gives for every example the prediction of a model that was
// trained without the example's fold and calibrated on the other folds; it is
// empty for auxiliary ones.
func CrossPredict(ctx context.Context, spec Spec, examples []Example, folds int) ([]Prediction, error) {
	labels, err := checked(spec, examples)
	if err != nil {
		return nil, err
	}
	margins, err := heldMargins(ctx, spec, labels, examples, folds)
	if err != nil {
		return nil, err
	}
	return newTrainingSet(spec, labels, examples).predictions(margins, folds), nil
}

// tally counts answers by right label and given label.
type tally struct {
	labels []string
	counts map[[2]string]int
	bins   [10]struct {
		n, right   int
		confidence float64
	}
}

func newTally(labels []string) *tally {
	return &tally{labels: slices.Clone(labels), counts: map[[2]string]int{}}
}

func (t *tally) add(right, given string, confidence float64) {
	for _, label := range []string{right, given} {
		if !slices.Contains(t.labels, label) {
			t.labels = append(t.labels, label)
		}
	}
	t.counts[[2]string{right, given}]++
	bin := &t.bins[min(max(int(confidence*10), 0), 9)]
	bin.n++
	bin.confidence += confidence
	if right == given {
		bin.right++
	}
}

func (t *tally) report() Report {
	r := Report{Classes: map[string]ClassReport{}}
	slices.Sort(t.labels)
	right, scored := 0, 0
	for _, label := range t.labels {
		given, real := 0, 0
		for _, other := range t.labels {
			given += t.counts[[2]string{other, label}]
			real += t.counts[[2]string{label, other}]
		}
		hit := t.counts[[2]string{label, label}]
		right += hit
		r.Texts += real
		if real == 0 {
			continue
		}
		c := ClassReport{Texts: real, Recall: round4(float64(hit) / float64(real))}
		if given > 0 {
			c.Precision = round4(float64(hit) / float64(given))
		}
		c.F1 = round4(2 * float64(hit) / float64(given+real))
		r.Classes[label] = c
		r.MacroF1 += 2 * float64(hit) / float64(given+real)
		scored++
	}
	if r.Texts == 0 {
		return r
	}
	r.Accuracy = round4(float64(right) / float64(r.Texts))
	r.MacroF1 = round4(r.MacroF1 / float64(scored))
	for _, bin := range t.bins {
		r.ECE += math.Abs(bin.confidence-float64(bin.right)) / float64(r.Texts)
	}
	r.ECE = round4(r.ECE)
	return r
}

func round4(v float64) float64 { return math.Round(v*1e4) / 1e4 }
