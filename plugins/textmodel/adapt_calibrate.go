package textmodel

import (
	"context"
	"slices"
)

// adaptPrior is how many examples the base's slope weighs beside those that a new one is fitted to.
const adaptPrior = 50

// calibrate gives the base's calibrations with slopes that fit the adapted margins.
func (a *adaptation) calibrate(ctx context.Context) ([]calibration, error) {
	margins := make([][]float64, len(a.set.examples))
	for fold := range calibrationFolds {
		held := func(i int) bool { return foldOf(a.set.examples[i].Group, calibrationFolds) == fold }
		weights, err := a.fit(ctx, func(i int) bool { return !held(i) || a.set.examples[i].Auxiliary })
		if err != nil {
			return nil, err
		}
		for i, vector := range a.set.vectors {
			if a.set.class[i] == auxiliary || !held(i) {
				continue
			}
			margins[i] = make([]float64, len(a.set.labels))
			for c := range margins[i] {
				margins[i][c] = margin(vector, weights[c], a.bias[c])
			}
		}
	}
	var out []calibration
	for _, base := range a.base.scales {
		scale := calibration{Domain: base.Domain, Slope: base.Slope, Offset: a.offsets(base)}
		scale.Slope = a.slope(scale, margins)
		out = append(out, scale)
	}
	return out, nil
}

// slope minimises, from that of the base, the log loss of softmax(slope·margin + offset) on the examples of the domain.
func (a *adaptation) slope(base calibration, margins [][]float64) float64 {
	const rounds, rate = 400, 0.5
	slope, probs := base.Slope, make([]float64, len(a.set.labels))
	for range rounds {
		gradient, total := 0.0, 0.0
		for i, e := range a.set.examples {
			if margins[i] == nil || a.base.scaleOf(e.Text.Domain).Domain != base.Domain {
				continue
			}
			total += weightOf(e)
			softmax(slope, base.Offset, margins[i], probs)
			for c := range probs {
				miss := probs[c]
				if c == a.set.class[i] {
					miss--
				}
				gradient += float64(miss * margins[i][c] * weightOf(e))
			}
		}
		// The pull has about the curvature of as many examples of the log loss.
		gradient += float64(0.1 * adaptPrior * (slope - base.Slope))
		slope = max(slope-float64(rate*gradient/(total+adaptPrior)), 0.05)
	}
	return float64(float32(slope))
}

// offsets are the base's by the new order of labels; a new label has their mean.
func (a *adaptation) offsets(base calibration) []float64 {
	mean := 0.0
	for _, v := range base.Offset {
		mean += v / float64(len(base.Offset))
	}
	out := make([]float64, len(a.set.labels))
	for c, label := range a.set.labels {
		out[c] = float64(float32(mean))
		if old := slices.Index(a.base.labels, label); old >= 0 {
			out[c] = base.Offset[old]
		}
	}
	return out
}
