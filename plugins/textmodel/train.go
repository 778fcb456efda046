package textmodel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
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
const calibrationFolds = 4

// Train fits a model. The same specification and examples give the same model.
// The card of the result holds the specification, the labels and their counts;
// the caller adds the data's names and the measurements.
func Train(ctx context.Context, spec Spec, examples []Example) (*Model, error) {
	if err := spec.validate(); err != nil {
		return nil, err
	}
	set, err := newTrainingSet(spec, examples)
	if err != nil {
		return nil, err
	}
	m := &Model{spec: spec, labels: set.labels, idf: set.idf}
	if err := m.calibrate(ctx, set); err != nil {
		return nil, err
	}
	weights, bias, err := set.fit(ctx, nil)
	if err != nil {
		return nil, err
	}
	m.quantise(weights, bias)
	m.Card = Card{Spec: spec, Labels: set.labels, Examples: len(examples), Classes: map[string]int{}, Seed: spec.Seed}
	for _, e := range examples {
		m.Card.Classes[e.Label]++
	}
	return m, nil
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

func newTrainingSet(spec Spec, examples []Example) (*trainingSet, error) {
	set := &trainingSet{spec: spec, examples: examples, class: make([]int, len(examples)), cost: make([]float64, len(examples))}
	for _, e := range examples {
		if !slices.Contains(set.labels, e.Label) {
			set.labels = append(set.labels, e.Label)
		}
	}
	slices.Sort(set.labels)
	if len(set.labels) < 2 {
		return nil, errors.New("textmodel: training needs examples of at least two labels")
	}
	if len(set.labels) > 512 {
		return nil, fmt.Errorf("textmodel: %d labels are more than 512", len(set.labels))
	}
	if spec.Other != "" && !slices.Contains(set.labels, spec.Other) {
		return nil, fmt.Errorf("textmodel: no example of the class %q for what is out of scope", spec.Other)
	}
	mass := make([]float64, len(set.labels))
	for i, e := range examples {
		set.class[i], _ = slices.BinarySearch(set.labels, e.Label)
		if e.Weight < 0 || math.IsNaN(e.Weight) || math.IsInf(e.Weight, 0) {
			return nil, fmt.Errorf("textmodel: weight of example %d is not a number above 0", i+1)
		}
		mass[set.class[i]] += weightOf(e)
	}
	total := 0.0
	for _, v := range mass {
		total += v
	}
	for i, e := range examples {
		share := total / (float64(len(mass)) * mass[set.class[i]])
		set.cost[i] = spec.Cost * weightOf(e) * math.Pow(share, spec.Balance)
	}
	set.vectorise()
	return set, nil
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
	for i, e := range s.examples {
		r.read(e.Text)
		s.vectors[i] = s.vector(r)
	}
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

// fit trains one separator per label on the examples that keep accepts (nil =
// all) and returns the weights by label and bucket, and the biases.
func (s *trainingSet) fit(ctx context.Context, keep func(i int) bool) (weights [][]float64, bias []float64, err error) {
	var rows []int
	for i := range s.examples {
		if keep == nil || keep(i) {
			rows = append(rows, i)
		}
	}
	bias = make([]float64, len(s.labels))
	for c := range s.labels {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		w, b := s.separate(rows, c)
		weights, bias[c] = append(weights, w), b
	}
	return weights, bias, nil
}

// separate solves the L2-regularised squared-hinge support vector machine of
// one class against the rest in its dual (Hsieh et al. 2008, "A dual coordinate
// descent method for large-scale linear SVM", algorithm 1).
func (s *trainingSet) separate(rows []int, class int) ([]float64, float64) {
	w, bias := make([]float64, 1<<s.spec.Bits), 0.0
	alpha := make([]float64, len(rows))
	diagonal := make([]float64, len(rows))
	square := make([]float64, len(rows))
	order := make([]int, len(rows))
	for k, i := range rows {
		order[k] = k
		diagonal[k] = 0.5 / s.cost[i]
		square[k] = 1 + diagonal[k] // 1 is the bias feature
		for _, e := range s.vectors[i] {
			square[k] += float64(e.value * e.value)
		}
	}
	random := rand.New(rand.NewPCG(s.spec.Seed, uint64(class)+1))
	for range s.spec.Epochs {
		random.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		worst := 0.0
		for _, k := range order {
			i := rows[k]
			y := -1.0
			if s.class[i] == class {
				y = 1
			}
			dot := bias
			for _, e := range s.vectors[i] {
				dot += float64(e.value * w[e.bucket])
			}
			gradient := float64(y*dot) - 1 + float64(diagonal[k]*alpha[k])
			if alpha[k] == 0 && gradient > 0 {
				continue
			}
			worst = max(worst, math.Abs(gradient))
			old := alpha[k]
			alpha[k] = max(old-gradient/square[k], 0)
			step := float64((alpha[k] - old) * y)
			bias += step
			for _, e := range s.vectors[i] {
				w[e.bucket] += float64(step * e.value)
			}
		}
		if worst < 0.02 {
			break
		}
	}
	return w, bias
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
