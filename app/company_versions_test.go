package app

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/fincokpi/finco/domain"
)

func firstOf(month int) domain.Date {
	return domain.MonthOf(domain.Date{Year: 2026, Month: 1, Day: 1}.AddDays(31 * month)).First()
}

func histories(t *rapid.T, name string, zero bool) history[int] {
	least := 1
	if zero {
		least = 0
	}
	var out history[int]
	for range rapid.IntRange(0, 4).Draw(t, name) {
		month := rapid.IntRange(least, 8).Draw(t, name+" month")
		v := dated[int]{value: rapid.IntRange(0, 2).Draw(t, name+" value")}
		if month > 0 {
			v.from = firstOf(month)
		}
		if zero {
			out = append(out, v)
		} else {
			out = out.with(v)
		}
	}
	return out
}

// Whatever was stored, what is wanted holds from the opening on, planning again plans nothing, and no version of a day gone by
// is written over.
func TestPlannedVersionsConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		open := opening{first: firstOf(4), change: firstOf(rapid.SampledFrom([]int{4, 5}).Draw(t, "open"))}
		stored, wanted := histories(t, "stored", false), histories(t, "wanted", true)
		plan := planned(stored, wanted, open, sameValue[int])
		after := stored
		for _, v := range plan {
			for _, old := range stored {
				if old.from == v.from && v.from.Before(open.change) {
					t.Fatalf("%v is written over", v.from)
				}
			}
			after = after.with(v)
		}
		if again := planned(after, wanted, open, sameValue[int]); len(again) > 0 {
			t.Fatalf("planned again: %v", again)
		}
		want, ok := resolved(wanted, open, len(stored) == 0).at(open.change)
		if got, has := after.at(open.change); ok && (!has || got.value != want.value) {
			t.Fatalf("at the opening %v holds, wanted %v", got, want)
		}
	})
}

func TestPlannedVersions(t *testing.T) {
	t.Parallel()
	open := opening{first: firstOf(4), change: firstOf(4)}
	for name, c := range map[string]struct{ stored, wanted, plan history[int] }{
		"the first, without a day":        {nil, history[int]{{value: 1}}, history[int]{{firstOf(4), 1}}},
		"the same":                        {history[int]{{firstOf(2), 1}}, history[int]{{value: 1}}, nil},
		"another, without a day":          {history[int]{{firstOf(2), 1}}, history[int]{{value: 2}}, history[int]{{firstOf(4), 2}}},
		"another on a day gone by":        {history[int]{{firstOf(2), 1}}, history[int]{{firstOf(2), 2}}, history[int]{{firstOf(4), 2}}},
		"another on a day to come":        {history[int]{{firstOf(6), 1}}, history[int]{{firstOf(6), 2}}, history[int]{{firstOf(6), 2}}},
		"a day between":                   {history[int]{{firstOf(1), 1}}, history[int]{{firstOf(3), 2}}, history[int]{{firstOf(3), 2}}},
		"what came later is taken back":   {history[int]{{firstOf(1), 1}, {firstOf(3), 2}}, history[int]{{firstOf(1), 1}}, history[int]{{firstOf(4), 1}}},
		"the beginning is put further on": {history[int]{{firstOf(3), 1}}, history[int]{{firstOf(1), 1}}, history[int]{{firstOf(1), 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := planned(c.stored, c.wanted, open, sameValue[int])
			if len(got) != len(c.plan) {
				t.Fatalf("got %v, want %v", got, c.plan)
			}
			for i := range got {
				if got[i] != c.plan[i] {
					t.Errorf("got %v, want %v", got, c.plan)
				}
			}
		})
	}
}
