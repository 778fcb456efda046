package textmodel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// AdaptOptions say how a model is adapted.
type AdaptOptions struct {
	// Seed orders the examples; the same seed gives the same bytes.
	Seed uint64
	// Date is when, YYYY-MM-DD, for the card.
	Date string
	// Data names where the examples come from, for the card. Their number is counted.
	Data Source
}

const (
	// newBias is where a label that the base does not know begins: the margin of a text that is surely of another label.
	newBias = -1
	// auxiliary is the class of an example that has none.
	auxiliary = -1
	// maxShare bounds how much more than the average an example of a rare label may cost: a label corrected once must not
	// bend everything.
	maxShare = 4
	// adaptEpochs is more than Train's: corrections are few, and each pass is cheap.
	adaptEpochs = 60
)

// Adapt continues a model with examples that it has not seen, such as people's corrections, without the data that it was made
// of. The separators are those nearest to the base's that get the examples right, as far as C makes that worth while:
//
//	min ½‖w − w₀‖² + C Σ max(0, 1 − y·(wᵀx + b))²
//
// (Yang, Yan, Hauptmann 2007, "Cross-domain video concept detection using adaptive SVMs", with the squared hinge). b is the
// base's: what people correct is no fair sample, so it must not tell how common a label is; moved with the rest it would pull
// every text along. Probabilities are calibrated again for the same reason in their slope alone, on margins of examples that
// the separators did not see (folds by group), drawn to the base's slope.
//
// Labels that the base does not know begin at w₀ = 0 and as improbable. Auxiliary examples are texts that are of no new label;
// they serve new labels alone, as what these are not (see Anchors): the base knows them.
//
// The same base, examples and options give the same bytes. The result has a fingerprint, as if read from a file.
func Adapt(ctx context.Context, base *Model, examples []Example, o AdaptOptions) (*Model, error) {
	a, err := newAdaptation(base, examples, o)
	if err != nil {
		return nil, err
	}
	m := &Model{spec: base.spec, labels: a.set.labels, idf: a.set.idf, cut: base.cut}
	if m.scales, err = a.calibrate(ctx); err != nil {
		return nil, err
	}
	weights, err := a.fit(ctx, func(int) bool { return true })
	if err != nil {
		return nil, err
	}
	m.quantise(weights, a.bias)
	m.Card = a.card(o)
	var file bytes.Buffer
	if err := m.Write(&file); err != nil {
		return nil, err
	}
	return Read(&file)
}

// adaptation is what Adapt works on.
type adaptation struct {
	base  *Model
	set   *trainingSet
	known []bool      // by label: the base knows it
	start [][]float64 // by label and bucket: w₀
	bias  []float64
	seed  uint64
}

func newAdaptation(base *Model, examples []Example, o AdaptOptions) (*adaptation, error) {
	labels, err := adaptedLabels(base, examples)
	if err != nil {
		return nil, err
	}
	set := &trainingSet{spec: base.spec, labels: labels, idf: slices.Clone(base.idf), examples: examples,
		class: make([]int, len(examples)), cost: make([]float64, len(examples)), vectors: make([][]entry, len(examples))}
	a := &adaptation{base: base, set: set, seed: o.Seed}
	a.weigh()
	a.grow()
	r := newReader(set.spec)
	for i, e := range examples {
		a.read(r, e.Text)
		set.vectors[i] = set.vector(r)
	}
	a.begin()
	return a, nil
}

// read reads a text as the model will: one of a domain that it was not trained on is read as of the first.
func (a *adaptation) read(r *reader, t Text) {
	t.Domain = a.base.scaleOf(t.Domain).Domain
	r.read(t)
}

// adaptedLabels are the base's and those of the examples, in order.
func adaptedLabels(base *Model, examples []Example) ([]string, error) {
	labels, own := slices.Clone(base.labels), 0
	for i, e := range examples {
		if e.Weight < 0 || math.IsNaN(e.Weight) || math.IsInf(e.Weight, 0) {
			return nil, fmt.Errorf("textmodel: weight of example %d is not a number above 0", i+1)
		}
		if e.Auxiliary {
			continue
		}
		if own++; e.Label == "" {
			return nil, fmt.Errorf("textmodel: example %d has no label", i+1)
		}
		if !slices.Contains(labels, e.Label) {
			labels = append(labels, e.Label)
		}
	}
	if own == 0 {
		return nil, errors.New("textmodel: there is nothing to adapt to")
	}
	if slices.Sort(labels); len(labels) > 512 {
		return nil, fmt.Errorf("textmodel: %d labels are more than 512", len(labels))
	}
	return labels, nil
}

// weigh sets each example's class and C. Labels are balanced as in Train, among those that the examples have. Auxiliary
// examples are of no class.
func (a *adaptation) weigh() {
	s := a.set
	mass, total, present := make([]float64, len(s.labels)), 0.0, 0.0
	for i, e := range s.examples {
		if s.class[i] = auxiliary; e.Auxiliary {
			continue
		}
		s.class[i], _ = slices.BinarySearch(s.labels, e.Label)
		mass[s.class[i]] += weightOf(e)
		total += weightOf(e)
	}
	for _, v := range mass {
		if v > 0 {
			present++
		}
	}
	for i, e := range s.examples {
		s.cost[i] = s.spec.Cost * weightOf(e)
		if s.class[i] >= 0 {
			s.cost[i] *= min(math.Pow(total/(present*mass[s.class[i]]), s.spec.Balance), maxShare)
		}
	}
}

// grow gives n-grams that the base never saw a value, so that new words count. Those that the base knows keep theirs.
func (a *adaptation) grow() {
	s := a.set
	r := newReader(s.spec)
	seen, df := make([]int32, len(s.idf)), make([]int32, len(s.idf))
	for i, e := range s.examples {
		if e.Auxiliary {
			continue
		}
		a.read(r, e.Text)
		for _, group := range [][]uint32{r.word, r.char, r.open} {
			for _, b := range group {
				if s.idf[b] == 0 && seen[b] != int32(i+1) {
					seen[b] = int32(i + 1)
					df[b]++
				}
			}
		}
	}
	texts := float64(1 + a.base.Card.Examples + len(s.examples))
	for b, n := range df {
		if n > 0 && int(n) >= s.spec.MinCount {
			v := math.Log(texts/float64(1+n)) + 1
			s.idf[b] = uint8(min(max(math.Round(v/idfStep), 1), 255))
		}
	}
}

// begin writes the base's weights out by the new order of labels.
func (a *adaptation) begin() {
	k := len(a.base.labels)
	for _, label := range a.set.labels {
		w, bias := make([]float64, len(a.set.idf)), float64(newBias)
		old := slices.Index(a.base.labels, label)
		if old >= 0 {
			for b := range w {
				w[b] = float64(a.base.weight[b*k+old]) * a.base.scale[old]
			}
			bias = a.base.bias[old]
		}
		a.known, a.start, a.bias = append(a.known, old >= 0), append(a.start, w), append(a.bias, bias)
	}
}

// fit moves the base's separators to the examples that keep accepts.
func (a *adaptation) fit(ctx context.Context, keep func(i int) bool) ([][]float64, error) {
	weights := make([][]float64, len(a.set.labels))
	for c := range weights {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var rows []int
		for i, e := range a.set.examples {
			if keep(i) && !(e.Auxiliary && a.known[c]) {
				rows = append(rows, i)
			}
		}
		weights[c] = slices.Clone(a.start[c])
		a.separate(rows, c, weights[c])
	}
	return weights, nil
}

// separate moves w. The dual of the adaptive machine differs from that of the plain one (trainingSet.separate) only in where
// w begins, so that every margin holds the base's.
func (a *adaptation) separate(rows []int, class int, w []float64) {
	s := a.set
	alpha := make([]float64, len(rows))
	diagonal := make([]float64, len(rows))
	square := make([]float64, len(rows))
	order := make([]int, len(rows))
	boost := a.boost(rows, class)
	for k, i := range rows {
		order[k] = k
		diagonal[k] = 0.5 / s.cost[i]
		if s.class[i] == class {
			diagonal[k] /= boost
		}
		square[k] = diagonal[k]
		for _, e := range s.vectors[i] {
			square[k] += float64(e.value * e.value)
		}
	}
	random := rand.New(rand.NewPCG(a.seed, uint64(class)+1))
	for range adaptEpochs {
		random.Shuffle(len(order), func(x, y int) { order[x], order[y] = order[y], order[x] })
		worst := 0.0
		for _, k := range order {
			i := rows[k]
			y := -1.0
			if s.class[i] == class {
				y = 1
			}
			gradient := float64(y*margin(s.vectors[i], w, a.bias[class])) - 1 + float64(diagonal[k]*alpha[k])
			if alpha[k] == 0 && gradient > 0 {
				continue
			}
			worst = max(worst, math.Abs(gradient))
			old := alpha[k]
			alpha[k] = max(old-gradient/square[k], 0)
			step := float64((alpha[k] - old) * y)
			for _, e := range s.vectors[i] {
				w[e.bucket] += float64(step * e.value)
			}
		}
		if worst < 0.01 {
			break
		}
	}
}

// boost is how much more an example of a new label costs than one of what it is not, where corrections of it are the fewer.
func (a *adaptation) boost(rows []int, class int) float64 {
	if a.known[class] {
		return 1
	}
	own, rest := 0, 0
	for _, i := range rows {
		switch a.set.class[i] {
		case class:
			own++
		case auxiliary:
		default:
			rest++
		}
	}
	return min(max(math.Sqrt(float64(rest)/float64(max(own, 1))), 1), maxShare)
}

// margin is the signed distance of a text.
func margin(vector []entry, w []float64, bias float64) float64 {
	for _, e := range vector {
		bias += float64(e.value * w[e.bucket])
	}
	return bias
}

// card tells what the model is made of; the caller adds the measurements, for the base's are not this model's.
func (a *adaptation) card(o AdaptOptions) Card {
	c := a.base.Card
	o.Data.Examples = 0
	c.Classes = maps.Clone(c.Classes)
	for _, e := range a.set.examples {
		if !e.Auxiliary {
			o.Data.Examples++
			c.Classes[e.Label]++
		}
	}
	c.Base, c.Date, c.Seed, c.Labels, c.Evaluation = fmt.Sprintf("%08x", a.base.Fingerprint()), o.Date, o.Seed, a.set.labels, nil
	c.Data = append(slices.Clone(c.Data), o.Data)
	c.Examples += o.Data.Examples
	return c
}
