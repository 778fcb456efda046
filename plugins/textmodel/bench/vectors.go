package main

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// minTexts is in how many texts a feature of liblinear's vectors must appear.
const minTexts = 2

// space is the features that training texts have, with their inverse document frequencies: words 1–2 and, within words and
// the blanks around them, characters 2–5. Each of the two groups is 1 + ln(count), weighted and of length 1.
type space struct {
	words, chars map[string]feature
}

type feature struct {
	index int // from 1
	idf   float64
}

func newSpace(texts []string) *space {
	words, chars := map[string]int{}, map[string]int{}
	for _, text := range texts {
		tokens := strings.Fields(tokens(text))
		for gram := range wordGrams(tokens) {
			words[gram]++
		}
		for gram := range charGrams(tokens) {
			chars[gram]++
		}
	}
	s := &space{words: map[string]feature{}, chars: map[string]feature{}}
	index := 0
	for _, group := range []struct {
		counts map[string]int
		into   map[string]feature
	}{{words, s.words}, {chars, s.chars}} {
		var grams []string
		for gram, n := range group.counts {
			if n >= minTexts {
				grams = append(grams, gram)
			}
		}
		slices.Sort(grams)
		for _, gram := range grams {
			index++
			group.into[gram] = feature{index, math.Log(float64(1+len(texts))/float64(1+group.counts[gram])) + 1}
		}
	}
	return s
}

func wordGrams(tokens []string) map[string]int {
	out := map[string]int{}
	for i, token := range tokens {
		out[token]++
		if i > 0 {
			out[tokens[i-1]+" "+token]++
		}
	}
	return out
}

func charGrams(tokens []string) map[string]int {
	out := map[string]int{}
	for _, token := range tokens {
		letters := []rune(" " + token + " ")
		for size := 2; size <= 5; size++ {
			for i := 0; i+size <= len(letters); i++ {
				out[string(letters[i:i+size])]++
			}
		}
	}
	return out
}

// vector is a text in liblinear's format: " index:value" by index.
func (s *space) vector(text string) string {
	type entry struct {
		index int
		value float64
	}
	var all []entry
	tokens := strings.Fields(tokens(text))
	for _, group := range []struct {
		counts map[string]int
		known  map[string]feature
	}{{wordGrams(tokens), s.words}, {charGrams(tokens), s.chars}} {
		var own []entry
		for gram, n := range group.counts {
			if f, ok := group.known[gram]; ok {
				own = append(own, entry{f.index, (1 + math.Log(float64(n))) * f.idf})
			}
		}
		slices.SortFunc(own, func(a, b entry) int { return a.index - b.index })
		norm := 0.0
		for _, e := range own {
			norm += e.value * e.value
		}
		for i := range own {
			own[i].value /= math.Sqrt(norm)
		}
		all = append(all, own...)
	}
	var b strings.Builder
	for _, e := range all {
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(e.index))
		b.WriteByte(':')
		b.WriteString(strconv.FormatFloat(e.value, 'g', 6, 64))
	}
	return b.String()
}
