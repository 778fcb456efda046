package textmodel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Example is one labelled text.
type Example struct {
	Label string
	Text  Text
	// Weight multiplies the cost of an error; 0 means 1.
	Weight float64
	// Group names the block of lines the example comes from: neighbouring lines
	// belong to one dialogue, so a block is never split between folds.
	Group int
	// Auxiliary examples (another language, another domain) are trained on and
	// never measured.
	Auxiliary bool
}

// calibrationFolds is the number of parts that margins for calibration come from.
const calibrationFolds = 5

// maxLabels bounds the classes of a model.
const maxLabels = 512

// Train fits a model. The same specification and examples give the same model,
// however many processors there are. The card of the result holds the
// specification, the labels and their counts; the caller adds the data's names
// and the measurements.
func Train(ctx context.Context, spec Spec, examples []Example) (*Model, error) {
	m, _, err := TrainMeasured(ctx, spec, examples, calibrationFolds)
	return m, err
}

// TrainMeasured is Train that also gives, for every example, the prediction of a
// model that was trained without the example's fold and calibrated on the other
// folds; it is empty for auxiliary examples. Another number of folds gives
// another calibration.
func TrainMeasured(ctx context.Context, spec Spec, examples []Example, folds int) (*Model, []Prediction, error) {
	labels, err := checked(spec, examples)
	if err != nil {
		return nil, nil, err
	}
	margins, err := heldMargins(ctx, spec, labels, examples, folds)
	if err != nil {
		return nil, nil, err
	}
	set := newTrainingSet(spec, labels, examples)
	weights, bias, err := set.fit(ctx)
	if err != nil {
		return nil, nil, err
	}
	m := &Model{spec: spec, labels: labels, idf: set.idf}
	m.quantise(weights, bias)
	m.scales, m.cut = set.calibrate(margins, nil)
	m.Card = Card{Spec: spec, Labels: labels, Examples: len(examples), Classes: map[string]int{}, Seed: spec.Seed}
	for _, e := range examples {
		m.Card.Classes[e.Label]++
	}
	return m, set.predictions(margins, folds), nil
}

// checked gives the labels of examples that a model can be trained on.
func checked(spec Spec, examples []Example) ([]string, error) {
	if err := spec.validate(); err != nil {
		return nil, err
	}
	var labels []string
	known := map[string]bool{}
	for i, e := range examples {
		if e.Weight < 0 || math.IsNaN(e.Weight) || math.IsInf(e.Weight, 0) {
			return nil, fmt.Errorf("textmodel: weight of example %d is not a number above 0", i+1)
		}
		if !known[e.Label] {
			known[e.Label] = true
			labels = append(labels, e.Label)
		}
	}
	slices.Sort(labels)
	if len(labels) < 2 {
		return nil, errors.New("textmodel: training needs examples of at least two labels")
	}
	if len(labels) > maxLabels {
		return nil, fmt.Errorf("textmodel: %d labels are more than %d", len(labels), maxLabels)
	}
	if spec.Other != "" && !known[spec.Other] {
		return nil, fmt.Errorf("textmodel: no example of the class %q for what is out of scope", spec.Other)
	}
	return labels, nil
}

// entry is one value of a sparse vector.
type entry struct {
	bucket uint32
	value  float64
}

type trainingSet struct {
	spec     Spec
	labels   []string
	idf      []uint8
	examples []Example
	class    []int
	cost     []float64 // C of the example for the classes balanced by spec.Balance
	vectors  [][]entry
}

// newTrainingSet reads examples of which all labels are among labels.
func newTrainingSet(spec Spec, labels []string, examples []Example) *trainingSet {
	set := &trainingSet{spec: spec, labels: labels, examples: examples, class: make([]int, len(examples)), cost: make([]float64, len(examples))}
	mass, total, present := make([]float64, len(labels)), 0.0, 0.0
	for i, e := range examples {
		set.class[i], _ = slices.BinarySearch(labels, e.Label)
		mass[set.class[i]] += weightOf(e)
	}
	for _, v := range mass {
		if total += v; v > 0 {
			present++
		}
	}
	for i, e := range examples {
		share := total / (present * mass[set.class[i]])
		set.cost[i] = spec.Cost * weightOf(e) * math.Pow(share, spec.Balance)
	}
	set.vectorise()
	return set
}

func weightOf(e Example) float64 {
	if e.Weight == 0 {
		return 1
	}
	return e.Weight
}

// vectorise counts in how many texts each bucket occurs, sets the inverse
// document frequencies and turns every text into a sparse vector.
func (s *trainingSet) vectorise() {
	r := newReader(s.spec)
	seen := make([]int32, 1<<s.spec.Bits)
	df := make([]int32, 1<<s.spec.Bits)
	for i, e := range s.examples {
		r.read(e.Text)
		for _, group := range [][]uint32{r.word, r.char, r.open} {
			for _, b := range group {
				if seen[b] != int32(i+1) {
					seen[b] = int32(i + 1)
					df[b]++
				}
			}
		}
	}
	s.idf = make([]uint8, len(df))
	for b, n := range df {
		if n > 0 && int(n) >= s.spec.MinCount {
			v := math.Log(float64(1+len(s.examples))/float64(1+n)) + 1
			s.idf[b] = uint8(min(max(math.Round(v/idfStep), 1), 255))
		}
	}
	s.vectors = make([][]entry, len(s.examples))
	inParts(len(s.examples), func(from, to int) {
		r := newReader(s.spec)
		for i := from; i < to; i++ {
			r.read(s.examples[i].Text)
			s.vectors[i] = s.vector(r)
		}
	})
}

// vector is the float form of what Scorer.addGroup computes in whole numbers.
func (s *trainingSet) vector(r *reader) []entry {
	var raw []entry
	for _, group := range [][]uint32{r.word, r.char, r.open} {
		norm := 0.0
		for _, b := range group {
			norm += float64(s.idf[b]) * float64(s.idf[b])
		}
		if norm == 0 {
			continue
		}
		norm = math.Sqrt(norm)
		for _, b := range group {
			if s.idf[b] != 0 {
				raw = append(raw, entry{b, float64(s.idf[b]) / norm})
			}
		}
	}
	for _, b := range r.mark {
		raw = append(raw, entry{b, s.spec.MarkWeight})
	}
	slices.SortStableFunc(raw, func(a, b entry) int { return cmp.Compare(a.bucket, b.bucket) })
	out := raw[:0]
	for _, e := range raw {
		if n := len(out); n > 0 && out[n-1].bucket == e.bucket {
			out[n-1].value += e.value
		} else {
			out = append(out, e)
		}
	}
	return slices.Clone(out)
}

// quantise stores the weights in whole steps of 1/127 of the label's largest.
func (m *Model) quantise(weights [][]float64, bias []float64) {
	k := len(m.labels)
	m.weight = make([]int8, len(m.idf)*k)
	m.scale = make([]float64, k)
	m.bias = make([]float64, k)
	for c, w := range weights {
		top := 0.0
		for _, v := range w {
			top = max(top, math.Abs(v))
		}
		m.bias[c] = float64(float32(bias[c]))
		m.scale[c] = float64(float32(top / 127))
		if m.scale[c] == 0 {
			continue
		}
		for b, v := range w {
			m.weight[b*k+c] = int8(min(max(math.Round(v/m.scale[c]), -127), 127))
		}
	}
}
