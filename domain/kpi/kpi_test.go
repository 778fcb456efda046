package kpi_test

import (
	"strings"
	"testing"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/kpi"
)

func dec(text string) decimal.Decimal { return decimal.MustParse(text) }

func some(text string) decimal.NullDecimal {
	return decimal.NullDecimal{Decimal: dec(text), Valid: true}
}

func plain(key, value, weight string) kpi.Value {
	return kpi.Value{
		KPI:   kpi.KPI{Key: key, Floor: dec("0"), Target: dec("1"), Cap: kpi.DefaultCap, Weight: dec(weight)},
		Value: some(value),
	}
}

func TestTheTotalIsMadeFromUnroundedScores(t *testing.T) {
	t.Parallel()
	// 33.335 and 33.334: the rounded scores 33.34 and 33.33 would give 33.335, so 33.34.
	got, err := kpi.Compute([]kpi.Value{plain("a", "0.33335", "1"), plain("b", "0.33334", "1")})
	if err != nil || got.Total.Decimal.String() != "33.33" {
		t.Errorf("got %v, %v", got, err)
	}
	if got.Scores[0].Score.Decimal.String() != "33.34" || got.Scores[1].Score.Decimal.String() != "33.33" {
		t.Errorf("got %v", got.Scores)
	}
}

func TestForPay(t *testing.T) {
	t.Parallel()
	none := plain("b", "0", "1")
	none.Value.Valid = false
	got, err := kpi.Compute([]kpi.Value{plain("a", "0.9", "1"), none})
	if err != nil || got.Coverage.String() != "0.5000" {
		t.Fatalf("got %v, %v", got, err)
	}
	if total := got.ForPay(kpi.DefaultMinCoverage); !total.Valid || total.Decimal.String() != "90.00" {
		t.Errorf("at the least coverage: %v", total)
	}
	if got.ForPay(dec("0.5001")).Valid {
		t.Error("below the least coverage there is a total")
	}
	if empty, err := kpi.Compute(nil); err != nil || empty.Total.Valid || empty.Coverage.String() != "0.0000" || empty.ForPay(dec("0")).Valid {
		t.Errorf("no KPI: %v, %v", empty, err)
	}
}

func TestComputeRefuses(t *testing.T) {
	t.Parallel()
	for part, change := range map[string]func(*kpi.Value){
		"key":        func(v *kpi.Value) { v.Key = "a b" },
		"pay rules":  func(v *kpi.Value) { v.Key = "total" },
		"the floor":  func(v *kpi.Value) { v.Floor = v.Target },
		"cap":        func(v *kpi.Value) { v.Cap = dec("0") },
		"weight":     func(v *kpi.Value) { v.Weight = dec("-1") },
		"too many":   func(v *kpi.Value) { v.Cap, v.Value.Decimal = dec("9000000000000000000"), dec("900000000000000000") },
		"1 to 64":    func(v *kpi.Value) { v.Key = strings.Repeat("k", 65) },
		"all faults": nil,
	} {
		v := plain("a", "1", "1")
		if change == nil {
			v = kpi.Value{}
			part = "weight: it must be above 0"
		} else {
			change(&v)
		}
		if got, err := kpi.Compute([]kpi.Value{v}); domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: got %v, %v", part, got, err)
		}
	}
	if _, err := kpi.Compute([]kpi.Value{plain("a", "1", "1"), plain("a", "1", "1")}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a key twice: %v", err)
	}
}

func genValue(t *rapid.T, key string) kpi.Value {
	n := func(name string, low, high int64) decimal.Decimal {
		return decimal.MustNew(rapid.Int64Range(low, high).Draw(t, name), 3)
	}
	v := kpi.Value{KPI: kpi.KPI{Key: key, Floor: n("floor", -1e6, 1e6), Cap: n("cap", 1, 2e5), Weight: n("weight", 1, 1e5)}}
	v.Target = n("target", -1e6, 1e6)
	if v.Target.Equal(v.Floor) {
		v.Target, _ = v.Floor.Add(dec("1"))
	}
	v.Value = decimal.NullDecimal{Decimal: n("value", -2e6, 2e6), Valid: rapid.Bool().Draw(t, "known")}
	return v
}

func TestKPIProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var values, doubled []kpi.Value
		for _, key := range []string{"a", "b", "c", "d"}[:rapid.IntRange(1, 4).Draw(t, "kpis")] {
			v := genValue(t, key)
			values = append(values, v)
			v.Weight, _ = v.Weight.Mul(dec("2"))
			doubled = append(doubled, v)
		}
		got, err := kpi.Compute(values)
		if err != nil {
			t.Fatal(err)
		}
		least, greatest := decimal.NullDecimal{}, decimal.NullDecimal{}
		for i, s := range got.Scores {
			if s.Score.Valid != values[i].Value.Valid {
				t.Fatalf("%v has a score without data, or none with", s)
			}
			if !s.Score.Valid {
				continue
			}
			if s.Score.Decimal.IsNeg() || s.Score.Decimal.Cmp(values[i].Cap.Ceil(2)) > 0 {
				t.Fatalf("%v is outside of 0 to %v", s, values[i].Cap)
			}
			if !least.Valid || s.Score.Decimal.Less(least.Decimal) {
				least = s.Score
			}
			if !greatest.Valid || greatest.Decimal.Less(s.Score.Decimal) {
				greatest = s.Score
			}
		}
		if got.Total.Valid != least.Valid || (least.Valid && (got.Total.Decimal.Less(least.Decimal) || greatest.Decimal.Less(got.Total.Decimal))) {
			t.Fatalf("the total %v is not among %v", got.Total, got.Scores)
		}
		order := rapid.Permutation(doubled).Draw(t, "order")
		again, err := kpi.Compute(order)
		if err != nil || again.Total != got.Total || again.Coverage != got.Coverage {
			t.Fatalf("double weights in another order: %v, %v, want %v", again, err, got)
		}
	})
}
