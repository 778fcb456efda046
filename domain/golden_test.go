package domain_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/kpi"
	"github.com/fincokpi/finco/domain/payroll"
)

// golden runs check on every case of a kind, as subtests named after the cases:
// those in testdata, and those in the folder that FINCO_GOLDEN names.
func golden[Case any](t *testing.T, kind string, check func(*testing.T, Case)) {
	t.Helper()
	own := filepath.Join("testdata", "golden")
	roots := []string{own}
	if more := os.Getenv("FINCO_GOLDEN"); more != "" {
		roots = append(roots, more)
	}
	files := map[string]string{} // by case file, so that a case in both places runs once
	for _, root := range roots {
		found, err := filepath.Glob(filepath.Join(root, kind, "*.json"))
		if err != nil || (root == own && len(found) == 0) {
			t.Fatalf("no cases in %s/%s: %v", root, kind, err)
		}
		for _, file := range found {
			files[filepath.Base(file)] = file
		}
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var head struct{ Name string }
		if err := json.Unmarshal(data, &head); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		t.Run(head.Name, func(t *testing.T) {
			t.Parallel()
			var c Case
			if err := json.Unmarshal(data, &c); err != nil {
				t.Fatal(err)
			}
			check(t, c)
		})
	}
}

// number is a JSON number, a decimal string or null, read exactly.
type number struct{ decimal.NullDecimal }

func (n *number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = string(data)
	}
	d, err := decimal.Parse(text)
	n.NullDecimal = decimal.NullDecimal{Decimal: d, Valid: true}
	return err
}

type kpiCase struct {
	KPIs []struct {
		Key                               string
		Value, Floor, Target, Cap, Weight number
	}
	Expect struct {
		Scores   map[string]*string
		Total    *string
		Coverage string
	}
}

func TestGoldenKPI(t *testing.T) {
	t.Parallel()
	golden(t, "kpi", func(t *testing.T, c kpiCase) {
		var values []kpi.Value
		for _, k := range c.KPIs {
			v := kpi.Value{Value: k.Value.NullDecimal}
			v.KPI = kpi.KPI{Key: k.Key, Floor: k.Floor.Decimal, Target: k.Target.Decimal, Cap: kpi.DefaultCap, Weight: k.Weight.Decimal}
			if k.Cap.Valid {
				v.Cap = k.Cap.Decimal
			}
			values = append(values, v)
		}
		got, err := kpi.Compute(values)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range got.Scores {
			sameText(t, s.Key, s.Score, c.Expect.Scores[s.Key])
		}
		sameText(t, "total", got.Total, c.Expect.Total)
		if len(got.Scores) != len(c.Expect.Scores) || got.Coverage.String() != c.Expect.Coverage {
			t.Errorf("%d scores, coverage %s; want %d and %s", len(got.Scores), got.Coverage, len(c.Expect.Scores), c.Expect.Coverage)
		}
	})
}

func sameText(t *testing.T, what string, got decimal.NullDecimal, want *string) {
	t.Helper()
	if got.Valid != (want != nil) || (want != nil && got.Decimal.String() != *want) {
		t.Errorf("%s: got %v (valid %t), want %v", what, got.Decimal, got.Valid, want)
	}
}

type amountCase struct {
	Key      string
	Amount   int64
	Percent  number
	AfterTax bool `json:"after_tax"`
}

type payslipCase struct {
	Currency       string
	Salary         int64
	PaidDays       int          `json:"paid_days"`
	NormDays       int          `json:"norm_days"`
	TaxPercent     number       `json:"tax_percent"`
	FineCapPercent number       `json:"fine_cap_percent"`
	CarriedOver    int64        `json:"carried_over"`
	Bonuses        []amountCase `json:"bonuses"`
	Fines          []amountCase `json:"fines"`
	Corrections    []amountCase `json:"corrections"`
	Deductions     []amountCase `json:"deductions"`
	Expect         struct {
		Lines       [][2]any
		Payable     int64
		CarriedOver int64 `json:"carried_over"`
	}
}

func (c payslipCase) input(t *testing.T) payroll.Input {
	t.Helper()
	in := payroll.Input{
		Currency: c.Currency, Salary: c.Salary, PaidDays: c.PaidDays, NormDays: c.NormDays, CarriedOver: c.CarriedOver,
		TaxPercent: payroll.DefaultTaxPercent, FineCapPercent: payroll.DefaultFineCapPercent,
	}
	if in.Currency == "" {
		in.Currency = "UZS"
	}
	if c.TaxPercent.Valid {
		in.TaxPercent = c.TaxPercent.Decimal
	}
	if c.FineCapPercent.Valid {
		in.FineCapPercent = c.FineCapPercent.Decimal
	}
	base, err := payroll.Base(c.Salary, c.PaidDays, c.NormDays)
	if err != nil {
		t.Fatal(err)
	}
	item := func(a amountCase) payroll.Item {
		if a.Percent.Valid {
			if a.Amount, err = payroll.PercentOf(base, a.Percent.Decimal); err != nil {
				t.Fatal(err)
			}
		}
		return payroll.Item{Key: a.Key, Amount: a.Amount}
	}
	for _, a := range c.Bonuses {
		in.Bonuses = append(in.Bonuses, item(a))
	}
	for _, a := range c.Fines {
		in.Fines = append(in.Fines, payroll.Fine{Item: item(a), AfterTax: a.AfterTax})
	}
	for _, a := range c.Corrections {
		in.Corrections = append(in.Corrections, payroll.Correction{Item: item(a), AfterTax: a.AfterTax})
	}
	for _, a := range c.Deductions {
		in.Deductions = append(in.Deductions, item(a))
	}
	return in
}

func TestGoldenPayslip(t *testing.T) {
	t.Parallel()
	golden(t, "payslip", func(t *testing.T, c payslipCase) {
		slip, err := payroll.Compute(c.input(t))
		if err != nil {
			t.Fatal(err)
		}
		lines := [][2]any{}
		for _, l := range slip.Lines {
			name := string(l.Kind)
			if l.Key != "" {
				name += ":" + l.Key
			}
			lines = append(lines, [2]any{name, l.Amount})
		}
		got, _ := json.Marshal(lines)
		for i := range c.Expect.Lines {
			c.Expect.Lines[i][1] = int64(c.Expect.Lines[i][1].(float64))
		}
		want, _ := json.Marshal(c.Expect.Lines)
		if string(got) != string(want) {
			t.Errorf("lines\n got %s\nwant %s", got, want)
		}
		if slip.Payable != c.Expect.Payable || slip.CarriedOver != c.Expect.CarriedOver {
			t.Errorf("payable %d, carried over %d; want %d and %d", slip.Payable, slip.CarriedOver, c.Expect.Payable, c.Expect.CarriedOver)
		}
		if err := payroll.Validate(payroll.Postings(slip)); err != nil {
			t.Error(err)
		}
	})
}

// sameNumber compares to six decimals, as the cases are written.
func sameNumber(t *testing.T, what string, got decimal.NullDecimal, want number) {
	t.Helper()
	rounded, err := domain.RoundHalfAway(got.Decimal, 6)
	if err != nil {
		t.Fatal(err)
	}
	if got.Valid != want.Valid || (want.Valid && !rounded.Equal(want.Decimal)) {
		t.Errorf("%s: got %v (valid %t), want %v (valid %t)", what, got.Decimal, got.Valid, want.Decimal, want.Valid)
	}
}
