package textmodel

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Hashing is FNV-1a with a multiplicative finish; each kind of feature starts
// from its own offset, so that the word "on" and the characters "on" differ.
const (
	fnvPrime    = 1099511628211
	charOffset  = 14695981039346656037
	wordOffset  = 0x9ae16a3b2f90404f
	pairOffset  = 0xc3a5c85c97cb3127
	markOffset  = 0xb492b66fbe98f273
	stemOffset  = 0x8f4d1a2b3c5d6e71
	openOffset  = 0xd1342543de82ef95
	turnOffset  = 0xa0761d6478bd642f
	finishPrime = 0x9e3779b97f4a7c15
)

// maxTextBytes bounds what is read of one text: more of it changes no label
// and a pasted book must not cost a second.
const maxTextBytes = 8 << 10

// Text is what a model reads: the words and, optionally, marks that the caller
// knows of them ("side=staff"); marks are features of their own.
type Text struct {
	Body  string
	Marks []string
	// Domain names the kind of text where the same signs mean other things, such
	// as reviews in English beside chat messages: marks are learned and
	// probabilities calibrated for each domain by itself. "" is one, too. What
	// follows a dot is a part of a domain, such as a language: it has the marks
	// of the whole domain, and a calibration drawn to that of the whole.
	Domain string
}

// reader turns a text into buckets. It is reused from text to text and belongs
// to one goroutine.
type reader struct {
	spec  Spec
	shift uint
	norm  []byte // " text "
	words []uint64
	word  []uint32 // buckets of word n-grams, one entry an occurrence
	char  []uint32
	open  []uint32 // of the words that clauses begin with, and of the turns of a dialogue
	mark  []uint32
	stems []uint64
	salt  uint64 // of the marks, by domain

	tone        *Lexicon
	graded      *Lexicon
	lexicons    []*Lexicon
	lexiconHits [][]int // by lexicon and category
}

// newReader makes a reader of a valid specification.
func newReader(spec Spec) *reader {
	r := &reader{spec: spec, shift: 64 - spec.Bits}
	r.tone, _ = LoadLexicon(toneLexicon) // embedded: validate has read every name
	if spec.Valence {
		r.graded, _ = LoadLexicon(valenceLexicon)
	}
	for _, name := range spec.Lexicons {
		if lex, err := LoadLexicon(name); err == nil {
			r.lexicons = append(r.lexicons, lex)
			r.lexiconHits = append(r.lexiconHits, make([]int, len(lex.categories)))
		}
	}
	return r
}

func (r *reader) bucket(h uint64) uint32 { return uint32((h * finishPrime) >> r.shift) }

// read fills word, char and mark; they are valid until the next call.
func (r *reader) read(t Text) {
	body := Clip(t.Body)
	r.norm = append(r.norm[:0], ' ')
	if r.spec.View == Plain {
		r.norm = AppendPlain(r.norm, body)
	} else {
		r.norm = AppendRoman(r.norm, body)
	}
	if n := len(r.norm); r.norm[n-1] != ' ' {
		r.norm = append(r.norm, ' ')
	}
	domain := whole(t.Domain)
	r.salt = hashString(markOffset, domain)
	r.word, r.char, r.open, r.mark = r.word[:0], r.char[:0], r.open[:0], r.mark[:0]
	r.readChars()
	r.splitWords()
	if r.spec.WordMax > 0 {
		r.readWords()
	}
	if r.spec.Stems > 0 {
		r.readStems()
	}
	if r.spec.Openers {
		r.readOpeners(body)
	}
	if r.spec.Turns {
		r.readTurns(body)
	}
	if r.spec.Copies && domain != "" {
		r.word, r.char, r.open = r.copied(r.word), r.copied(r.char), r.copied(r.open)
	}
	if r.spec.Marks {
		r.readMarks(body)
	}
	if r.spec.Valence {
		r.readValence()
	}
	if domain != "" {
		r.addMark(1) // what is usual in the domain
	}
	for _, m := range t.Marks {
		r.mark = append(r.mark, r.bucket(hashString(markOffset, m)))
	}
}

// whole is the domain that a part of one belongs to.
func whole(domain string) string {
	before, _, _ := strings.Cut(domain, ".")
	return before
}

// Clip shortens a text to maxTextBytes at a rune's border.
func Clip(s string) string {
	if len(s) <= maxTextBytes {
		return s
	}
	n := maxTextBytes
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func (r *reader) readChars() {
	lo, hi := r.spec.CharMin, r.spec.CharMax
	if hi == 0 || len(r.norm) < 3 {
		return
	}
	for i := range r.norm {
		// A window starts where a letter starts, never inside one.
		if !utf8.RuneStart(r.norm[i]) {
			continue
		}
		h := uint64(charOffset)
		end := min(i+hi, len(r.norm))
		if r.spec.Within {
			if space := bytes.IndexByte(r.norm[i+1:end], ' '); space >= 0 {
				end = i + 2 + space
			}
		}
		for j := i; j < end; j++ {
			h = (h ^ uint64(r.norm[j])) * fnvPrime
			if j-i+1 >= lo && (j+1 == len(r.norm) || utf8.RuneStart(r.norm[j+1])) {
				r.char = append(r.char, r.bucket(h))
			}
		}
	}
}

// splitWords hashes the words, the signs ? and !, and each emoji by itself.
func (r *reader) splitWords() {
	r.words = r.words[:0]
	h, open := uint64(wordOffset), false
	flush := func() {
		if open {
			r.words = append(r.words, h)
			h, open = wordOffset, false
		}
	}
	for i := 0; i < len(r.norm); i++ {
		c := r.norm[i]
		switch {
		case c == ' ':
			flush()
		case c == '?' || c == '!':
			flush()
			r.words = append(r.words, (wordOffset^uint64(c))*fnvPrime)
		case c >= 0xf0: // a rune of four bytes: emoji
			flush()
			for k := i; k < i+4 && k < len(r.norm); k++ {
				h, open = (h^uint64(r.norm[k]))*fnvPrime, true
			}
			flush()
			i += 3
		default:
			h, open = (h^uint64(c))*fnvPrime, true
		}
	}
	flush()
}

func (r *reader) readWords() {
	previous := uint64(pairOffset)
	for _, w := range r.words {
		r.word = append(r.word, r.bucket(w))
		if r.spec.WordMax > 1 {
			r.word = append(r.word, r.bucket((previous^w)*fnvPrime))
		}
		previous = (w ^ pairOffset) * fnvPrime
	}
}

func hashString(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}
