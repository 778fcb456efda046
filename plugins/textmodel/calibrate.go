package textmodel

import (
	"context"
	"math"
	"slices"
)

// calibrate fits the slope and the offsets that turn margins into
// probabilities, and the cut below which the answer is spec.Other, on margins
// of examples that the separators did not see (folds by group).
func (m *Model) calibrate(ctx context.Context, set *trainingSet) error {
	k := len(set.labels)
	margins := make([][]float64, len(set.examples))
	for fold := range calibrationFolds {
		held := func(i int) bool { return foldOf(set.examples[i].Group, calibrationFolds) == fold }
		weights, bias, err := set.fit(ctx, func(i int) bool { return !held(i) })
		if err != nil {
			return err
		}
		for i, vector := range set.vectors {
			if !held(i) {
				continue
			}
			margins[i] = make([]float64, k)
			for c := range margins[i] {
				v := bias[c]
				for _, e := range vector {
					v += float64(e.value * weights[c][e.bucket])
				}
				margins[i][c] = v
			}
		}
	}
	for _, domain := range set.domains() {
		slope, offset := fitSoftmax(set, margins, set.measured(domain))
		m.scales = append(m.scales, calibration{Domain: domain, Slope: slope, Offset: offset})
	}
	if m.spec.Other != "" {
		m.cut = m.fitCut(set, margins)
	}
	return nil
}

// Fold gives the fold (0 … folds−1) in which CrossPredict measures a group.
func Fold(group, folds int) int { return foldOf(group+7919, folds) }

// foldOf spreads groups over folds evenly and without pattern.
func foldOf(group, folds int) int {
	h := (uint64(group) + 1) * finishPrime
	return int((h >> 33) % uint64(folds))
}

// domains lists the domains of the examples, in the order of their names.
func (s *trainingSet) domains() []string {
	var out []string
	for _, e := range s.examples {
		if !slices.Contains(out, e.Text.Domain) {
			out = append(out, e.Text.Domain)
		}
	}
	slices.Sort(out)
	return out
}

// enoughToCalibrate is how many examples a calibration should rest on.
const enoughToCalibrate = 200

// measured reports whether an example says how the model will be used in a
// domain; where too few do, the auxiliary ones of the domain count as well.
func (s *trainingSet) measured(domain string) func(i int) bool {
	in := func(i int) bool { return s.examples[i].Text.Domain == domain }
	own := 0
	for i, e := range s.examples {
		if !e.Auxiliary && in(i) {
			own++
		}
	}
	if own < enoughToCalibrate {
		return in
	}
	return func(i int) bool { return in(i) && !s.examples[i].Auxiliary }
}

// fitSoftmax minimises the weighted log loss of softmax(slope·margin + offset)
// by gradient descent (Platt 1999, Guo et al. 2017: vector scaling with one
// slope), with a light pull of the offsets towards 0.
func fitSoftmax(set *trainingSet, margins [][]float64, use func(i int) bool) (slope float64, offset []float64) {
	const rounds, rate, pull = 400, 0.5, 1e-3
	k := len(set.labels)
	slope, offset = 2, make([]float64, k)
	probs, gradOffset := make([]float64, k), make([]float64, k)
	total := 0.0
	for i, e := range set.examples {
		if use(i) {
			total += weightOf(e)
		}
	}
	for range rounds {
		gradSlope := 0.0
		clear(gradOffset)
		for i, e := range set.examples {
			if !use(i) {
				continue
			}
			softmax(slope, offset, margins[i], probs)
			for c := range probs {
				miss := probs[c]
				if c == set.class[i] {
					miss--
				}
				miss *= weightOf(e) / total
				gradOffset[c] += miss
				gradSlope += float64(miss * margins[i][c])
			}
		}
		slope = max(slope-float64(rate*2*gradSlope), 0.05)
		for c := range offset {
			offset[c] -= float64(rate * (gradOffset[c] + float64(pull*offset[c])))
		}
	}
	slope = float64(float32(slope))
	for c := range offset {
		offset[c] = float64(float32(offset[c]))
	}
	return slope, offset
}

// fitCut picks the cut, of steps of 0.02, with the best macro-F1 in the
// first domain.
func (m *Model) fitCut(set *trainingSet, margins [][]float64) float64 {
	main := m.scales[0]
	use := set.measured(main.Domain)
	probs := make([]float64, len(set.labels))
	best, bestScore := 0.0, -1.0
	for step := range 36 {
		cut := float64(step) * 0.02
		tally := newTally(set.labels)
		for i := range set.examples {
			if !use(i) {
				continue
			}
			softmax(main.Slope, main.Offset, margins[i], probs)
			c := argmax(probs)
			label, confidence := set.labels[c], probs[c]
			if confidence < cut {
				label = m.spec.Other
			}
			tally.add(set.labels[set.class[i]], label, confidence)
		}
		if score := tally.report().MacroF1; score > bestScore+1e-9 {
			best, bestScore = cut, score
		}
	}
	return math.Round(best*100) / 100
}
