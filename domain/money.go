package domain

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/govalues/decimal"
)

// Money is a whole number of minor units (1 UZS = 100 tiyin) and an ISO 4217
// currency. There is no float on any way to or from it.
type Money struct {
	Minor    int64
	Currency string
}

// maxMoneyText bounds what is parsed at all: 18 digits, a sign and a point.
const maxMoneyText = 20

// ParseMoney reads an amount in major units ("1234.50", "-3") of the currency.
// More decimals than the currency has are rounded once, half away from zero.
// It fails as invalid for anything else: exponents, "NaN", "-0", separators,
// more than 20 characters, an unknown currency.
func ParseMoney(text, currency string) (Money, error) {
	if err := checkCurrency(currency); err != nil {
		return Money{}, err
	}
	if !plainNumber(text) {
		return Money{}, Errorf(KindInvalid, "%.20q is not an amount of money: write it like 1234.50", text)
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return Money{}, Errorf(KindInvalid, "%q is not an amount of money", text)
	}
	if r.Sign() == 0 && text[0] == '-' {
		return Money{}, Errorf(KindInvalid, "%q: zero has no sign", text)
	}
	return moneyOf(r, currency)
}

// MoneyOf converts an amount in major units, rounded once, half away from zero.
func MoneyOf(major decimal.Decimal, currency string) (Money, error) {
	if err := checkCurrency(currency); err != nil {
		return Money{}, err
	}
	return moneyOf(RatOf(major), currency)
}

func moneyOf(major *big.Rat, currency string) (Money, error) {
	unit := new(big.Rat).SetInt64(pow10(MinorDigits(currency)))
	n := RoundRat(unit.Mul(unit, major))
	if !n.IsInt64() || n.Int64() == math.MinInt64 {
		return Money{}, Errorf(KindInvalid, "the amount of money is too large")
	}
	return Money{Minor: n.Int64(), Currency: currency}, nil
}

// plainNumber says whether text is -?digits(.digits)? of bounded length.
func plainNumber(text string) bool {
	if len(text) > maxMoneyText {
		return false
	}
	whole, frac, point := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	return allDigits(whole) && (!point || allDigits(frac))
}

func allDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// String shows the amount in major units without the currency: "1234.50".
func (m Money) String() string {
	digits := MinorDigits(m.Currency)
	abs := uint64(m.Minor)
	sign := ""
	if m.Minor < 0 {
		abs, sign = -abs, "-"
	}
	if digits == 0 {
		return sign + strconv.FormatUint(abs, 10)
	}
	unit := uint64(pow10(digits))
	frac := strconv.FormatUint(abs%unit, 10)
	return sign + strconv.FormatUint(abs/unit, 10) + "." + strings.Repeat("0", digits-len(frac)) + frac
}

// Decimal returns the amount in major units.
func (m Money) Decimal() (decimal.Decimal, error) {
	d, err := decimal.New(m.Minor, MinorDigits(m.Currency))
	if err != nil {
		return decimal.Decimal{}, Errorf(KindInvalid, "the amount of money is too large: %w", err)
	}
	return d, nil
}

// Add returns the sum. It fails as invalid for two currencies and on overflow.
func (m Money) Add(other Money) (Money, error) {
	if m.Currency != other.Currency {
		return Money{}, Errorf(KindInvalid, "cannot add %s to %s", other.Currency, m.Currency)
	}
	sum := m.Minor + other.Minor
	if (m.Minor > 0 && other.Minor > 0 && sum <= 0) || (m.Minor < 0 && other.Minor < 0 && sum >= 0) {
		return Money{}, Errorf(KindInvalid, "the amount of money is too large")
	}
	return Money{Minor: sum, Currency: m.Currency}, nil
}

// Neg returns the amount with the other sign.
func (m Money) Neg() Money { return Money{Minor: -m.Minor, Currency: m.Currency} }

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
