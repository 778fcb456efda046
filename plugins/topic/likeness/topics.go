package likeness

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Bounds of a company's topics.
const (
	MaxTopics  = 50
	MaxPhrases = 100 // a topic
	MaxKey     = 64  // bytes of a topic's name
	MaxPhrase  = 300 // bytes
)

// likenesses is how many numbers a text is compared with a topic by.
const likenesses = 8

// Topics are a company's own. They never change and are safe for concurrent use.
type Topics struct {
	rare   *background
	topics []topic
}

type topic struct {
	key     string
	phrases []reading
	all     reading // every stem and character n-gram of the phrases
}

// New reads topics by name, each with its phrases. The error names every fault.
func New(given map[string][]string) (*Topics, error) {
	rare, err := load()
	if err != nil {
		return nil, err
	}
	return newTopics(rare, given)
}

func newTopics(rare *background, given map[string][]string) (*Topics, error) {
	var faults []string
	t := &Topics{rare: rare}
	if len(given) > MaxTopics {
		faults = append(faults, fmt.Sprintf("%d topics are more than %d", len(given), MaxTopics))
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		own := topic{key: key}
		if key != strings.TrimSpace(key) || key == "" || len(key) > MaxKey || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' }) {
			faults = append(faults, fmt.Sprintf("the name %.80q must have 1 to %d bytes in one line", key, MaxKey))
		}
		if len(given[key]) > MaxPhrases {
			faults = append(faults, fmt.Sprintf("%.80q has more than %d phrases", key, MaxPhrases))
			continue
		}
		for i, phrase := range given[key] {
			r := rare.read(phrase)
			if len(phrase) > MaxPhrase {
				faults = append(faults, fmt.Sprintf("phrase %d of %.80q has more than %d bytes", i+1, key, MaxPhrase))
			}
			if len(r.stems) == 0 {
				continue // nothing to compare with
			}
			own.phrases = append(own.phrases, r)
		}
		if len(own.phrases) == 0 {
			faults = append(faults, fmt.Sprintf("%.80q needs at least one example phrase with a word", key))
		}
		own.all = rare.read(strings.Join(given[key], "\n"))
		t.topics = append(t.topics, own)
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("topics: %s", strings.Join(faults, "; "))
	}
	return t, nil
}

// Keys lists the topics' names in order.
func (t *Topics) Keys() []string {
	keys := make([]string, 0, len(t.topics))
	for _, own := range t.topics {
		keys = append(keys, own.key)
	}
	return keys
}

// Match gives the likeliest of the topics and the probability that the text is about it, calibrated; "", 0 without topics.
func (t *Topics) Match(text string) (key string, probability float64) {
	if len(t.topics) == 0 {
		return "", 0
	}
	r := t.rare.read(text)
	if len(r.stems) == 0 {
		return "", 0
	}
	best := math.Inf(-1)
	for i := range t.topics {
		v := t.rare.card.Offset
		for k, x := range t.topics[i].compare(r) {
			v += float64(t.rare.card.Weights[k] * x)
		}
		if v > best {
			best, key = v, t.topics[i].key
		}
	}
	return key, 1 / (1 + math.Exp(-best))
}

// compare gives the likenesses of a text to the topic, each 0 to 1: of the phrase that is nearest, how much of its stems the
// text has and the cosine of character n-grams; of all phrases together, how much of the text's stems they have and the cosine.
func (o *topic) compare(r reading) [likenesses]float64 {
	var out [likenesses]float64
	for _, p := range o.phrases {
		stems, chars := shared(p, r)
		cover := 0.0
		if p.mass > 0 {
			cover = stems / p.mass
		}
		out[0] = max(out[0], cover)
		out[1] = max(out[1], cosine(chars, p, r))
	}
	stems, chars := shared(o.all, r)
	if r.mass > 0 {
		out[2] = min(stems/r.mass, 1)
	}
	out[3] = cosine(chars, o.all, r)
	out[4] = out[0] * out[2]
	for i := range r.matters {
		out[5+i] = o.all.ofList(r, i)
	}
	out[7] = out[3] * out[5]
	return out
}

// shared sums what two readings have in common.
func shared(a, b reading) (stems, chars float64) {
	common(a.stems, b.stems, func(x, _ float64) { stems += x })
	common(a.chars, b.chars, func(x, y float64) { chars += float64(x * y) })
	return stems, chars
}

func cosine(dot float64, a, b reading) float64 {
	if a.norm == 0 || b.norm == 0 {
		return 0
	}
	return min(dot/(a.norm*b.norm), 1)
}

// Alike says how alike two texts are, each number 0 to 1.
type Alike struct {
	Stems float64 // the rarities of the stems they share, of those of the text that has fewer
	Chars float64 // cosine of the character n-grams of their words
	// Matter and Topic are cosines of the categories of the shipped word lists (matter and topic) that their words are of.
	Matter, Topic float64
}

// Reading is a text that is to be compared more than once.
type Reading struct{ r reading }

// Read prepares a text; nothing is like a text without words.
func Read(text string) (Reading, error) {
	rare, err := load()
	if err != nil {
		return Reading{}, err
	}
	return Reading{rare.read(text)}, nil
}

// Compare tells how alike two texts are.
func (a Reading) Compare(b Reading) Alike {
	stems, chars := shared(a.r, b.r)
	out := Alike{Chars: cosine(chars, a.r, b.r), Matter: a.r.ofList(b.r, 0), Topic: a.r.ofList(b.r, 1)}
	if least := min(a.r.mass, b.r.mass); least > 0 {
		out.Stems = min(stems/least, 1)
	}
	return out
}

// ofList is the cosine of the categories of one word list.
func (a reading) ofList(b reading, i int) float64 {
	dot := 0.0
	common(a.matters[i], b.matters[i], func(x, y float64) { dot += float64(x * y) })
	if dot == 0 {
		return 0
	}
	return min(dot/(a.matterNorm[i]*b.matterNorm[i]), 1)
}
