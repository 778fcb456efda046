package textmodel

import (
	"slices"
	"testing"
)

// openersOf reads the clause openers of a text.
func openersOf(body string) []uint32 {
	spec := DefaultSpec()
	spec.Openers = true
	r := newReader(spec)
	r.read(Text{Body: body})
	return slices.Clone(r.open)
}

func TestOpenersSeeTheOrderOfWords(t *testing.T) {
	t.Parallel()
	if slices.Equal(openersOf("is it new"), openersOf("it is new")) {
		t.Error("the order of the first words changes nothing")
	}
	if !slices.Equal(openersOf("Don't go"), openersOf("dont GO")) {
		t.Error("case or apostrophe changes the openers")
	}
	// Two clauses, so "nice" is read as an opener only after the comma.
	nice := openersOf("nice")[0]
	if !slices.Contains(openersOf("one two three four, nice"), nice) || slices.Contains(openersOf("one two three four nice"), nice) {
		t.Error("a comma does not begin a clause")
	}
	if n := len(openersOf(" ?!., \xff")); n != 0 {
		t.Errorf("%d openers of a text without words", n)
	}
}

func TestStemsPairWithoutEndingsAndOrder(t *testing.T) {
	t.Parallel()
	spec := DefaultSpec()
	spec.Stems, spec.WordMax, spec.Marks = 4, 0, false
	r := newReader(spec)
	read := func(body string) []uint32 {
		r.read(Text{Body: body})
		out := slices.Clone(r.word)
		slices.Sort(out)
		return out
	}
	if !slices.Equal(read("zakazim qachon"), read("қачон заказингиз")) {
		t.Error("endings, order or script change the pair of stems")
	}
	if slices.Equal(read("zakazim qachon"), read("zakazim qayerda")) {
		t.Error("another stem gives the same pair")
	}
}

func TestCopiesAreOfNamedDomainsOnly(t *testing.T) {
	t.Parallel()
	spec := DefaultSpec()
	r := newReader(spec)
	r.read(Text{Body: "good value", Domain: "en"})
	plain := len(r.char)
	spec.Copies = true
	r = newReader(spec)
	r.read(Text{Body: "good value"})
	if len(r.char) != plain {
		t.Errorf("%d n-grams without a domain, want %d", len(r.char), plain)
	}
	r.read(Text{Body: "good value", Domain: "en"})
	if len(r.char) != 2*plain {
		t.Errorf("%d n-grams in a domain, want %d", len(r.char), 2*plain)
	}
}
