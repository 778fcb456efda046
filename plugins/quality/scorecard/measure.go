package scorecard

import (
	"cmp"
	"math"
	"slices"
)

// DefaultWeights are the criteria's weights unless the company sets others: an
// answer counts most, a polite refusal to answer is no answer.
func DefaultWeights() map[string]float64 {
	return map[string]float64{Answers: 3, Tone: 2, Clarity: 1, LanguageMatch: 1, Process: 1}
}

// DefaultCritical are the criteria that void a reply: an insult is not made
// good by an exact price.
func DefaultCritical() map[string]bool { return map[string]bool{Tone: true} }

// ModelCard is what quality/model/card.json holds: how far the scorecard as a
// whole agrees with people, and the calibration of its joint confidence.
type ModelCard struct {
	Date      string            `json:"date"`
	Seed      uint64            `json:"seed"`
	Method    string            `json:"method"`
	Notes     string            `json:"notes"`
	Figures   Figures           `json:"figures"`
	Languages []LanguageFigures `json:"languages"`
	// The probability that a score is within 10 points of a person's is
	// 1 ÷ (1 + exp(−(Slope × confidence + Offset))).
	Slope  float64 `json:"slope"`
	Offset float64 `json:"offset"`
}

// LanguageFigures are the figures of one language.
type LanguageFigures struct {
	Language string  `json:"language"`
	Figures  Figures `json:"figures"`
}

// Figures compare cards with people's ratings. Shares are 0..1.
type Figures struct {
	Replies   int                         `json:"replies"`
	Spearman  float64                     `json:"spearman"`   // rank correlation of the joint scores
	Within10  float64                     `json:"within_10"`  // share of joint scores at most 10 points apart
	MeanError float64                     `json:"mean_error"` // mean distance of the joint scores, points
	Criteria  map[string]CriterionFigures `json:"criteria"`
}

// CriterionFigures compare the ratings of one criterion where both rated.
type CriterionFigures struct {
	Both      int     `json:"both"`      // rated by both
	Rated     float64 `json:"rated"`     // share of what people rated that the card rated too
	Agreement float64 `json:"agreement"` // share of identical ratings
	Spearman  float64 `json:"spearman"`
}

// Measure compares cards with people's ratings (nil = N/A), line for line.
func Measure(rated []map[string]*int, cards []Card) ModelCard {
	var theirs, ours, sure []float64
	for i, c := range cards {
		if human, ok := humanScore(rated[i], c); ok && c.Score != nil {
			theirs, ours, sure = append(theirs, human), append(ours, *c.Score), append(sure, c.Confidence)
		}
	}
	m := ModelCard{Figures: Figures{Replies: len(ours), Spearman: round(Spearman(theirs, ours)), Criteria: map[string]CriterionFigures{}}}
	near := make([]bool, len(ours))
	hits, distance := 0, 0.0
	for i := range ours {
		d := math.Abs(ours[i] - theirs[i])
		distance += d
		if near[i] = d <= 10; near[i] {
			hits++
		}
	}
	if n := float64(len(ours)); n > 0 {
		m.Figures.Within10, m.Figures.MeanError = round(float64(hits)/n), round(distance/n)
	}
	for at, key := range Keys() {
		m.Figures.Criteria[key] = measureCriterion(rated, cards, at, key)
	}
	m.Slope, m.Offset = fitLogistic(sure, near)
	return m
}

// humanScore joins people's ratings by the card's weights and critical flags.
func humanScore(rated map[string]*int, c Card) (float64, bool) {
	human := Card{Criteria: slices.Clone(c.Criteria)}
	for i := range human.Criteria {
		human.Criteria[i].Rating = NotApplicable
		if r := rated[human.Criteria[i].Key]; r != nil {
			human.Criteria[i].Rating = Rating(*r)
		}
	}
	human.sum()
	if human.Score == nil {
		return 0, false
	}
	return *human.Score, true
}

func measureCriterion(rated []map[string]*int, cards []Card, at int, key string) CriterionFigures {
	var f CriterionFigures
	var theirs, ours []float64
	people, same := 0, 0
	for i, c := range cards {
		r := rated[i][key]
		if r == nil {
			continue
		}
		people++
		if c.Criteria[at].Rating == NotApplicable {
			continue
		}
		theirs, ours = append(theirs, float64(*r)), append(ours, float64(c.Criteria[at].Rating))
		if Rating(*r) == c.Criteria[at].Rating {
			same++
		}
	}
	f.Both = len(ours)
	if people > 0 && f.Both > 0 {
		f.Rated, f.Agreement = round(float64(f.Both)/float64(people)), round(float64(same)/float64(f.Both))
	}
	f.Spearman = round(Spearman(theirs, ours))
	return f
}

// Spearman is the rank correlation with mean ranks for ties; 0 where a side
// does not vary.
func Spearman(a, b []float64) float64 { return pearson(ranks(a), ranks(b)) }

func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(v[i], v[j]) })
	out := make([]float64, len(v))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[order[k]] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}

func pearson(a, b []float64) float64 {
	n := float64(len(a))
	if n == 0 {
		return 0
	}
	meanA, meanB := 0.0, 0.0
	for i := range a {
		meanA += a[i] / n
		meanB += b[i] / n
	}
	ab, aa, bb := 0.0, 0.0, 0.0
	for i := range a {
		x, y := a[i]-meanA, b[i]-meanB
		ab += float64(x * y)
		aa += float64(x * x)
		bb += float64(y * y)
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(float64(aa*bb))
}

// fitLogistic fits P(true) = 1 ÷ (1 + exp(−(slope·x + offset))) by gradient
// descent, with a light pull of the slope to 0.
func fitLogistic(x []float64, y []bool) (slope, offset float64) {
	if len(x) == 0 {
		return 0, 0
	}
	for range 20000 {
		gradSlope, gradOffset := 0.002*slope, 0.0
		for i, v := range x {
			miss := logistic(slope, offset, v)
			if y[i] {
				miss--
			}
			gradSlope += float64(miss*v) / float64(len(x))
			gradOffset += miss / float64(len(x))
		}
		slope -= float64(0.5 * gradSlope)
		offset -= float64(0.5 * gradOffset)
	}
	return round(slope), round(offset)
}

func logistic(slope, offset, x float64) float64 {
	return 1 / (1 + math.Exp(-(float64(slope*x) + offset)))
}

// Confidence is the calibrated probability that a card's score is within 10
// points of a person's.
func (m ModelCard) Confidence(c Card) float64 { return logistic(m.Slope, m.Offset, c.Confidence) }

func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }
