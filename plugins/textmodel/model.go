package textmodel

import (
	"math"
	"slices"
	"sync"
)

// idfStep is the value of one step of the quantised inverse document frequency.
const idfStep = 1.0 / 24

// Model is a trained classifier. It is safe for concurrent use and never
// changes after Train or Read.
type Model struct {
	Card Card

	spec   Spec
	labels []string
	idf    []uint8   // 2^bits; 0 = the bucket was not seen in training
	weight []int8    // 2^bits × labels, row by bucket
	scale  []float64 // per label: value of one weight step
	bias   []float64 // per label
	scales []calibration
	cut    float64 // below this lead (scope.go) the answer is spec.Other

	sum  uint32 // CRC-32 of the file it was read from, 0 = made by Train
	pool sync.Pool
}

// Fingerprint is the checksum of the model's file, 0 for a model that was not
// read from one. It changes whenever the answers may.
func (m *Model) Fingerprint() uint32 { return m.sum }

// Blank reports a text without a word, a sign that is read or an emoji: there
// is nothing to judge in it.
func Blank(text string) bool {
	var buffer [64]byte
	return len(AppendRoman(buffer[:0], Clip(text))) == 0
}

// calibration turns the margins of one domain into probabilities:
// softmax(Slope × margin + Offset).
type calibration struct {
	Domain string    `json:"domain"`
	Slope  float64   `json:"slope"`
	Offset []float64 `json:"offset"`
}

// Prediction is the answer for one text.
type Prediction struct {
	Label         string
	Confidence    float64   // calibrated probability of Label, 0..1
	Probabilities []float64 // by the order of Labels; before the rule for "other"
}

// Labels lists the classes in the order of Prediction.Probabilities. Don't change it.
func (m *Model) Labels() []string { return m.labels }

// Spec tells how the model reads.
func (m *Model) Spec() Spec { return m.spec }

// Predict answers for one text. To answer for many from one goroutine without
// garbage, take a Scorer.
func (m *Model) Predict(t Text) Prediction {
	s, _ := m.pool.Get().(*Scorer)
	if s == nil {
		s = m.Scorer()
	}
	defer m.pool.Put(s)
	p := s.Score(t)
	p.Probabilities = append([]float64(nil), p.Probabilities...)
	return p
}

// Scorer predicts with buffers of its own; it belongs to one goroutine.
type Scorer struct {
	m      *Model
	reader *reader
	sums   []int32
	margin []float64
	probs  []float64
}

// Scorer makes a Scorer of the model.
func (m *Model) Scorer() *Scorer {
	k := len(m.labels)
	return &Scorer{m: m, reader: newReader(m.spec), sums: make([]int32, k),
		margin: make([]float64, k), probs: make([]float64, k)}
}

// Score answers for one text; Probabilities are valid until the next call.
func (s *Scorer) Score(t Text) Prediction {
	scale := s.m.scaleOf(t.Domain)
	t.Domain = scale.Domain // one that the model was not trained on is read as the first
	s.margins(t)
	return s.answer(scale)
}

// answer turns s.margin into the answer.
func (s *Scorer) answer(scale *calibration) Prediction {
	softmax(scale.Slope, scale.Offset, s.margin, s.probs)
	best := argmax(s.probs)
	if s.m.spec.Other != "" {
		other, _ := slices.BinarySearch(s.m.labels, s.m.spec.Other)
		scoped, by := lead(s.margin, s.probs, other)
		if by < s.m.cut {
			return Prediction{Label: s.m.spec.Other, Confidence: max(s.probs[other], 1-s.probs[scoped]), Probabilities: s.probs}
		}
		best = scoped
	}
	return Prediction{Label: s.m.labels[best], Confidence: s.probs[best], Probabilities: s.probs}
}

// margins fills s.margin with the signed distances per label.
func (s *Scorer) margins(t Text) {
	s.reader.read(t)
	copy(s.margin, s.m.bias)
	s.addGroup(s.reader.word, true)
	s.addGroup(s.reader.char, true)
	s.addGroup(s.reader.open, true)
	s.addGroup(s.reader.mark, false)
}

// addGroup adds one group of n-grams, scaled to norm 1, or the marks, scaled by
// their fixed weight. Sums are whole numbers, so the order does not matter.
func (s *Scorer) addGroup(buckets []uint32, ngrams bool) {
	k := len(s.sums)
	clear(s.sums)
	var norm int64
	for _, b := range buckets {
		value := int32(1)
		if ngrams {
			value = int32(s.m.idf[b])
			norm += int64(value) * int64(value)
		}
		if value == 0 {
			continue
		}
		row := s.m.weight[int(b)*k : int(b)*k+k]
		for c, w := range row {
			s.sums[c] += value * int32(w)
		}
	}
	factor := s.m.spec.MarkWeight
	if ngrams {
		if norm == 0 {
			return
		}
		factor = 1 / math.Sqrt(float64(norm))
	}
	for c := range s.margin {
		s.margin[c] += float64(factor * float64(float64(s.sums[c])*s.m.scale[c]))
	}
}

// scaleOf finds the calibration of a domain, or of the whole that it is a part
// of; an unknown one gets the first.
func (m *Model) scaleOf(domain string) *calibration {
	for _, name := range [...]string{domain, whole(domain)} {
		for i := range m.scales {
			if m.scales[i].Domain == name {
				return &m.scales[i]
			}
		}
	}
	return &m.scales[0]
}

// softmax turns margins into probabilities that sum to 1.
func softmax(slope float64, offset, margin, probs []float64) {
	top := math.Inf(-1)
	for c, v := range margin {
		probs[c] = float64(slope*v) + offset[c]
		top = max(top, probs[c])
	}
	sum := 0.0
	for c := range probs {
		probs[c] = math.Exp(probs[c] - top)
		sum += probs[c]
	}
	for c := range probs {
		probs[c] /= sum
	}
}

func argmax(v []float64) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}
