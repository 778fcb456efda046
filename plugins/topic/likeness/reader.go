package likeness

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// The n-grams that are read of a text, in its Latin spelling, so that phrases in one script of Uzbek meet texts in the other.
const (
	stemLetters = 5 // a word counts by its first letters: endings carry grammar
	charMin     = 3 // letters of the shortest character n-gram of a word with its borders
	charMax     = 5
	bits        = 15
)

// FNV-1a, one offset a kind of n-gram.
const (
	fnvPrime     = 1099511628211
	stemOffset   = 0x8f4d1a2b3c5d6e71
	pairOffset   = 0xc3a5c85c97cb3127
	charOffset   = 14695981039346656037
	matterOffset = 0xb492b66fbe98f273
	finishPrime  = 0x9e3779b97f4a7c15
)

// maxTerms bounds the n-grams of one text.
const maxTerms = 4096

// term is a bucket of a text with its weight.
type term struct {
	bucket uint32
	weight float64
}

// reading is a text as it is compared: the stems of its words, alone and in pairs, and the character n-grams of its words.
type reading struct {
	stems, chars []term
	matters      [2][]term // categories of the two word lists that its words are of
	mass, norm   float64   // Σ weight of the stems; √Σ weight² of the character n-grams
	matterNorm   [2]float64
}

func bucket(h uint64) uint32 { return uint32((h * finishPrime) >> (64 - bits)) }

// commonWord is what the n-grams of a word count that is said about anything: a greeting, a question word, "please".
const commonWord = 0.25

// ngrams gives the n-grams of a text, repeated as they are; their weight is 1 or that of a common word.
func ngrams(text string) (stems, chars []term) {
	form := textmodel.AppendRoman(make([]byte, 0, 256), textmodel.Clip(text))
	previous, before := uint64(0), 0.0
	for start := 0; start < len(form); {
		end := start
		for end < len(form) && form[end] != ' ' && form[end] != '?' && form[end] != '!' {
			end++
		}
		if word := form[start:end]; len(word) > 1 && len(bytes.Trim(word, "0")) > 0 {
			counts := 1.0
			if isCommon(word) {
				counts = commonWord
			}
			h := uint64(stemOffset)
			for _, c := range word[:min(len(word), stemLetters)] {
				h = (h ^ uint64(c)) * fnvPrime
			}
			stems = append(stems, term{bucket(h), counts})
			if previous != 0 { // a sum: their order does not matter
				stems = append(stems, term{bucket((previous + h ^ pairOffset) * fnvPrime), min(counts, before)})
			}
			previous, before = h, counts
			chars = appendChars(chars, word, counts)
		}
		if len(chars) > maxTerms {
			break
		}
		start = end + 1
	}
	return stems, chars
}

// isCommon tells whether a word is of a category of lexicon/tone.txt that goes with any matter.
func isCommon(word []byte) bool {
	lexicon, err := textmodel.LoadLexicon("tone")
	if err != nil {
		return false
	}
	for category := range lexicon.Count(string(word)) {
		switch category {
		case "ask", "please", "thanks", "greet", "bye", "ack", "not":
			return true
		}
	}
	return false
}

// appendChars adds the character n-grams of one word, its borders being letters.
func appendChars(out []term, word []byte, counts float64) []term {
	at := func(i int) byte {
		if i == 0 || i > len(word) {
			return ' '
		}
		return word[i-1]
	}
	n := min(len(word), 64) + 2
	for i := range n {
		h := uint64(charOffset)
		for k := i; k < n && k < i+charMax; k++ {
			h = (h ^ uint64(at(k))) * fnvPrime
			if k-i+1 >= charMin {
				out = append(out, term{bucket(h), counts})
			}
		}
	}
	return out
}

// read weighs the n-grams of a text by how rare they are.
func (b *background) read(text string) reading {
	stems, chars := ngrams(text)
	r := reading{stems: b.weigh(stems), chars: b.weigh(chars)}
	for _, t := range r.stems {
		r.mass += t.weight
	}
	for _, t := range r.chars {
		r.norm += float64(t.weight * t.weight)
	}
	r.norm = math.Sqrt(r.norm)
	for i, list := range matters(text) {
		r.matters[i] = b.weigh(list)
		for _, t := range r.matters[i] {
			r.matterNorm[i] += float64(t.weight * t.weight)
		}
		r.matterNorm[i] = math.Sqrt(r.matterNorm[i])
	}
	return r
}

// matters gives the categories of the shipped word lists that a text's words are of: what one language calls rassrochka and
// the other muddatli to'lov is of one category.
func matters(text string) (out [2][]term) {
	for i, name := range [...]string{"matter", "topic"} {
		lexicon, err := textmodel.LoadLexicon(name)
		if err != nil {
			continue
		}
		for category := range lexicon.Count(text) {
			h := uint64(matterOffset) + uint64(i)
			for k := range len(category) {
				h = (h ^ uint64(category[k])) * fnvPrime
			}
			out[i] = append(out[i], term{bucket(h), 1})
		}
	}
	return out
}

// weigh sorts n-grams and gives each one its weight, once.
func (b *background) weigh(list []term) []term {
	slices.SortFunc(list, func(x, y term) int {
		return cmp.Or(cmp.Compare(x.bucket, y.bucket), cmp.Compare(y.weight, x.weight))
	})
	list = slices.CompactFunc(list, func(x, y term) bool { return x.bucket == y.bucket })
	for i := range list {
		list[i].weight *= b.weight(list[i].bucket)
	}
	return list
}

// common walks two sorted lists and hands over what is in both.
func common(a, b []term, use func(x, y float64)) {
	for len(a) > 0 && len(b) > 0 {
		switch cmp.Compare(a[0].bucket, b[0].bucket) {
		case -1:
			a = a[1:]
		case 1:
			b = b[1:]
		default:
			use(a[0].weight, b[0].weight)
			a, b = a[1:], b[1:]
		}
	}
}
