package agreement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/govalues/decimal"
)

// Comparison is how far people agree with a candidate and with the version in whose place it would come, on the same messages
// in one kind.
type Comparison struct {
	Kind               string
	Labels             int                 // messages that both judged and people labelled
	Candidate, Current decimal.NullDecimal // shares as of Stats.Agreement; not Valid without labels
}

// Compare puts the two machines' judgements of the same messages side by side: the pairs of one index are about one message
// and have the same human label.
func Compare(kind string, candidate, current []Pair) (Comparison, error) {
	theirs, err := Compute(candidate)
	if err != nil {
		return Comparison{}, err
	}
	own, err := Compute(current)
	return Comparison{Kind: kind, Labels: theirs.Labels, Candidate: theirs.Agreement, Current: own.Agreement}, err
}

// Worse tells whether people agree less with the candidate.
func (c Comparison) Worse() bool {
	return c.Candidate.Valid && c.Current.Valid && c.Candidate.Decimal.Less(c.Current.Decimal)
}

// Trial is what is known of a candidate beside the version in whose place it would come.
type Trial struct {
	Comparisons []Comparison // by kind
	// HeldOut is, for a candidate that was learnt from labels, the agreement on those kept apart; nil for others.
	HeldOut *HeldOut
}

// HeldOut is the agreement with labels that were kept apart from learning: of the version before it, and of the learnt one.
type HeldOut struct {
	Labels        int
	Before, After float64 // shares, 0 to 1
}

// Labels are those of all kinds.
func (t Trial) Labels() int {
	n := 0
	for _, c := range t.Comparisons {
		n += c.Labels
	}
	return n
}

// Missing is how many labels the comparison lacks before it can speak for the candidate.
func (t Trial) Missing(g Gate) int { return max(0, g.MinLabels-t.Labels()) }

// Refusal says why the candidate must not take the place of the current version, with figures; empty if it may. It must not
// where people agree with it less in any kind. With fewer labels than the gate asks for, one that was learnt may lean on what it
// showed on labels kept apart, if that was better and these make up the number; another may not yet.
func (t Trial) Refusal(g Gate) string {
	var worse []string
	for _, c := range slices.SortedFunc(slices.Values(t.Comparisons), func(a, b Comparison) int { return cmp.Compare(a.Kind, b.Kind) }) {
		if c.Worse() {
			worse = append(worse, fmt.Sprintf("%s: %s of its judgements, %s of the current version's, on %d messages",
				c.Kind, c.Candidate.Decimal.Round(3), c.Current.Decimal.Round(3), c.Labels))
		}
	}
	missing := t.Missing(g)
	switch {
	case len(worse) > 0:
		return "people agree with it less: " + strings.Join(worse, "; ")
	case missing == 0:
		return ""
	case t.HeldOut == nil:
		return fmt.Sprintf("people labelled %d messages that both versions judged, %d more are needed", t.Labels(), missing)
	case t.HeldOut.After <= t.HeldOut.Before:
		return fmt.Sprintf("on labels kept apart it agrees with people in %.3f, the version that it was learnt from in %.3f, and %d more labels are needed to tell otherwise",
			t.HeldOut.After, t.HeldOut.Before, missing)
	case t.HeldOut.Labels < missing:
		return fmt.Sprintf("on %d labels kept apart it agrees with people in %.3f, the version that it was learnt from in %.3f; that is too few to tell, %d more labels are needed",
			t.HeldOut.Labels, t.HeldOut.After, t.HeldOut.Before, missing-t.HeldOut.Labels)
	}
	return ""
}
