package agreement_test

import (
	"testing"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/fincokpi/finco/domain/agreement"
)

func repeat(n int, machine, human string) []agreement.Pair {
	list := make([]agreement.Pair, n)
	for i := range list {
		list[i] = agreement.Pair{MachineLabel: machine, HumanLabel: human}
	}
	return list
}

func score(machine, human string) agreement.Pair {
	read := func(s string) decimal.NullDecimal {
		return decimal.NullDecimal{Decimal: decimal.MustParse(s), Valid: true}
	}
	return agreement.Pair{MachineScore: read(machine), HumanScore: read(human)}
}

func compute(t *testing.T, pairs []agreement.Pair) agreement.Stats {
	t.Helper()
	s, err := agreement.Compute(pairs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The example of Cohen's kappa with 20 and 15 agreements out of 50: p = 0.7,
// e = 0.5, kappa = 0.4.
func TestKappa(t *testing.T) {
	t.Parallel()
	pairs := append(repeat(20, "yes", "yes"), repeat(5, "yes", "no")...)
	pairs = append(append(pairs, repeat(10, "no", "yes")...), repeat(15, "no", "no")...)
	s := compute(t, pairs)
	if s.Labels != 50 || s.Agreement.Decimal.String() != "0.7" || s.Kappa.Decimal.String() != "0.4" {
		t.Errorf("got %+v", s)
	}
	if s := compute(t, repeat(5, "yes", "yes")); s.Kappa.Valid || s.Agreement.Decimal.String() != "1" {
		t.Errorf("one label only: %+v", s)
	}
	if s := compute(t, repeat(5, "yes", "no")); s.Kappa.Valid || s.Agreement.Decimal.String() != "0" {
		t.Errorf("one label each: %+v", s)
	}
	if s := compute(t, append(repeat(3, "yes", "yes"), repeat(1, "yes", "no")...)); s.Kappa.Decimal.String() != "0" {
		t.Errorf("a machine that always says the same: %+v", s)
	}
	if s := compute(t, nil); s.Agreement.Valid || s.Kappa.Valid || agreement.DefaultGate.Passes(s) {
		t.Errorf("nothing: %+v", s)
	}
}

func TestScoresAgreeWithinTenPoints(t *testing.T) {
	t.Parallel()
	s := compute(t, []agreement.Pair{score("80", "90"), score("80", "90.01"), score("80", "70"), score("50", "50")})
	if s.Agreement.Decimal.String() != "0.75" || s.Kappa.Valid {
		t.Errorf("got %+v", s)
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		same, other int
		want        bool
	}{{23, 7, true}, {22, 8, false}, {29, 0, false}, {30, 0, true}, {30, 10, true}, {30, 11, false}} {
		s := compute(t, append(repeat(c.same, "a", "a"), repeat(c.other, "a", "b")...))
		if got := agreement.DefaultGate.Passes(s); got != c.want {
			t.Errorf("%d and %d: got %t", c.same, c.other, got)
		}
	}
}

func TestAgreementProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.SampledFrom([]string{"a", "b", "c"})
		pairs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) agreement.Pair {
			return agreement.Pair{MachineLabel: label.Draw(t, "machine"), HumanLabel: label.Draw(t, "human")}
		}), 1, 40).Draw(t, "pairs")
		s, err := agreement.Compute(pairs)
		if err != nil {
			t.Fatal(err)
		}
		one := decimal.MustNew(1, 0)
		if s.Agreement.Decimal.IsNeg() || one.Less(s.Agreement.Decimal) || (s.Kappa.Valid && s.Agreement.Decimal.Less(s.Kappa.Decimal)) {
			t.Fatalf("got %+v", s)
		}
		again, err := agreement.Compute(rapid.Permutation(pairs).Draw(t, "order"))
		if err != nil || again != s {
			t.Fatalf("in another order: %+v, %v, want %+v", again, err, s)
		}
	})
}
