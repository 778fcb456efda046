package textmodel

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// The categories of lexicon/tone.txt, by their order there.
const (
	lexPositive = iota
	lexNegative
	lexNot
	lexAsk
	lexPlease
	lexThanks
	lexGreet
	lexBye
	lexAck
	lexEmojiPositive
	lexEmojiNegative
	lexKinds
)

// shape is what readMarks counts.
type shape struct {
	hits        [lexKinds]int
	first, last uint32 // categories of the first and the last word
	words       int
	negatedPos  int // "not good": a positive word right before or after a negation
	askSuffix   bool
}

// readMarks adds the features that n-grams do not see well: signs, length,
// emoji and the lexicon. body is the text before normalisation.
func (r *reader) readMarks(body string) {
	s := r.shape()
	for k, n := range s.hits {
		if n > 0 {
			r.addMark(uint64(16 + k*4 + min(n, 3)))
		}
	}
	r.addMark(uint64(100 + balance(s)))
	if s.negatedPos > 0 {
		r.addMark(110)
	}
	for k := range lexKinds {
		if s.first&(1<<k) != 0 {
			r.addMark(uint64(120 + k))
		}
		if s.last&(1<<k) != 0 {
			r.addMark(uint64(140 + k))
		}
	}
	if s.askSuffix {
		r.addMark(160)
	}
	r.addMark(uint64(170 + lengthClass(s.words)))
	for x, lex := range r.lexicons {
		for k := range lex.categories {
			if n := r.lexiconHits[x][k]; n > 0 {
				r.addMark(uint64(1000*(x+1) + 4*k + min(n, 3)))
			}
		}
	}
	if r.spec.Firsts {
		r.readFirsts()
	}
	r.readSigns(body)
}

// firstWords is how many words of a text are its beginning.
const firstWords = 3

// readFirsts adds the categories of the first word, and of the words that the
// text and its parts behind ? and ! begin with: "please" that opens a request is
// another than "please" that ends it (Danescu-Niculescu-Mizil et al. 2013).
func (r *reader) readFirsts() {
	words, begins := 0, true
	for i := 0; i < len(r.norm); {
		c := r.norm[i]
		if c == ' ' || c == '?' || c == '!' {
			begins = begins || c != ' '
			i++
			continue
		}
		j := i
		for j < len(r.norm) && r.norm[j] != ' ' && r.norm[j] != '?' && r.norm[j] != '!' {
			j++
		}
		if begins || words < firstWords {
			for x, lex := range r.lexicons {
				for mask := lex.lookup(r.norm[i:j]); mask != 0; mask &= mask - 1 {
					category := uint64(bits.TrailingZeros32(mask))
					r.addMark(5100*uint64(x+1) + category)
					if words == 0 {
						r.addMark(5000*uint64(x+1) + category)
					}
				}
			}
		}
		begins = false
		words++
		i = j
	}
}

// countWord adds a word's categories in a further lexicon.
func (r *reader) countWord(x int, lex *Lexicon, word []byte) {
	for mask := lex.lookup(word); mask != 0; mask &= mask - 1 {
		r.lexiconHits[x][bits.TrailingZeros32(mask)]++
	}
}

// balance puts positive minus negative signs of the lexicon on a scale 0..8.
func balance(s shape) int {
	b := s.hits[lexPositive] + s.hits[lexEmojiPositive] - s.hits[lexNegative] - s.hits[lexEmojiNegative] - 2*s.negatedPos
	return min(max(b, -4), 4) + 4
}

func lengthClass(n int) int {
	for class, limit := range [...]int{0, 1, 2, 4, 8, 16, 32} {
		if n <= limit {
			return class
		}
	}
	return 7
}

func (r *reader) addMark(id uint64) {
	r.mark = append(r.mark, r.bucket((r.salt^id)*fnvPrime))
}

// shape walks the normalised words once.
func (r *reader) shape() shape {
	var s shape
	for x := range r.lexiconHits {
		clear(r.lexiconHits[x])
	}
	previous := uint32(0)
	for i := 0; i < len(r.norm); {
		c := r.norm[i]
		if c == ' ' || c == '?' || c == '!' {
			i++
			continue
		}
		j := i
		if c >= 0xe2 {
			_, size := utf8.DecodeRune(r.norm[i:])
			j = i + size
		} else {
			for j < len(r.norm) && r.norm[j] != ' ' && r.norm[j] != '?' && r.norm[j] != '!' && r.norm[j] < 0xe2 {
				j++
			}
		}
		word := r.norm[i:j]
		mask := r.tone.lookup(word)
		for k := range lexKinds {
			if mask&(1<<k) != 0 {
				s.hits[k]++
			}
		}
		for x, lex := range r.lexicons {
			r.countWord(x, lex, word)
		}
		if mask&(1<<lexPositive) != 0 && previous&(1<<lexNot) != 0 || mask&(1<<lexNot) != 0 && previous&(1<<lexPositive) != 0 {
			s.negatedPos++
		}
		if s.words == 0 {
			s.first = mask
		}
		if len(word) > 4 && endsAsking(word) {
			s.askSuffix = true
		}
		s.last, previous = mask, mask
		s.words++
		i = j
	}
	return s
}

// endsAsking reports the Uzbek question suffix -mi, also before -kan, -di, -siz.
func endsAsking(word []byte) bool {
	for _, end := range [...]string{"mi", "mikan", "midi", "misiz", "mu", "misila", "mizlar", "misizlar"} {
		if len(word) >= len(end) && string(word[len(word)-len(end):]) == end {
			return true
		}
	}
	return false
}

// readSigns counts signs in the text as it was typed.
func (r *reader) readSigns(body string) {
	var asks, shouts, upper, lower, digits, brackets int
	var last rune
	for _, c := range body {
		switch {
		case c == '?':
			asks++
		case c == '!':
			shouts++
		case c == ')':
			brackets++
		case c == '(':
			brackets--
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z' || c >= 'а' && c <= 'я':
			lower++
		case unicode.IsUpper(c):
			upper++
		}
		if !unicode.IsSpace(c) {
			last = c
		}
	}
	if asks > 0 {
		r.addMark(uint64(200 + min(asks, 3)))
	}
	if shouts > 0 {
		r.addMark(uint64(210 + min(shouts, 3)))
	}
	if last == '?' {
		r.addMark(220)
	}
	if brackets > 0 {
		r.addMark(uint64(230 + min(brackets, 2)))
	} else if brackets < 0 {
		r.addMark(233)
	}
	if upper > 4 && upper > lower {
		r.addMark(240)
	}
	if digits > 0 {
		r.addMark(uint64(250 + min(digits, 5)))
	}
}
