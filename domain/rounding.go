package domain

import (
	"math/big"

	"github.com/govalues/decimal"
)

// RatOf returns the exact rational value of d.
func RatOf(d decimal.Decimal) *big.Rat {
	num := new(big.Int).SetUint64(d.Coef())
	if d.IsNeg() {
		num.Neg(num)
	}
	den := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale())), nil)
	return new(big.Rat).SetFrac(num, den)
}

// RoundRat rounds r to a whole number, half away from zero.
func RoundRat(r *big.Rat) *big.Int {
	num := new(big.Int).Abs(r.Num())
	q, rest := new(big.Int).QuoRem(num, r.Denom(), new(big.Int))
	if rest.Lsh(rest, 1).Cmp(r.Denom()) >= 0 {
		q.Add(q, big.NewInt(1))
	}
	if r.Sign() < 0 {
		q.Neg(q)
	}
	return q
}

// DecimalOf rounds r to scale decimals, half away from zero; the result shows
// all of them ("68.50"). It fails as invalid when r has too many digits.
func DecimalOf(r *big.Rat, scale int) (decimal.Decimal, error) {
	pow := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	n := RoundRat(new(big.Rat).Mul(r, new(big.Rat).SetInt(pow)))
	if !n.IsInt64() {
		return decimal.Decimal{}, Errorf(KindInvalid, "the number has too many digits")
	}
	d, err := decimal.New(n.Int64(), scale)
	if err != nil {
		return decimal.Decimal{}, Errorf(KindInvalid, "the number has too many digits: %w", err)
	}
	return d, nil
}

// RoundHalfAway rounds d to at most scale decimals, half away from zero. (The
// decimal library itself rounds half to even.)
func RoundHalfAway(d decimal.Decimal, scale int) (decimal.Decimal, error) {
	if scale >= d.Scale() {
		return d, nil
	}
	return DecimalOf(RatOf(d), scale)
}

// Share returns part ÷ whole with up to 18 decimals, since what is computed from
// it is rounded only at the end; not Valid when whole is 0. Part is never greater
// than whole.
func Share(part, whole int) decimal.NullDecimal {
	if whole == 0 {
		return decimal.NullDecimal{}
	}
	d, err := DecimalOf(big.NewRat(int64(part), int64(whole)), 18)
	return decimal.NullDecimal{Decimal: d.Trim(0), Valid: err == nil}
}
