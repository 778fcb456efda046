package drift_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/fincokpi/finco/domain/drift"
)

func counts(positive, negative int) map[string]drift.Count {
	return map[string]drift.Count{
		"positive": {N: positive, Confidence: 0.9 * float64(positive)}, "negative": {N: negative, Confidence: 0.6 * float64(negative)},
	}
}

// By hand: (0.5 − 0.2)·ln(0.5 ÷ 0.2) + (0.5 − 0.8)·ln(0.5 ÷ 0.8) = 0.4159, which half a text more a label hardly moves at this size.
func TestIndex(t *testing.T) {
	t.Parallel()
	r := drift.Compare(counts(50_000, 50_000), counts(20_000, 80_000))
	if r.Index == nil || math.Abs(*r.Index-0.4159) > 0.0001 || !r.Drifted() {
		t.Errorf("got %+v", r)
	}
	if r.Now != 100_000 || math.Abs(*r.ConfidenceNow-0.75) > 1e-9 || math.Abs(*r.ConfidenceBefore-0.66) > 1e-9 {
		t.Errorf("got %+v", r)
	}
	if len(r.Shares) != 2 || r.Shares[0] != (drift.Share{Label: "negative", Now: 0.5, Before: 0.8}) {
		t.Errorf("got %+v", r.Shares)
	}
}

func TestDrifted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		now, before map[string]drift.Count
		want        bool
	}{
		"the same":               {counts(500, 500), counts(50, 50), false},
		"a little":               {counts(55, 45), counts(50, 50), false},
		"much":                   {counts(90, 10), counts(50, 50), true},
		"too few now":            {counts(89, 10), counts(50, 50), false},
		"too few before":         {counts(90, 10), counts(50, 49), false},
		"nothing before":         {counts(90, 10), nil, false},
		"nothing now":            {nil, counts(90, 10), false},
		"a label not seen":       {map[string]drift.Count{"positive": {N: 50}, "angry": {N: 50}}, counts(50, 50), true},
		"a rare label not seen":  {counts(200, 0), counts(199, 1), false},
		"nothing at all is said": {nil, nil, false},
	} {
		if got := drift.Compare(c.now, c.before); got.Drifted() != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestIndexProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) map[string]drift.Count {
			out := map[string]drift.Count{}
			for _, label := range []string{"a", "b", "c", "d"} {
				if n := rapid.IntRange(0, 1000).Draw(t, name+label); n > 0 {
					out[label] = drift.Count{N: n, Confidence: float64(n) / 2}
				}
			}
			return out
		}
		x, y := draw("x"), draw("y")
		r, back := drift.Compare(x, y), drift.Compare(y, x)
		if (r.Index == nil) != (r.Now == 0 || r.Before == 0) {
			t.Fatalf("got %+v", r)
		}
		if r.Index != nil && (*r.Index < -1e-12 || math.IsInf(*r.Index, 0) || math.IsNaN(*r.Index) || len(r.Shares) == len(back.Shares) && math.Abs(*r.Index-*back.Index) > 1e-9*(1+*r.Index)) {
			t.Fatalf("%v, and turned round %v", *r.Index, *back.Index)
		}
		if same := drift.Compare(x, x); same.Index != nil && math.Abs(*same.Index) > 1e-12 {
			t.Fatalf("the same: %v", *same.Index)
		}
	})
}
