package textmodel

import "unicode"

// stemReach is how many words the stems of a pair lie apart at most, unless the
// specification says otherwise.
const stemReach = 2

// readStems adds pairs of stems, next to each other or a few words apart:
// endings carry the grammar of Uzbek and Russian, the first letters the matter.
func (r *reader) readStems() {
	r.stems = r.stems[:0]
	h, n := uint64(stemOffset), 0
	for _, c := range r.norm {
		if c == ' ' || c == '?' || c == '!' {
			if n >= 3 {
				r.stems = append(r.stems, h)
			}
			h, n = stemOffset, 0
			continue
		}
		if n < r.spec.Stems {
			h = (h ^ uint64(c)) * fnvPrime
		}
		n++
	}
	reach := stemReach
	if r.spec.Reach > 0 {
		reach = r.spec.Reach
	}
	for i, a := range r.stems {
		r.word = append(r.word, r.bucket(a))
		for k := i + 1; k < len(r.stems) && k <= i+reach; k++ {
			// A sum: the order of the two does not matter.
			r.word = append(r.word, r.bucket((a+r.stems[k])*fnvPrime))
		}
	}
}

// openerWords is how many words of a clause are read as its beginning.
const openerWords = 3

// opener follows the clauses of one text. Its chains are hashes of the first
// word of a clause, of the first two, and of the first three.
type opener struct {
	first, last    [openerWords]uint64
	clauses, words int
	letters        int // of the open word
	word, chain    uint64
}

// endWord closes the open word, if there is one.
func (o *opener) endWord(r *reader) {
	if o.letters == 0 {
		return
	}
	if o.words < openerWords {
		o.chain = (o.chain ^ o.word) * fnvPrime
		r.open = append(r.open, r.bucket(o.chain+uint64(o.words)))
		o.last[o.words] = o.chain
		if o.clauses == 0 {
			o.first[o.words] = o.chain
		}
	}
	o.words++
	o.word, o.letters = openOffset, 0
}

// endClause closes the open clause, if it has words.
func (o *opener) endClause(r *reader) {
	o.endWord(r)
	if o.words > 0 {
		o.clauses++
	}
	o.words, o.chain = 0, openOffset
}

// readOpeners adds the words that each clause begins with, the first and the
// last clause apart: "is it" opens a question, "it is" does not.
func (r *reader) readOpeners(body string) {
	o := opener{word: openOffset, chain: openOffset}
	for _, c := range body {
		switch {
		case isApostrophe(c): // neither a part of the word nor its end
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			if o.words == 0 && o.letters == 0 {
				o.last = [openerWords]uint64{}
			}
			o.word = (o.word ^ uint64(unicode.ToLower(c))) * fnvPrime
			o.letters++
		case unicode.IsSpace(c):
			o.endWord(r)
		case unicode.IsPunct(c) || unicode.IsSymbol(c):
			o.endClause(r)
		}
	}
	o.endClause(r)
	for k := range openerWords {
		if o.first[k] != 0 {
			r.open = append(r.open, r.bucket((o.first[k]^0x11)*fnvPrime))
		}
		if o.last[k] != 0 {
			r.open = append(r.open, r.bucket((o.last[k]^0x12)*fnvPrime))
		}
	}
}

// copied appends to buckets their copies of the text's domain (Daumé III 2007,
// "Frustratingly easy domain adaptation").
func (r *reader) copied(buckets []uint32) []uint32 {
	for _, b := range buckets {
		buckets = append(buckets, r.bucket((r.salt^uint64(b))*fnvPrime))
	}
	return buckets
}
