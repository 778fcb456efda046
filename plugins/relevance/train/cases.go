package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/fincokpi/finco/plugins/quality/scorecard"
	"github.com/fincokpi/finco/plugins/relevance/pair"
	"github.com/fincokpi/finco/plugins/textmodel"
)

// one is a reply beside a question, and what is known of the two.
type one struct {
	example textmodel.Example
	pool    string
	rating  *int
	swapped bool // the reply is another dialogue's
}

// What examples weigh before the two classes are set to their shares.
const (
	ratedWeight = 4 // rated as an answer, or as none
	realWeight  = 1
	// There are many more English dialogues than others; together they weigh about as much.
	englishWeight = 0.1
	swaps         = 6 // replies of other dialogues a question
	// strangeShare is the share of replies that do not bear on their question, for the calibration: of the rated ones, that of
	// those that do not answer.
	strangeShare = 0.25
)

// makeCases sets every reply beside its question, and replies of other dialogues of the same fold.
func makeCases(reader pair.Reader, replies []reply, seed uint64, folds int) ([]one, error) {
	random := rand.New(rand.NewPCG(seed, 2))
	var out []one
	for _, r := range replies {
		e := scorecard.NewExchange(r.text, r.context)
		if textmodel.Blank(e.Question) || textmodel.Blank(e.Reply) || scorecard.OwedNothing(e.Question) {
			continue
		}
		q, err := reader.Ask(e)
		if err != nil {
			return nil, err
		}
		add := func(text, label string, weight float64, swapped bool) error {
			p, err := q.Reply(text)
			c := one{pool: r.pool, rating: r.rating, swapped: swapped}
			c.example = textmodel.Example{Label: label, Text: p.Text(), Weight: weight, Group: r.group}
			out = append(out, c)
			return err
		}
		label, weight := pair.Bears, float64(realWeight)
		if r.rating != nil && *r.rating != 1 {
			weight = ratedWeight
		}
		swapped := 1.0 / swaps
		if r.pool == englishPool {
			weight, swapped = englishWeight, englishWeight/swaps
		}
		if r.rating != nil && *r.rating == 0 {
			label = pair.Strange
		}
		if err := add(e.Reply, label, weight, false); err != nil {
			return nil, err
		}
		others := slices.DeleteFunc(slices.Clone(replies), func(o reply) bool {
			return o.pool != r.pool || o.group == r.group || textmodel.Fold(o.group, folds) != textmodel.Fold(r.group, folds) || textmodel.Blank(o.text)
		})
		for range min(swaps, len(others)) {
			if err := add(others[random.IntN(len(others))].text, pair.Strange, swapped, true); err != nil {
				return nil, err
			}
		}
	}
	share(out)
	return out, nil
}

// share sets the weights so that the classes have their shares.
func share(cases []one) {
	mass := map[string]float64{}
	for _, c := range cases {
		mass[c.example.Label] += c.example.Weight
	}
	factor := mass[pair.Bears] / mass[pair.Strange] * strangeShare / (1 - strangeShare)
	for i := range cases {
		if cases[i].example.Label == pair.Strange {
			cases[i].example.Weight *= factor
		}
	}
}

func examplesOf(cases []one) []textmodel.Example {
	out := make([]textmodel.Example, 0, len(cases))
	for _, c := range cases {
		out = append(out, c.example)
	}
	return out
}

func pools(cases []one) []string {
	var out []string
	for _, c := range cases {
		if !slices.Contains(out, c.pool) {
			out = append(out, c.pool)
		}
	}
	slices.Sort(out)
	return out
}

// measure compares answers, line for line with the cases, with what is known, in the pools that of takes.
func measure(m *textmodel.Model, cases []one, answers []textmodel.Prediction, data string, of func(pool string) bool) pair.Figures {
	at := slices.Index(m.Labels(), pair.Bears)
	f := pair.Figures{Data: data}
	var real, swapped, scores, ratings []float64
	var bins [10]struct{ sum, right float64 }
	var mass, judged, right float64
	for i, c := range cases {
		if !of(c.pool) {
			continue
		}
		chance := answers[i].Probabilities[at]
		bears := c.example.Label == pair.Bears
		switch {
		case c.swapped:
			swapped = append(swapped, chance)
		case bears:
			real = append(real, chance)
		}
		if c.rating != nil && !c.swapped {
			scores, ratings = append(scores, chance), append(ratings, float64(*c.rating))
		}
		sure, hit, w := max(chance, 1-chance), (chance >= 0.5) == bears, c.example.Weight
		bin := &bins[min(int(sure*10), 9)]
		bin.sum += w * sure
		mass += w
		if hit {
			bin.right += w
		}
		if sure >= pair.SureEnough {
			judged += w
			if hit {
				right += w
			}
		}
	}
	f.Replies, f.Rated = len(real), len(ratings)
	f.AUC, f.Spearman = round(auc(real, swapped)), round(scorecard.Spearman(ratings, scores))
	f.Judged, f.Right = round(judged/mass), round(right/max(judged, 1e-9))
	for _, b := range bins {
		f.ECE += math.Abs(b.sum-b.right) / mass
	}
	f.ECE = round(f.ECE)
	return f
}

// measureKept asks a model about pairs that it was not trained on.
func measureKept(m *textmodel.Model, reader pair.Reader, replies []reply, seed uint64) (pair.Figures, error) {
	cases, err := makeCases(reader, replies, seed, 1)
	if err != nil {
		return pair.Figures{}, err
	}
	answers := make([]textmodel.Prediction, len(cases))
	for i, c := range cases {
		answers[i] = m.Predict(c.example.Text)
	}
	return measure(m, cases, answers, "conversations/dev, kept apart", func(string) bool { return true }), nil
}

// auc is the probability that a real reply is given more than a swapped one (Mann and Whitney), ties counting half.
func auc(real, swapped []float64) float64 {
	if len(real)*len(swapped) == 0 {
		return 0
	}
	slices.Sort(swapped)
	sum := 0.0
	for _, v := range real {
		below, _ := slices.BinarySearch(swapped, v)
		upTo, _ := slices.BinarySearchFunc(swapped, v, func(x, v float64) int {
			if x <= v {
				return -1
			}
			return 1
		})
		sum += float64(below+upTo) / 2
	}
	return sum / float64(len(real)) / float64(len(swapped))
}

func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }
