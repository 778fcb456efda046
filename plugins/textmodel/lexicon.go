package textmodel

import (
	"bytes"
	"embed"
	"fmt"
	"math/bits"
	"strings"
	"sync"
)

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// toneLexicon is read with every model that has marks; the others by name.
const toneLexicon = "tone"

// Lexicon is a word list by categories. It maps the FNV hash of a whole word, or of a stem, to its categories, a
// bit each in the order of the file.
type Lexicon struct {
	categories   []string
	words, stems map[uint64]uint32
	shortest     int // bytes of the shortest stem
	longest      int
}

var lexicons sync.Map // name → *Lexicon

// LoadLexicon gives an embedded word list by name: tone, topic, matter, reply, polite or valence.
func LoadLexicon(name string) (*Lexicon, error) {
	if known, ok := lexicons.Load(name); ok {
		return known.(*Lexicon), nil
	}
	text, err := lexiconFiles.ReadFile("lexicon/" + name + ".txt")
	if err != nil {
		return nil, fmt.Errorf("textmodel: no lexicon %q", name)
	}
	lex := parseLexicon(string(text))
	lexicons.Store(name, lex)
	return lex, nil
}

// parseLexicon reads lines `category<TAB>words`; a category may have many lines.
func parseLexicon(text string) *Lexicon {
	lex := &Lexicon{words: map[uint64]uint32{}, stems: map[uint64]uint32{}, shortest: 1 << 10}
	for line := range strings.Lines(text) {
		category, list, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if n := len(lex.categories); n == 0 || lex.categories[n-1] != category {
			lex.categories = append(lex.categories, category)
		}
		bit := uint32(1) << (len(lex.categories) - 1)
		for _, w := range strings.Fields(list) {
			lex.add(w, bit)
		}
	}
	return lex
}

func (l *Lexicon) add(word string, bit uint32) {
	form := AppendRoman(nil, strings.TrimSuffix(word, "*"))
	h := hashString(wordOffset, string(form))
	if !strings.HasSuffix(word, "*") {
		l.words[h] |= bit
		return
	}
	l.stems[h] |= bit
	l.shortest, l.longest = min(l.shortest, len(form)), max(l.longest, len(form))
}

// lookup gives the categories of one normalised word.
func (l *Lexicon) lookup(word []byte) uint32 {
	mask, h := uint32(0), uint64(wordOffset)
	for i, c := range word {
		h = (h ^ uint64(c)) * fnvPrime
		if n := i + 1; n >= l.shortest && n <= l.longest {
			mask |= l.stems[h]
		}
	}
	return mask | l.words[h]
}

// Count tells how many words of a text each category has; categories without a
// word are absent.
func (l *Lexicon) Count(text string) map[string]int {
	counts := map[string]int{}
	form := AppendRoman(nil, Clip(text))
	for len(form) > 0 {
		word := form
		if i := bytes.IndexAny(form, " ?!"); i >= 0 {
			word, form = form[:i], form[i+1:]
		} else {
			form = nil
		}
		if len(word) == 0 {
			continue
		}
		for mask := l.lookup(word); mask != 0; mask &= mask - 1 {
			counts[l.categories[bits.TrailingZeros32(mask)]]++
		}
	}
	return counts
}
