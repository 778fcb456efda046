package kpi

import (
	"math/big"
	"regexp"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// KPI is one version of a KPI, as far as its score depends on it. A floor above
// the target means that lower is better.
type KPI struct {
	Key    string
	Floor  decimal.Decimal // the value that scores 0
	Target decimal.Decimal // the value that scores 100
	Cap    decimal.Decimal // the greatest score
	Weight decimal.Decimal // above 0; weights need not sum to 100
}

// DefaultCap is a KPI's cap where none is given.
var DefaultCap = decimal.MustNew(100, 0)

// DefaultMinCoverage is the coverage below which pay rules see no total.
var DefaultMinCoverage = decimal.MustNew(5, 1)

var keyForm = regexp.MustCompile(`^[\pL\pN_-]{1,64}$`)

// Validate fails as invalid and names every fault.
func (k KPI) Validate() error {
	var f domain.Faults
	switch {
	case !keyForm.MatchString(k.Key):
		f.Add("key", "%.80q: use 1 to 64 letters, digits, _ or -", k.Key)
	case k.Key == "total" || k.Key == "coverage":
		f.Add("key", "%q already means something in pay rules", k.Key)
	}
	if k.Floor.Equal(k.Target) {
		f.Add("target", "it must differ from the floor")
	}
	if !k.Cap.IsPos() {
		f.Add("cap", "it must be above 0")
	}
	if !k.Weight.IsPos() {
		f.Add("weight", "it must be above 0")
	}
	return f.Err()
}

// Value is a KPI with what was measured; a Value that is not Valid is no data.
type Value struct {
	KPI
	Value decimal.NullDecimal
}

// Score is a published score.
type Score struct {
	Key   string
	Value decimal.NullDecimal // as measured
	Score decimal.NullDecimal // two decimals; not Valid = no data
}

// Total is the published result of one person and period.
type Total struct {
	Scores   []Score             // in the order given
	Total    decimal.NullDecimal // two decimals; not Valid = nothing had data
	Coverage decimal.Decimal     // four decimals: the weight that had data ÷ all weight
}

// Compute scores every KPI and takes their weighted mean:
//
//	score = clamp(100 × (value − floor) ÷ (target − floor), 0, cap)
//	total = Σ(score × weight) ÷ Σ(weight of those with a score)
//
// The total is made from unrounded scores; everything is rounded once, half away
// from zero. It fails as invalid for a KPI that does not validate and for a key
// given twice.
func Compute(values []Value) (Total, error) {
	var out Total
	sum, with, all := new(big.Rat), new(big.Rat), new(big.Rat)
	seen := map[string]bool{}
	for _, v := range values {
		if err := v.Validate(); err != nil {
			return Total{}, domain.Errorf(domain.KindInvalid, "KPI %.64q: %w", v.Key, err)
		}
		if seen[v.Key] {
			return Total{}, domain.Errorf(domain.KindInvalid, "KPI %q is given twice", v.Key)
		}
		seen[v.Key] = true
		weight := domain.RatOf(v.Weight)
		all.Add(all, weight)
		score := Score{Key: v.Key, Value: v.Value}
		if v.Value.Valid {
			exact := v.score()
			sum.Add(sum, new(big.Rat).Mul(exact, weight))
			with.Add(with, weight)
			rounded, err := domain.DecimalOf(exact, 2)
			if err != nil {
				return Total{}, domain.Errorf(domain.KindInvalid, "KPI %.64q: %w", v.Key, err)
			}
			score.Score = decimal.NullDecimal{Decimal: rounded, Valid: true}
		}
		out.Scores = append(out.Scores, score)
	}
	if err := out.finish(sum, with, all); err != nil {
		return Total{}, err
	}
	return out, nil
}

func (t *Total) finish(sum, with, all *big.Rat) (err error) {
	coverage := new(big.Rat)
	if all.Sign() > 0 {
		coverage.Quo(with, all)
	}
	if t.Coverage, err = domain.DecimalOf(coverage, 4); err != nil || with.Sign() == 0 {
		return err
	}
	t.Total.Valid = true
	t.Total.Decimal, err = domain.DecimalOf(sum.Quo(sum, with), 2)
	return err
}

// score is the exact score.
func (v Value) score() *big.Rat {
	floor := domain.RatOf(v.Floor)
	reached := new(big.Rat).Sub(domain.RatOf(v.Value.Decimal), floor)
	way := new(big.Rat).Sub(domain.RatOf(v.Target), floor)
	score := reached.Mul(reached.Quo(reached, way), big.NewRat(100, 1))
	if score.Sign() < 0 {
		return new(big.Rat)
	}
	if top := domain.RatOf(v.Cap); score.Cmp(top) > 0 {
		return top
	}
	return score
}

// ForPay returns the total as pay rules read it: as published, and not Valid when
// the published coverage is below minCoverage.
func (t Total) ForPay(minCoverage decimal.Decimal) decimal.NullDecimal {
	if t.Coverage.Cmp(minCoverage) < 0 {
		return decimal.NullDecimal{}
	}
	return t.Total
}
