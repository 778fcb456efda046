package likeness

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Example is a labelled text. Texts of one group, such as neighbouring lines, never serve as phrase and as measured text in
// the same trial.
type Example struct {
	Label, Text string
	Group       int
}

// Set is texts whose labels serve as the topics of made-up companies.
type Set struct {
	Source
	Examples []Example
	Labels   int // labels of one trial, a company's three among them; 0: all
}

// Trials of made-up companies: so many topics, each told by so many phrases.
const (
	trialTopics  = 3
	trialPhrases = 5
	trials       = 24 // a set and purpose
	phraseWords  = 10 // words of the longest phrase
)

// Make counts how rare n-grams are in the texts of all sets and in the plain ones, fits the calibration on trials with one
// half of each set's labels and measures on trials with the other. The same input gives the same bytes.
func Make(date string, seed uint64, sets []Set, plain []Set) ([]byte, Card, error) {
	b := &background{card: Card{Date: date, Seed: seed, Weights: make([]float64, likenesses)}}
	b.count(append(slices.Clone(sets), plain...))
	random := rand.New(rand.NewPCG(seed, 1))
	var fit []pair
	for _, s := range sets {
		own := s.run(b, random, 0)
		for i := range own {
			own[i].weight = 1 / float64(len(own)) // every set counts the same
		}
		fit = append(fit, own...)
	}
	b.fit(fit)
	for _, s := range sets {
		b.card.Figures = append(b.card.Figures, b.measure(s, random))
	}
	b.card.Notes = "Sentences or typical words of a label serve as phrases. The chat sets' labels are broad: five phrases tell little of them."
	file, err := b.encode()
	return file, b.card, err
}

// count fills the table.
func (b *background) count(sets []Set) {
	frequency := make([]int, 1<<bits)
	n := 0
	for _, s := range sets {
		s.Texts = len(s.Examples)
		b.card.Data = append(b.card.Data, s.Source)
		for _, e := range s.Examples {
			n++
			stems, chars := ngrams(e.Text)
			list := slices.Concat(stems, chars)
			for _, categories := range matters(e.Text) {
				list = append(list, categories...)
			}
			for _, t := range b.weigh(list) {
				frequency[t.bucket]++
			}
		}
	}
	b.card.Texts = n
	b.top = math.Log(float64(n + 1))
	for k, f := range frequency {
		if f > 0 {
			v := math.Log(float64(n+1) / float64(f+1))
			b.rarity[k] = uint8(min(max(math.Round(v/rarityStep), 1), 255))
		}
	}
}

// pair is a text beside a topic.
type pair struct {
	likeness [likenesses]float64
	right    bool
	weight   float64
	text     int // of the trial; texts of another trial have another number
}

// run makes trials with every second label, those of the half. Phrases are taken from one half of the groups, texts to be
// compared from the other.
func (s Set) run(b *background, random *rand.Rand, half int) []pair {
	var labels, own []string
	for _, e := range s.Examples {
		if !slices.Contains(labels, e.Label) {
			labels = append(labels, e.Label)
		}
	}
	slices.Sort(labels)
	for i, l := range labels {
		if i%2 == half && l != "other" && l != "oos" && l != "smalltalk" {
			own = append(own, l)
		}
	}
	var out []pair
	for trial := range trials {
		random.Shuffle(len(own), func(i, k int) { own[i], own[k] = own[k], own[i] })
		chosen := own[:trialTopics]
		var told, asked []Example
		for _, e := range s.Examples {
			if (e.Group+trial)%2 == 0 {
				told = append(told, e)
			} else {
				asked = append(asked, e)
			}
		}
		given := map[string][]string{}
		for _, l := range chosen {
			if trial/2%2 == 0 {
				given[l] = sentences(told, l, random)
			} else {
				given[l] = keywords(told, l)
			}
		}
		topics, err := newTopics(b, given)
		if err != nil {
			continue // a label with too few texts
		}
		random.Shuffle(len(labels), func(i, k int) { labels[i], labels[k] = labels[k], labels[i] })
		others := slices.DeleteFunc(slices.Clone(labels), func(l string) bool { return slices.Contains(chosen, l) })
		if s.Labels > 0 {
			others = others[:min(len(others), s.Labels-trialTopics)]
		}
		asked = slices.DeleteFunc(asked, func(e Example) bool { return !slices.Contains(others, e.Label) && !slices.Contains(chosen, e.Label) })
		out = append(out, topics.pairs(asked, len(s.Examples)*trial)...)
	}
	return out
}

// pairs compares every text with every topic.
func (t *Topics) pairs(asked []Example, number int) []pair {
	var out []pair
	for i, e := range asked {
		r := t.rare.read(e.Text)
		if len(r.stems) == 0 {
			continue
		}
		for k := range t.topics {
			out = append(out, pair{likeness: t.topics[k].compare(r), right: t.topics[k].key == e.Label, text: number + i})
		}
	}
	return out
}

// sentences draws short texts of a label as its example phrases.
func sentences(told []Example, label string, random *rand.Rand) []string {
	var out []string
	for _, i := range random.Perm(len(told)) {
		if e := told[i]; e.Label == label && len(strings.Fields(e.Text)) <= phraseWords && len(e.Text) <= MaxPhrase {
			if out = append(out, e.Text); len(out) == trialPhrases {
				break
			}
		}
	}
	return out
}

// keywords picks what is said with a label far more than without, one to three words each: what somebody writes who knows
// how customers call the thing.
func keywords(told []Example, label string) []string {
	own, all, texts := map[string]int{}, map[string]int{}, 0
	for _, e := range told {
		if e.Label == label {
			texts++
		}
		words := strings.Fields(strings.ToLower(e.Text))
		seen := map[string]bool{}
		for i := range words {
			for k := i + 1; k <= min(i+3, len(words)); k++ {
				if span := strings.Join(words[i:k], " "); !seen[span] {
					seen[span] = true
					all[span]++
					if e.Label == label {
						own[span]++
					}
				}
			}
		}
	}
	worth := func(span string) float64 {
		share := float64(texts) / float64(len(told))
		return float64(own[span]) * math.Log((float64(own[span])+0.1)/(float64(all[span])+1)/share)
	}
	spans := slices.SortedFunc(maps.Keys(own), func(a, b string) int { return cmp.Or(cmp.Compare(worth(b), worth(a)), cmp.Compare(a, b)) })
	var out []string
	for _, span := range spans {
		if len(out) == trialPhrases || own[span] < 2 {
			break
		}
		if stems, _ := ngrams(span); len(stems) > 0 && !slices.ContainsFunc(out, func(o string) bool { return strings.Contains(o, span) || strings.Contains(span, o) }) {
			out = append(out, span)
		}
	}
	return out
}

// fit finds the logistic regression of being right on the likenesses by Newton's method, with a light pull towards 0.
func (b *background) fit(pairs []pair) {
	const rounds, pull, n = 25, 1e-5, likenesses + 1
	var w [n]float64 // the last is the offset
	for range rounds {
		var hessian [n][n + 1]float64 // with the gradient as its last column
		for _, p := range pairs {
			x := [n]float64{likenesses: 1}
			copy(x[:], p.likeness[:])
			v := 0.0
			for k := range x {
				v += float64(w[k] * x[k])
			}
			chance := 1 / (1 + math.Exp(-v))
			miss := chance
			if p.right {
				miss--
			}
			for i := range x {
				for k := range i + 1 {
					hessian[i][k] += float64(p.weight * chance * (1 - chance) * x[i] * x[k])
				}
				hessian[i][n] += float64(p.weight * miss * x[i])
			}
		}
		for i := range n {
			for k := range i {
				hessian[k][i] = hessian[i][k]
			}
			hessian[i][i] += pull
			hessian[i][n] += float64(pull * w[i])
		}
		solve(hessian[:], func(i int, step float64) { w[i] -= step })
	}
	for k := range likenesses {
		b.card.Weights[k] = math.Round(w[k]*1e4) / 1e4
	}
	b.card.Offset = math.Round(w[likenesses]*1e4) / 1e4
}

// solve finds the solution of linear equations, the right side being the last column, by Gauss's elimination; the matrix is
// positive definite.
func solve(rows [][likenesses + 2]float64, use func(i int, x float64)) {
	n := len(rows)
	for i := range n {
		for k := i + 1; k < n; k++ {
			factor := rows[k][i] / rows[i][i]
			for c := i; c <= n; c++ {
				rows[k][c] -= float64(factor * rows[i][c])
			}
		}
	}
	x := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		v := rows[i][n]
		for k := i + 1; k < n; k++ {
			v -= float64(rows[i][k] * x[k])
		}
		x[i] = v / rows[i][i]
		use(i, x[i])
	}
}

func (b *background) probability(likeness [likenesses]float64, offset float64) float64 {
	for k, x := range likeness {
		offset += float64(b.card.Weights[k] * x)
	}
	return 1 / (1 + math.Exp(-offset))
}

// measure makes trials with the labels that the calibration did not see.
func (b *background) measure(s Set, random *rand.Rand) Figure {
	pairs := s.run(b, random, 1)
	best := map[int]pair{}
	truth := map[int]bool{}
	chance := map[int]float64{}
	for _, p := range pairs {
		v := b.probability(p.likeness, b.card.Offset)
		if _, known := best[p.text]; !known || v > chance[p.text] {
			best[p.text], chance[p.text] = p, v
		}
		truth[p.text] = truth[p.text] || p.right
	}
	var given, own, right float64
	var bins [10]struct{ n, sum, right float64 }
	for _, text := range slices.Sorted(maps.Keys(best)) {
		p, v := best[text], chance[text]
		if v >= 0.5 { // as with the setting only
			given++
			if p.right {
				right++
			}
		}
		if truth[text] {
			own++
		}
		k := min(int(v*10), 9)
		bins[k].n++
		bins[k].sum += v
		if p.right {
			bins[k].right++
		}
	}
	f := Figure{Data: s.Name, Method: "made-up companies of 3 topics with 5 phrases, not those of the calibration", Texts: len(best), Precision: right / max(given, 1), Recall: right / max(own, 1)}
	if right > 0 {
		f.F1 = 2 * right / (given + own)
	}
	for _, k := range bins {
		f.ECE += math.Abs(k.sum-k.right) / float64(len(best))
	}
	for _, v := range []*float64{&f.Precision, &f.Recall, &f.F1, &f.ECE} {
		*v = math.Round(*v*1e4) / 1e4
	}
	return f
}
