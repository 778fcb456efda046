package textmodel

import (
	"fmt"
	"math"
)

// View names the spelling whose n-grams are hashed.
type View string

// The views.
const (
	Roman View = "roman" // one Latin spelling for every script (AppendRoman)
	Plain View = "plain" // each text in its own script (AppendPlain)
)

// Spec says how a model reads text and how it is trained. It is stored in the
// model, so that reading is the same at inference.
type Spec struct {
	View     View     `json:"view"`
	Bits     uint     `json:"bits"`               // 2^Bits buckets
	CharMin  int      `json:"char_min"`           // bytes of the shortest character n-gram, 0 = none
	CharMax  int      `json:"char_max"`           // bytes of the longest
	WordMax  int      `json:"word_max"`           // words of the longest word n-gram (0, 1 or 2)
	Marks    bool     `json:"marks"`              // punctuation, length, emoji and lexicon features
	Lexicons []string `json:"lexicons,omitempty"` // further word lists, by name
	MinCount int      `json:"min_count"`          // texts a bucket must appear in
	Stems    int      `json:"stems,omitempty"`    // letters of a word's stem; pairs of stems are read, 0 = none
	Reach    int      `json:"reach,omitempty"`    // words that the stems of a pair may lie apart, 0 = 2
	Within   bool     `json:"within,omitempty"`   // no character n-gram reaches over a space
	Firsts   bool     `json:"firsts,omitempty"`   // what the lexicons say of the words that sentences begin with, as marks
	Turns    bool     `json:"turns,omitempty"`    // the words of a dialogue's turns (`C: … A: …`) by side and place, a group of their own
	Openers  bool     `json:"openers,omitempty"`  // the words that clauses begin with, a group of their own
	Copies   bool     `json:"copies,omitempty"`   // a named domain reads a second copy of each n-gram, for itself
	Valence  bool     `json:"valence,omitempty"`  // the graded lexicon of tone, as marks

	MarkWeight float64 `json:"mark_weight"` // value of a mark, beside n-gram groups of norm 1
	Cost       float64 `json:"cost"`        // C of the support vector machine
	Balance    float64 `json:"balance"`     // 0: classes as they are … 1: every class weighs the same
	Epochs     int     `json:"epochs"`      // passes of dual coordinate descent
	Seed       uint64  `json:"seed"`
	Other      string  `json:"other,omitempty"` // the class for what is out of scope, "" = none
}

// DefaultSpec reads words 1–2 and characters 2–5 into 2^16 buckets.
func DefaultSpec() Spec {
	return Spec{View: Roman, Bits: 16, CharMin: 2, CharMax: 5, WordMax: 2, Marks: true, MinCount: 2,
		MarkWeight: 0.3, Cost: 1, Balance: 0.5, Epochs: 30, Seed: 1}
}

func (s Spec) validate() error {
	for _, name := range append([]string{toneLexicon}, s.Lexicons...) {
		if _, err := LoadLexicon(name); err != nil {
			return err
		}
	}
	switch {
	case s.View != Roman && s.View != Plain:
		return fmt.Errorf("textmodel: view %q is neither roman nor plain", s.View)
	case s.Bits < 8 || s.Bits > 20:
		return fmt.Errorf("textmodel: bits %d is outside 8..20", s.Bits)
	case s.CharMin < 0 || s.CharMax > 12 || s.CharMin > s.CharMax:
		return fmt.Errorf("textmodel: character n-grams %d..%d are outside 0..12", s.CharMin, s.CharMax)
	case s.WordMax < 0 || s.WordMax > 2:
		return fmt.Errorf("textmodel: word n-grams of %d words are outside 0..2", s.WordMax)
	case s.Stems < 0 || s.Stems > 12:
		return fmt.Errorf("textmodel: stems of %d letters are outside 0..12", s.Stems)
	case s.Reach < 0 || s.Reach > 16:
		return fmt.Errorf("textmodel: pairs of stems %d words apart are outside 0..16", s.Reach)
	case s.Epochs < 1 || s.Epochs > 1000:
		return fmt.Errorf("textmodel: epochs %d is outside 1..1000", s.Epochs)
	case !(s.Cost > 0) || math.IsInf(s.Cost, 0) || !(s.MarkWeight >= 0 && s.MarkWeight <= 10) || !(s.Balance >= 0 && s.Balance <= 1):
		return fmt.Errorf("textmodel: cost, mark weight or balance is out of range")
	}
	return nil
}
