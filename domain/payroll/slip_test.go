package payroll_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/payroll"
)

func input(salary int64) payroll.Input {
	return payroll.Input{
		Currency: "UZS", Salary: salary, PaidDays: 20, NormDays: 20,
		TaxPercent: payroll.DefaultTaxPercent, FineCapPercent: payroll.DefaultFineCapPercent,
	}
}

func compute(t *testing.T, in payroll.Input) payroll.Slip {
	t.Helper()
	slip, err := payroll.Compute(in)
	if err != nil {
		t.Fatal(err)
	}
	return slip
}

func amounts(s payroll.Slip) map[payroll.LineKind]int64 {
	sums := map[payroll.LineKind]int64{}
	for _, l := range s.Lines {
		sums[l.Kind] += l.Amount
	}
	return sums
}

func TestNothingEarned(t *testing.T) {
	t.Parallel()
	slip := compute(t, input(0))
	if len(slip.Lines) != 2 || slip.Lines[0].Kind != payroll.LineBase || slip.Lines[1].Kind != payroll.LineTax || slip.Payable != 0 || slip.Net != 0 {
		t.Errorf("got %+v", slip)
	}
}

func TestACarryOverIsDeductedByTheNextRun(t *testing.T) {
	t.Parallel()
	first := input(10_000_000)
	first.Deductions = []payroll.Item{{Key: "advance", Amount: 50_000_000}}
	slip := compute(t, first)
	if slip.Payable != 0 || slip.Net != 0 || slip.CarriedOver != 50_000_000-8_800_000 {
		t.Fatalf("got %+v", slip)
	}
	second := input(100_000_000)
	second.CarriedOver = slip.CarriedOver
	next := compute(t, second)
	if next.Payable != 88_000_000-slip.CarriedOver || next.CarriedOver != 0 {
		t.Errorf("got %+v", next)
	}
	if i := slices.IndexFunc(next.Lines, func(l payroll.Line) bool { return l.Key == payroll.KeyCarriedOver }); i < 0 ||
		next.Lines[i].Kind != payroll.LineDeduction || next.Lines[i].Amount != -slip.CarriedOver {
		t.Errorf("got %+v", next.Lines)
	}
	balance := int64(0)
	for _, p := range append(payroll.Postings(slip), payroll.Postings(next)...) {
		if p.Account == payroll.AccountCarriedOver {
			balance += p.Money.Minor
		}
	}
	if balance != 0 {
		t.Errorf("the two runs leave %d carried over", balance)
	}
}

func TestCorrections(t *testing.T) {
	t.Parallel()
	in := input(100_000_000)
	in.Corrections = []payroll.Correction{
		{Item: payroll.Item{Key: "before", Amount: 10_000_000}},
		{Item: payroll.Item{Key: "after", Amount: -5_000_000}, AfterTax: true},
	}
	in.Fines = []payroll.Fine{{Item: payroll.Item{Key: "late", Amount: 40_000_000}}}
	got := amounts(compute(t, in))
	if got[payroll.LineFineCap] != 10_000_000 { // 30 % of the base alone
		t.Errorf("a correction enters the cap's base: %v", got)
	}
	if got[payroll.LineTax] != -9_600_000 { // 12 % of 100 − 40 + 10 + 10
		t.Errorf("tax: %v", got)
	}
	in = input(1_000_000)
	in.Corrections = []payroll.Correction{{Item: payroll.Item{Key: "2026-08", Amount: -3_000_000}}}
	slip := compute(t, in)
	if got := amounts(slip); got[payroll.LineTax] != 0 || slip.CarriedOver != 2_000_000 {
		t.Errorf("below 0 there is no tax: %v", got)
	}
}

func TestTheOrderOfLines(t *testing.T) {
	t.Parallel()
	in := input(300_000_033)
	in.Bonuses = []payroll.Item{{Key: "b", Amount: 7}, {Key: "none", Amount: 0}}
	in.Fines = []payroll.Fine{
		{Item: payroll.Item{Key: "after", Amount: 95_000_000}, AfterTax: true}, {Item: payroll.Item{Key: "before", Amount: 80_000_000}},
	}
	in.Corrections = []payroll.Correction{{Item: payroll.Item{Key: "c", Amount: 5}}}
	in.Deductions = []payroll.Item{{Key: "advance", Amount: 1}}
	in.CarriedOver = 2
	var got []string
	for _, l := range compute(t, in).Lines {
		got = append(got, string(l.Kind)+":"+l.Key)
	}
	const want = "base: bonus:b fine:before fine_cap: correction:c tax: deduction:after deduction:advance deduction:carried_over deduction_cap: rounding:"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

func TestComputeRefuses(t *testing.T) {
	t.Parallel()
	for part, change := range map[string]func(*payroll.Input){
		"norm days": func(in *payroll.Input) { in.NormDays, in.PaidDays = 0, 0 },
		"paid days": func(in *payroll.Input) { in.PaidDays = 21 },
		"ISO 4217":  func(in *payroll.Input) { in.Currency = "SUM" },
		"salary":    func(in *payroll.Input) { in.Salary = -1 },
		"bonus x":   func(in *payroll.Input) { in.Bonuses = []payroll.Item{{Key: "x", Amount: -1}} },
		"fine x": func(in *payroll.Input) {
			in.Fines = []payroll.Fine{{Item: payroll.Item{Key: "x", Amount: math.MaxInt64}}}
		},
		"deduction x": func(in *payroll.Input) { in.Deductions = []payroll.Item{{Key: "x", Amount: -1}} },
		"correction x": func(in *payroll.Input) {
			in.Corrections = []payroll.Correction{{Item: payroll.Item{Key: "x", Amount: math.MinInt64}}}
		},
		"carried over":     func(in *payroll.Input) { in.CarriedOver = -1 },
		"tax percent":      func(in *payroll.Input) { in.TaxPercent = decimal.MustNew(101, 0) },
		"fine cap percent": func(in *payroll.Input) { in.FineCapPercent = decimal.MustNew(-1, 0) },
		"at most":          func(in *payroll.Input) { in.Bonuses = make([]payroll.Item, 1001) },
	} {
		in := input(1000)
		change(&in)
		if got, err := payroll.Compute(in); domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: got %+v, %v", part, got, err)
		}
	}
	if _, err := payroll.PercentOf(math.MaxInt64, decimal.MustNew(100, 0)); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("too large: %v", err)
	}
	if _, err := payroll.Base(1, 1, 0); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("no norm days: %v", err)
	}
}

func genInput(t *rapid.T) payroll.Input {
	amount := func(name string) int64 { return rapid.Int64Range(0, 1e11).Draw(t, name) }
	in := input(amount("salary"))
	in.Currency = rapid.SampledFrom([]string{"UZS", "CHF", "JPY", "USD"}).Draw(t, "currency")
	in.NormDays = rapid.IntRange(1, 31).Draw(t, "norm")
	in.PaidDays = rapid.IntRange(0, in.NormDays).Draw(t, "paid")
	in.TaxPercent = decimal.MustNew(rapid.Int64Range(0, 10000).Draw(t, "tax"), 2)
	in.FineCapPercent = decimal.MustNew(rapid.Int64Range(0, 10000).Draw(t, "cap"), 2)
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		in.Bonuses = append(in.Bonuses, payroll.Item{Key: "b", Amount: amount("bonus")})
		in.Fines = append(in.Fines, payroll.Fine{Item: payroll.Item{Key: "f", Amount: amount("fine")}, AfterTax: rapid.Bool().Draw(t, "after tax")})
		in.Corrections = append(in.Corrections, payroll.Correction{
			Item:     payroll.Item{Key: "c", Amount: rapid.Int64Range(-1e11, 1e11).Draw(t, "correction")},
			AfterTax: rapid.Bool().Draw(t, "correction after tax"),
		})
		in.Deductions = append(in.Deductions, payroll.Item{Key: "d", Amount: amount("deduction")})
	}
	in.CarriedOver = amount("carried over")
	return in
}

func TestSlipProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := genInput(t)
		slip, err := payroll.Compute(in)
		if err != nil {
			t.Fatal(err)
		}
		var sum, fines, earnings int64
		for _, l := range slip.Lines {
			sum += l.Amount
			if l.Fine || l.Kind == payroll.LineFineCap || l.Kind == payroll.LineDeductionCap {
				fines -= l.Amount
			}
			if l.Kind == payroll.LineBase || l.Kind == payroll.LineBonus {
				earnings += l.Amount
			}
		}
		limit, _ := payroll.PercentOf(earnings, in.FineCapPercent)
		switch {
		case sum != slip.Payable || slip.Payable < 0 || slip.Payable%domain.CashUnit(in.Currency) != 0:
			t.Fatalf("payable: %+v", slip)
		case slip.Net != slip.Payable-amounts(slip)[payroll.LineRounding]:
			t.Fatalf("net: %+v", slip)
		case slip.CarriedOver > 0 && slip.Payable != 0, slip.CarriedOver != amounts(slip)[payroll.LineCarriedOver]:
			t.Fatalf("carried over: %+v", slip)
		case fines < 0 || fines > limit:
			t.Fatalf("fines of %d pass the cap of %d: %+v", fines, limit, slip)
		}
		if again, err := payroll.Compute(in); err != nil || !reflect.DeepEqual(again, slip) {
			t.Fatalf("twice: %+v, %v", again, err)
		}
	})
}

func TestLedgerProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		slip, err := payroll.Compute(genInput(t))
		if err != nil {
			t.Fatal(err)
		}
		approved, paid := payroll.Postings(slip), payroll.Payment(slip)
		balance := map[payroll.Account]int64{}
		for _, list := range [][]payroll.Posting{approved, paid} {
			if err := payroll.Validate(list); err != nil {
				t.Fatalf("%v: %v", list, err)
			}
			for _, p := range list {
				balance[p.Account] += p.Money.Minor
			}
		}
		if balance[payroll.AccountPayable] != 0 || balance[payroll.AccountCash] != slip.Payable {
			t.Fatalf("after the payment: %v", balance)
		}
		reversed := payroll.Reverse(approved)
		if err := payroll.Validate(reversed); err != nil {
			t.Fatal(err)
		}
		left := map[payroll.Account]int64{}
		for _, p := range append(slices.Clone(approved), reversed...) {
			left[p.Account] += p.Money.Minor
		}
		for account, sum := range left {
			if sum != 0 {
				t.Fatalf("%s keeps %d after the reverse", account, sum)
			}
		}
	})
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	post := func(currency string, minor int64) payroll.Posting {
		return payroll.Posting{Account: payroll.AccountCash, Money: domain.Money{Minor: minor, Currency: currency}}
	}
	for name, list := range map[string][]payroll.Posting{
		"not balanced":   {post("UZS", 5), post("UZS", -4)},
		"two currencies": {post("UZS", 5), post("USD", -5)},
		"overflow":       {post("UZS", math.MaxInt64), post("UZS", math.MaxInt64), post("UZS", 2)},
		"zero":           {post("UZS", 0)},
		"no currency":    {post("", 1), post("", -1)},
	} {
		if err := payroll.Validate(list); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := payroll.Validate([]payroll.Posting{post("UZS", 5), post("USD", 1), post("UZS", -5), post("USD", -1)}); err != nil {
		t.Errorf("balanced in both: %v", err)
	}
}
