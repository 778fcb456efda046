package agreement_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fincokpi/finco/domain/agreement"
)

// compared are labels of which each machine got so many right.
func compared(t *testing.T, kind string, labels, candidate, current int) agreement.Comparison {
	t.Helper()
	judged := func(right int) []agreement.Pair {
		return slices.Concat(repeat(right, "a", "a"), repeat(labels-right, "b", "a"))
	}
	c, err := agreement.Compare(kind, judged(candidate), judged(current))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPromotion(t *testing.T) {
	t.Parallel()
	learntOn := func(labels int, before, after float64) *agreement.HeldOut {
		return &agreement.HeldOut{Labels: labels, Before: before, After: after}
	}
	learnt := func(before, after float64) *agreement.HeldOut { return learntOn(30, before, after) }
	for name, c := range map[string]struct {
		kinds   [][4]int // 0: one kind or 1: the other; labels, candidate, current
		heldOut *agreement.HeldOut
		want    string // a part of the refusal; empty: none
	}{
		"better":                        {[][4]int{{0, 30, 28, 25}}, nil, ""},
		"as good":                       {[][4]int{{0, 30, 25, 25}}, nil, ""},
		"worse":                         {[][4]int{{0, 30, 24, 25}}, nil, "SENTIMENT: 0.8 of its judgements, 0.833 of the current version's, on 30 messages"},
		"worse in one of two":           {[][4]int{{0, 30, 30, 25}, {1, 5, 3, 4}}, nil, "TOPIC: 0.6 of"},
		"labels of two kinds":           {[][4]int{{0, 20, 20, 15}, {1, 10, 9, 9}}, nil, ""},
		"too few":                       {[][4]int{{0, 29, 29, 20}}, nil, "labelled 29 messages that both versions judged, 1 more are needed"},
		"none":                          {nil, nil, "30 more are needed"},
		"learnt, too few":               {[][4]int{{0, 2, 2, 1}}, learnt(0.7, 0.8), ""},
		"learnt, none":                  {nil, learnt(0.7, 0.8), ""},
		"learnt, on few":                {[][4]int{{0, 2, 2, 1}}, learntOn(12, 0.5, 0.6), "on 12 labels kept apart it agrees with people in 0.600, the version that it was learnt from in 0.500; that is too few to tell, 16 more"},
		"learnt, on few and shown":      {[][4]int{{0, 18, 12, 12}}, learntOn(12, 0.5, 0.6), ""},
		"learnt, no better":             {nil, learnt(0.8, 0.8), "0.800"},
		"learnt, no better, but shown":  {[][4]int{{0, 30, 28, 25}}, learnt(0.8, 0.7), ""},
		"learnt, worse on few":          {[][4]int{{0, 3, 1, 2}}, learnt(0.7, 0.9), "agree with it less"},
		"learnt, better but shown less": {[][4]int{{0, 40, 30, 35}}, learnt(0.7, 0.9), "agree with it less"},
	} {
		var trial agreement.Trial
		for _, k := range c.kinds {
			trial.Comparisons = append(trial.Comparisons, compared(t, []string{"SENTIMENT", "TOPIC"}[k[0]], k[1], k[2], k[3]))
		}
		trial.HeldOut = c.heldOut
		got := trial.Refusal(agreement.DefaultGate)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
