package textmodel

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed lexicon.txt
var lexiconText string

// The categories of lexicon.txt, as bits of a mask.
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

var lexNames = [lexKinds]string{"pos", "neg", "not", "ask", "please", "thanks", "greet", "bye", "ack", "e_pos", "e_neg"}

// lexicon maps the FNV hash of a whole word, or of a stem, to its categories.
type lexicon struct {
	words, stems map[uint64]uint16
	shortest     int // bytes of the shortest stem
}

var words = loadLexicon(lexiconText)

func loadLexicon(text string) lexicon {
	lex := lexicon{words: map[uint64]uint16{}, stems: map[uint64]uint16{}, shortest: 1 << 10}
	for line := range strings.Lines(text) {
		category, list, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		bit := uint16(0)
		for i, name := range lexNames {
			if name == category {
				bit = 1 << i
			}
		}
		for _, w := range strings.Fields(list) {
			stem := strings.HasSuffix(w, "*")
			form := AppendRoman(nil, strings.TrimSuffix(w, "*"))
			h := hashString(wordOffset, string(form))
			if stem {
				lex.stems[h] |= bit
				lex.shortest = min(lex.shortest, len(form))
			} else {
				lex.words[h] |= bit
			}
		}
	}
	return lex
}

// lookup gives the categories of one normalised word.
func (l lexicon) lookup(word []byte) uint16 {
	mask, h := uint16(0), uint64(wordOffset)
	for i, c := range word {
		h = (h ^ uint64(c)) * fnvPrime
		if i+1 >= l.shortest && i < 12 {
			mask |= l.stems[h]
		}
	}
	return mask | l.words[h]
}

// shape is what readMarks counts.
type shape struct {
	hits        [lexKinds]int
	first, last uint16 // categories of the first and the last word
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
			r.addMark(uint64(16+k*4 + min(n, 3)))
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
	r.readSigns(body)
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
	r.mark = append(r.mark, r.bucket((markOffset^id)*fnvPrime))
}

// shape walks the normalised words once.
func (r *reader) shape() shape {
	var s shape
	previous := uint16(0)
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
		mask := words.lookup(word)
		for k := range lexKinds {
			if mask&(1<<k) != 0 {
				s.hits[k]++
			}
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
