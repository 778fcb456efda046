package textmodel

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
)

// heldMargins gives the margins of every example by a model, in whole steps of
// weight as it would be stored, that was trained without the example's fold.
func heldMargins(ctx context.Context, spec Spec, labels []string, examples []Example, folds int) ([][]float64, error) {
	margins := make([][]float64, len(examples))
	for fold := range folds {
		var kept []Example
		for _, e := range examples {
			if Fold(e.Group, folds) != fold {
				kept = append(kept, e)
			}
		}
		if len(kept) == 0 {
			return nil, errors.New("textmodel: training needs more than one group of examples")
		}
		set := newTrainingSet(spec, labels, kept)
		weights, bias, err := set.fit(ctx)
		if err != nil {
			return nil, err
		}
		m := &Model{spec: spec, labels: labels, idf: set.idf}
		m.quantise(weights, bias)
		scorer := m.Scorer()
		for i, e := range examples {
			if Fold(e.Group, folds) == fold {
				scorer.margins(e.Text)
				margins[i] = slices.Clone(scorer.margin)
			}
		}
	}
	return margins, nil
}

// calibrate fits the slopes and the offsets that turn margins into
// probabilities, whole domains before their parts, and the cut below which the
// answer is spec.Other, on margins of examples that the separators did not see.
// of limits the examples (nil = all).
func (s *trainingSet) calibrate(margins [][]float64, of func(i int) bool) ([]calibration, float64) {
	in := func(i int) bool { return of == nil || of(i) }
	var scales []calibration
	for _, domain := range s.domains() {
		if domain != whole(domain) {
			continue
		}
		scale := calibration{Domain: domain, Slope: 2, Offset: make([]float64, len(s.labels))}
		s.fitSoftmax(&scale, margins, s.measured(in, func(d string) bool { return whole(d) == domain }), 0)
		scales = append(scales, scale)
	}
	for _, domain := range s.domains() {
		if domain == whole(domain) {
			continue
		}
		for _, scale := range scales {
			if scale.Domain == whole(domain) {
				part := calibration{Domain: domain, Slope: scale.Slope, Offset: slices.Clone(scale.Offset)}
				s.fitSoftmax(&part, margins, s.measured(in, func(d string) bool { return d == domain }), partPull)
				scales = append(scales, part)
				break
			}
		}
	}
	cut := 0.0
	if s.spec.Other != "" {
		cut = s.fitCut(margins, s.measured(in, func(d string) bool { return whole(d) == scales[0].Domain }))
	}
	return scales, cut
}

// predictions answers for each example that is not auxiliary from its held
// margins, calibrated on those of the other folds.
func (s *trainingSet) predictions(margins [][]float64, folds int) []Prediction {
	out := make([]Prediction, len(margins))
	for fold := range folds {
		m := &Model{spec: s.spec, labels: s.labels}
		m.scales, m.cut = s.calibrate(margins, func(i int) bool { return Fold(s.examples[i].Group, folds) != fold })
		scorer := &Scorer{m: m, probs: make([]float64, len(s.labels))}
		for i, e := range s.examples {
			if e.Auxiliary || Fold(e.Group, folds) != fold {
				continue
			}
			scorer.margin = margins[i]
			out[i] = scorer.answer(m.scaleOf(e.Text.Domain))
			out[i].Probabilities = slices.Clone(out[i].Probabilities)
		}
	}
	return out
}

// Fold gives the fold (0 … folds−1) in which CrossPredict measures a group.
func Fold(group, folds int) int { return foldOf(group+7919, folds) }

// foldOf spreads groups over folds evenly and without pattern.
func foldOf(group, folds int) int {
	h := (uint64(group) + 1) * finishPrime
	return int((h >> 33) % uint64(folds))
}

// domains lists the domains of the examples and the whole domains of which these
// are parts, in the order of their names.
func (s *trainingSet) domains() []string {
	found := map[string]bool{}
	for _, e := range s.examples {
		found[e.Text.Domain], found[whole(e.Text.Domain)] = true, true
	}
	return slices.Sorted(maps.Keys(found))
}

// enoughToCalibrate is how many examples a calibration should rest on.
const enoughToCalibrate = 200

// measured reports whether an example says how the model will be used in a
// domain; where too few do, the auxiliary ones of the domain count as well.
func (s *trainingSet) measured(in func(i int) bool, of func(domain string) bool) func(i int) bool {
	own := 0
	for i, e := range s.examples {
		if in(i) && !e.Auxiliary && of(e.Text.Domain) {
			own++
		}
	}
	return func(i int) bool {
		return in(i) && of(s.examples[i].Text.Domain) && (!s.examples[i].Auxiliary || own < enoughToCalibrate)
	}
}

const (
	// partPull is how many examples the calibration of a whole domain weighs beside those of a part of it.
	partPull = 40
	// slopeTexts is how many texts a slope alone rests on at most.
	slopeTexts = 4000
	// fewLabels is up to how many labels each has an offset of its own; with more there is too little of each to tell it.
	fewLabels = 20
)

// rows lists the examples that use accepts.
func (s *trainingSet) rows(use func(i int) bool) []int {
	var out []int
	for i := range s.examples {
		if use(i) {
			out = append(out, i)
		}
	}
	return out
}

// fitSoftmax minimises, from where the scale begins, the weighted log loss of
// softmax(slope·margin + offset) by gradient descent (Platt 1999, Guo et al.
// 2017: vector scaling with one slope). pull is how many examples the beginning
// weighs; the offsets are lightly drawn to it anyway.
func (s *trainingSet) fitSoftmax(scale *calibration, margins [][]float64, use func(i int) bool, pull float64) {
	const rounds, rate, light, curvature = 400, 0.5, 1e-3, 0.1
	rows, total := s.rows(use), 0.0
	for _, i := range rows {
		total += weightOf(s.examples[i])
	}
	if total == 0 {
		return
	}
	if len(s.labels) > fewLabels {
		scale.Slope = s.fitSlope(scale, margins, rows)
		return
	}
	k := len(s.labels)
	start := calibration{Slope: scale.Slope, Offset: slices.Clone(scale.Offset)}
	drawn := curvature * pull / total
	probs, gradOffset := make([]float64, k), make([]float64, k)
	for range rounds {
		gradSlope := float64(drawn * (scale.Slope - start.Slope))
		for c := range gradOffset {
			gradOffset[c] = float64((light + drawn) * (scale.Offset[c] - start.Offset[c]))
		}
		for _, i := range rows {
			softmax(scale.Slope, scale.Offset, margins[i], probs)
			for c := range probs {
				miss := probs[c]
				if c == s.class[i] {
					miss--
				}
				miss *= weightOf(s.examples[i]) / total
				gradOffset[c] += miss
				gradSlope += float64(miss * margins[i][c])
			}
		}
		scale.Slope = max(scale.Slope-float64(rate*2*gradSlope), 0.05)
		for c := range scale.Offset {
			scale.Offset[c] -= float64(rate * gradOffset[c])
		}
	}
	scale.Slope = float64(float32(scale.Slope))
	for c := range scale.Offset {
		scale.Offset[c] = float64(float32(scale.Offset[c]))
	}
}

// fitSlope minimises the log loss in the slope alone, which has one minimum, by
// halving between 1/16 and 64.
func (s *trainingSet) fitSlope(scale *calibration, margins [][]float64, rows []int) float64 {
	probs := make([]float64, len(s.labels))
	stride := (len(rows) + slopeTexts - 1) / slopeTexts
	low, high := -4.0, 6.0 // powers of 2
	for range 14 {
		middle := (low + high) / 2
		slope, gradient := math.Exp2(middle), 0.0
		for x := 0; x < len(rows); x += stride {
			i := rows[x]
			softmax(slope, scale.Offset, margins[i], probs)
			miss := -margins[i][s.class[i]]
			for c, p := range probs {
				miss += float64(p * margins[i][c])
			}
			gradient += float64(miss * weightOf(s.examples[i]))
		}
		if gradient > 0 {
			high = middle
		} else {
			low = middle
		}
	}
	return float64(float32(math.Exp2((low + high) / 2)))
}
