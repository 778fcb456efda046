package textmodel

import (
	"context"
	"math"
)

// SpecFor is the specification that a model of a kind (sentiment, topic, …) is trained with unless somebody says otherwise: the
// one that was found to do best on the project's sets. The shipped models are trained with it; see Tune for what depends on the
// data.
func SpecFor(kind string) Spec {
	s := DefaultSpec()
	s.Cost, s.Epochs = 0.5, 10
	switch kind {
	case "language":
		// The letters as they are typed: the script matters.
		s.View, s.Bits, s.Marks, s.CharMax, s.WordMax, s.MinCount, s.MarkWeight = Plain, 15, false, 4, 1, 1, 0
		s.CharMin, s.Cost, s.Epochs = 1, 1, 30
	case "sentiment":
		s.Bits, s.Valence = 17, true
	case "question":
		s.Bits, s.Openers, s.Copies = 18, true, true
	case "needs_reply":
	case "topic":
		s.Bits, s.MinCount, s.Stems = 16, 1, 4
		s.Cost, s.Balance, s.MarkWeight = 0.4, 0.8, 0.2
		s.Lexicons, s.Firsts = []string{"topic", "matter"}, true
	case "politeness":
		s.Bits, s.MinCount, s.Cost, s.Epochs = 17, 1, 1, 20
		s.Lexicons, s.Firsts = []string{"polite"}, true
	case "quality": // the rated replies are few and allow little more than 2^13 buckets
		s.Bits, s.MinCount, s.Cost, s.Epochs, s.Lexicons = 13, 1, 0.3, 30, []string{"reply"}
	default:
		s.Bits, s.MinCount, s.Epochs = 17, 1, 20
	}
	return s
}

// intents changes a specification of topics for sets of intents: many fine classes, told apart by pairs of words.
func (s Spec) intents() Spec {
	s.Bits, s.MinCount, s.Stems, s.Reach, s.Within = 16, 1, 4, 8, true
	s.Cost, s.Balance, s.MarkWeight, s.Lexicons, s.Firsts = 0.5, 0.3, 0.2, nil, false
	return s
}

const (
	// manyLabels is from how many labels a set of topics is one of intents.
	manyLabels = 16
	// tuneWork bounds what is spent on choosing C: a set with more n-grams times labels is trained with the kind's. It is counted in
	// work and not in seconds, so that the same data always gives the same model.
	tuneWork = 60e6
	// tuneGain, divided by the root of the number of texts, is by how much another C must be better to be taken: about half of a
	// standard error.
	tuneGain = 0.2
)

// Tune fits the kind's specification to the data: dialogues are read by turns, topics with many labels as intents, and C is
// the best of a third of, once and three times the specification's, by folds, where the work of finding it is bearable.
func Tune(ctx context.Context, kind string, spec Spec, examples []Example) (Spec, error) {
	labels, err := checked(spec, examples)
	if err != nil {
		return spec, err
	}
	if kind == "topic" && len(labels) >= manyLabels {
		spec = spec.intents()
	}
	if dialogues(examples) {
		spec.Turns, spec.Cost = true, spec.Cost*0.6
	}
	set := newTrainingSet(spec, labels, examples)
	work := 0
	for _, vector := range set.vectors {
		work += len(vector) * len(labels)
	}
	if float64(work) > tuneWork {
		return spec, nil
	}
	best, bestScore, gain := spec.Cost, 0.0, tuneGain/math.Sqrt(float64(len(examples)))
	for _, factor := range [...]float64{1, 1.0 / 3, 3} {
		tried := spec
		tried.Cost = spec.Cost * factor
		margins, err := heldMargins(ctx, tried, labels, examples, calibrationFolds)
		if err != nil {
			return spec, err
		}
		if score := rank(labels, examples, margins); score > bestScore+gain {
			best, bestScore = tried.Cost, score
		}
	}
	spec.Cost = best
	return spec, nil
}

// rank is the mean of accuracy and macro-F1 of the largest margins.
func rank(labels []string, examples []Example, margins [][]float64) float64 {
	tally := newTally(labels)
	for i, e := range examples {
		if !e.Auxiliary {
			tally.add(e.Label, labels[argmax(margins[i])], 1)
		}
	}
	r := tally.report()
	return (r.Accuracy + r.MacroF1) / 2
}

// Domains lists the domains whose texts the model was trained on and calibrated for, each by itself.
func (m *Model) Domains() []string {
	out := make([]string, len(m.scales))
	for i, s := range m.scales {
		out[i] = s.Domain
	}
	return out
}
