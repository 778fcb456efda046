package scorecard

import (
	"math/big"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// Criterion is one line of a scorecard.
type Criterion struct {
	Key      string
	Weight   decimal.Decimal // above 0
	Min, Max decimal.Decimal // the range of ratings, Min < Max
	Critical bool            // rated below the middle, it makes the review 0
}

// Validate fails as invalid and names every fault of the scorecard.
func Validate(card []Criterion) error {
	var f domain.Faults
	seen := map[string]bool{}
	for _, c := range card {
		if c.Key == "" || seen[c.Key] {
			f.Add(c.Key, "a key must be given, and only once")
		}
		seen[c.Key] = true
		if !c.Weight.IsPos() {
			f.Add(c.Key, "the weight must be above 0")
		}
		if c.Min.Cmp(c.Max) >= 0 {
			f.Add(c.Key, "the least rating must be below the greatest")
		}
	}
	return f.Err()
}

// Score returns a review's score, 0 to 100 with two decimals, rounded once, half
// away from zero:
//
//	criterion = (rating − min) ÷ (max − min) × 100
//	review    = Σ(criterion × weight) ÷ Σ(weight), over the rated criteria
//
// A criterion absent from ratings, or not Valid there, is N/A. A rated critical
// criterion below 50 makes the review 0. All N/A: not Valid, which is not 0. It
// fails as invalid for a bad scorecard, an unknown key or a rating out of range.
func Score(card []Criterion, ratings map[string]decimal.NullDecimal) (decimal.NullDecimal, error) {
	if err := checkRatings(card, ratings); err != nil {
		return decimal.NullDecimal{}, err
	}
	sum, weights := new(big.Rat), new(big.Rat)
	failed := false
	for _, c := range card {
		rating := ratings[c.Key]
		if !rating.Valid {
			continue
		}
		least := domain.RatOf(c.Min)
		score := new(big.Rat).Sub(domain.RatOf(rating.Decimal), least)
		score.Quo(score, least.Sub(domain.RatOf(c.Max), least))
		score.Mul(score, big.NewRat(100, 1))
		if c.Critical && score.Cmp(big.NewRat(50, 1)) < 0 {
			failed = true
		}
		weight := domain.RatOf(c.Weight)
		weights.Add(weights, weight)
		sum.Add(sum, score.Mul(score, weight))
	}
	if weights.Sign() == 0 {
		return decimal.NullDecimal{}, nil
	}
	if failed {
		sum.SetInt64(0)
	}
	d, err := domain.DecimalOf(sum.Quo(sum, weights), 2)
	return decimal.NullDecimal{Decimal: d, Valid: err == nil}, err
}

func checkRatings(card []Criterion, ratings map[string]decimal.NullDecimal) error {
	if err := Validate(card); err != nil {
		return err
	}
	var f domain.Faults
	known := 0
	for _, c := range card {
		rating, given := ratings[c.Key]
		if given {
			known++
		}
		if rating.Valid && (rating.Decimal.Cmp(c.Min) < 0 || rating.Decimal.Cmp(c.Max) > 0) {
			f.Add(c.Key, "the rating must be from %s to %s", c.Min, c.Max)
		}
	}
	if known < len(ratings) {
		f.Add("", "a rating names no criterion of the scorecard")
	}
	return f.Err()
}
