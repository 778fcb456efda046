package textmodel

import "testing"

// valenceOf adds up the grades of a text, in tenths.
func valenceOf(t *testing.T, words ...string) int {
	t.Helper()
	lex, err := LoadLexicon(valenceLexicon)
	if err != nil {
		t.Fatal(err)
	}
	v := valence{sinceNot: negatedWords + 1, sinceMore: moreWords + 1}
	for _, w := range words {
		v.word(lex.lookup(AppendRoman(nil, w)))
	}
	return v.before + v.after
}

func TestValenceOfWordsInContext(t *testing.T) {
	t.Parallel()
	good, bad := valenceOf(t, "great"), valenceOf(t, "awful")
	if good <= 0 || bad >= 0 {
		t.Fatalf("great %d, awful %d", good, bad)
	}
	if v := valenceOf(t, "not", "great"); v >= 0 {
		t.Errorf("not great: %d", v)
	}
	if v := valenceOf(t, "not", "a", "table", "for", "great"); v != good {
		t.Errorf("a negation four words before: %d, want %d", v, good)
	}
	if v := valenceOf(t, "very", "great"); v <= good {
		t.Errorf("very great: %d, great: %d", v, good)
	}
	if v := valenceOf(t, "slightly", "awful"); v <= bad {
		t.Errorf("slightly awful: %d, awful: %d", v, bad)
	}
	if v := valenceOf(t, "table"); v != 0 {
		t.Errorf("table: %d", v)
	}
}

func TestGradedLexiconHasItsCategories(t *testing.T) {
	t.Parallel()
	lex, err := LoadLexicon(valenceLexicon)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(lex.categories); n != valBut+1 || lex.categories[valNot] != "not" || lex.categories[valBad3] != "bad3" {
		t.Errorf("categories %v don't fit the code", lex.categories)
	}
	for _, name := range []string{"tone", "topic", "matter", "reply"} {
		lex, err := LoadLexicon(name)
		if err != nil || len(lex.categories) > 32 {
			t.Errorf("%s: %d categories, %v", name, len(lex.categories), err)
		}
	}
}
