package textmodel

import "slices"

// What is out of scope is found by its lead: how far the best label's margin is
// above that of the class for such texts. Below the cut the answer is that class.
//
// Where such texts are common in the data, the cut is the one with the best
// macro-F1. Where they are rare, the data says little about how common they will
// be (in CLINC150 they are 1 % of the training part and 18 % of the test part):
// then the cut is the one that finds the most of them at the price of givenUp of
// the accuracy in scope.

const (
	commonOther = 0.04 // share of the class from which it counts as common
	givenUp     = 0.01 // accuracy in scope that may be lost to find what is out of scope
	cutSteps    = 150  // cuts tried on each side of 0
	cutStep     = 0.02 // in units of margin
)

// scope is what deciding about one text takes.
type scope struct {
	lead         float64
	best         int // the best label but the class for what is out of scope
	right, other bool
}

// lead gives the best label but other and how far its margin is above other's.
func lead(margin, probs []float64, other int) (best int, by float64) {
	best = -1
	for c := range probs {
		if c != other && (best < 0 || probs[c] > probs[best]) {
			best = c
		}
	}
	return best, margin[best] - margin[other]
}

// fitCut picks the cut on margins that the separators did not see.
func (s *trainingSet) fitCut(margins [][]float64, use func(i int) bool) float64 {
	other, _ := slices.BinarySearch(s.labels, s.spec.Other)
	var texts []scope
	in, out := 0, 0
	for i := range s.examples {
		if !use(i) {
			continue
		}
		t := scope{other: s.class[i] == other}
		t.best, t.lead = lead(margins[i], margins[i], other)
		t.right = t.best == s.class[i]
		texts = append(texts, t)
		if t.other {
			out++
		} else {
			in++
		}
	}
	if in == 0 || out == 0 {
		return 0
	}
	if float64(out) >= commonOther*float64(in+out) {
		return s.cutByF1(texts, other, margins, use)
	}
	return cutByRecall(texts, in, out)
}

// cutByRecall finds the most of what is out of scope at the price of givenUp.
func cutByRecall(texts []scope, in, out int) float64 {
	shares := func(cut float64) (accuracy, recall float64) {
		right, found := 0, 0
		for _, t := range texts {
			switch {
			case t.other && t.lead < cut:
				found++
			case !t.other && t.right && t.lead >= cut:
				right++
			}
		}
		return float64(right) / float64(in), float64(found) / float64(out)
	}
	most, _ := shares(-cutSteps * cutStep)
	return bestCut(0, func(cut float64) float64 {
		accuracy, recall := shares(cut)
		if accuracy < most-givenUp {
			return 0
		}
		return accuracy + recall
	})
}

// bestCut gives the cut from the lowest step on with the highest score: of
// several the one in the middle, which is safe from both sides.
func bestCut(lowest int, score func(cut float64) float64) float64 {
	first, last, most := 0, 0, 0.0
	for step := lowest; step <= cutSteps; step++ {
		switch v := score(float64(step) * cutStep); {
		case v > most+1e-9:
			first, last, most = step, step, v
		case v > most-1e-9 && last == step-1:
			last = step
		}
	}
	return float64(first+last) / 2 * cutStep
}

// cutByF1 gives the cut with the best macro-F1.
func (s *trainingSet) cutByF1(texts []scope, other int, margins [][]float64, use func(i int) bool) float64 {
	var classes []int
	for i := range margins {
		if use(i) {
			classes = append(classes, s.class[i])
		}
	}
	return bestCut(-cutSteps, func(cut float64) float64 {
		tally := newTally(s.labels)
		for i, t := range texts {
			given := t.best
			if t.lead < cut {
				given = other
			}
			tally.add(s.labels[classes[i]], s.labels[given], 1)
		}
		return tally.report().MacroF1
	})
}
