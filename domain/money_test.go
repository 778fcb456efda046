package domain_test

import (
	"math"
	"strings"
	"testing"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/fincokpi/finco/domain"
)

func TestParseMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, currency string
		minor          int64
		shown          string
	}{
		{"1234.50", "UZS", 123450, "1234.50"},
		{"6000000", "UZS", 600000000, "6000000.00"},
		{"-3.05", "USD", -305, "-3.05"},
		{"0", "UZS", 0, "0.00"},
		{"0.005", "UZS", 1, "0.01"},
		{"-0.005", "UZS", -1, "-0.01"},
		{"0.0049999", "UZS", 0, "0.00"},
		{"7", "JPY", 7, "7"},
		{"1.5", "JPY", 2, "2"},
		{"1.2345", "KWD", 1235, "1.235"},
	} {
		m, err := domain.ParseMoney(c.text, c.currency)
		if err != nil || m.Minor != c.minor || m.String() != c.shown {
			t.Errorf("%s %s: got %d %q, %v", c.text, c.currency, m.Minor, m, err)
		}
	}
}

func TestParseMoneyRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "-", ".", "5.", ".5", "+5", "NaN", "Inf", "-0", "-0.00", "1e3", "1e100000000", "0x10", "1_000", "1 000", "1,5", " 1", "١٢",
		"123456789012345678901234567890", "99999999999999999999", "1.-5", "--1", "1.2.3", strings.Repeat("9", 1_000_000),
	} {
		if m, err := domain.ParseMoney(text, "UZS"); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%.40q: got %v, %v", text, m, err)
		} else if len(err.Error()) > 200 {
			t.Errorf("%.40q: the fault has %d bytes", text, len(err.Error()))
		}
	}
	for _, currency := range []string{"", "uzs", "XXX", "UZ", "  A", "A B"} {
		if _, err := domain.ParseMoney("1", currency); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("currency %q: %v", currency, err)
		}
	}
}

func TestMoneyRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := domain.Money{
			Minor:    rapid.Int64Range(-1e17, 1e17).Draw(t, "minor"),
			Currency: rapid.SampledFrom([]string{"UZS", "JPY", "KWD", "CLF"}).Draw(t, "currency"),
		}
		again, err := domain.ParseMoney(m.String(), m.Currency)
		if err != nil || again != m {
			t.Fatalf("%v became %v, %v", m, again, err)
		}
		d, err := m.Decimal()
		if err != nil {
			t.Fatal(err)
		}
		if again, err = domain.MoneyOf(d, m.Currency); err != nil || again != m {
			t.Fatalf("%v became %v, %v", m, again, err)
		}
	})
}

func TestMoneyAdd(t *testing.T) {
	t.Parallel()
	uzs := func(n int64) domain.Money { return domain.Money{Minor: n, Currency: "UZS"} }
	if sum, err := uzs(5).Add(uzs(-7)); err != nil || sum != uzs(-2) {
		t.Errorf("got %v, %v", sum, err)
	}
	for _, pair := range [][2]domain.Money{
		{uzs(math.MaxInt64), uzs(1)}, {uzs(math.MinInt64), uzs(-1)}, {uzs(math.MinInt64), uzs(math.MinInt64)},
		{uzs(1), {Minor: 1, Currency: "USD"}},
	} {
		if sum, err := pair[0].Add(pair[1]); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%v + %v: got %v, %v", pair[0], pair[1], sum, err)
		}
	}
	if got := uzs(math.MinInt64).String(); got != "-92233720368547758.08" {
		t.Errorf("got %s", got)
	}
}

func TestCashUnit(t *testing.T) {
	t.Parallel()
	for currency, want := range map[string]int64{"UZS": 100, "USD": 1, "CHF": 5, "JPY": 1} {
		if got := domain.CashUnit(currency); got != want {
			t.Errorf("%s: got %d, want %d", currency, got, want)
		}
	}
}

func TestRoundHalfAway(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    string
		scale int
		want  string
	}{
		{"2.5", 0, "3"}, {"-2.5", 0, "-3"}, {"0.125", 2, "0.13"}, {"-0.125", 2, "-0.13"}, {"0.1249", 2, "0.12"}, {"1.5", 3, "1.5"}, {"0.0004", 3, "0.000"},
	} {
		got, err := domain.RoundHalfAway(decimal.MustParse(c.in), c.scale)
		if err != nil || got.String() != c.want {
			t.Errorf("%s to %d: got %s, %v, want %s", c.in, c.scale, got, err, c.want)
		}
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	if got := domain.Share(1, 3); !got.Valid || got.Decimal.String() != "0.333333333333333333" {
		t.Errorf("got %v", got)
	}
	if got := domain.Share(3, 3); got.Decimal.String() != "1" || domain.Share(0, 0).Valid {
		t.Errorf("got %v", got)
	}
}
