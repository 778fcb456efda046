package payroll_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/formula"
	"github.com/fincokpi/finco/domain/payroll"
)

var base = domain.Money{Minor: 545454545, Currency: "UZS"}

func lookup(name string) (decimal.Decimal, bool) {
	text, ok := map[string]string{"kpi.total": "78.04", "reports.missing": "2", "wait.count": "0"}[name]
	if !ok {
		return decimal.Decimal{}, false
	}
	return decimal.MustParse(text), true
}

func TestApply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule    payroll.RuleText
		amount  int64
		flagged bool
	}{
		"percent":          {payroll.RuleText{When: "kpi.total >= 70", PercentOfBase: "15"}, 81818182, false},
		"percent of total": {payroll.RuleText{PercentOfBase: "kpi.total / 10"}, 42567273, false},
		"does not hold":    {payroll.RuleText{When: "kpi.total >= 80", PercentOfBase: "15"}, 0, false},
		"amount":           {payroll.RuleText{Amount: "50000 * reports.missing"}, 10000000, false},
		"amount rounded":   {payroll.RuleText{Amount: "0.125 * 0.1"}, 1, false},
		"amount of 0":      {payroll.RuleText{Amount: "50000 * wait.count"}, 0, false},
		"when is null":     {payroll.RuleText{When: "quality.mean > 5", Amount: "1"}, 0, true},
		"amount is null":   {payroll.RuleText{Amount: "quality.mean"}, 0, true},
		"null not touched": {payroll.RuleText{When: "kpi.total > 90", Amount: "quality.mean"}, 0, false},
	} {
		c.rule.Key, c.rule.Kind = "r", payroll.RuleBonus
		r, err := payroll.CompileRule(c.rule, formula.ForPay())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		amount, flagged, err := payroll.Apply(r, lookup, base)
		if err != nil || amount != c.amount || flagged != c.flagged {
			t.Errorf("%s: got %d, flagged %t, %v", name, amount, flagged, err)
		}
	}
}

func TestApplyFails(t *testing.T) {
	t.Parallel()
	for part, text := range map[string]payroll.RuleText{
		"cannot be negative": {Amount: "wait.count - 1"},
		"divides by zero":    {Amount: "1 / wait.count"},
		"rule \"r\": ":       {When: "1 / wait.count > 1", Amount: "1"},
		"too large":          {Amount: "9999999999999999"},
		"is too large":       {PercentOfBase: "99999999999999"},
	} {
		text.Key, text.Kind = "r", payroll.RuleFine
		r, err := payroll.CompileRule(text, formula.ForPay())
		if err != nil {
			t.Errorf("%s: %v", part, err)
			continue
		}
		if amount, _, err := payroll.Apply(r, lookup, base); domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: got %d, %v", part, amount, err)
		}
	}
}

func TestCompileRule(t *testing.T) {
	t.Parallel()
	_, err := payroll.CompileRule(payroll.RuleText{Kind: "gift", When: "kpi.totl > 1", Amount: "1", PercentOfBase: "true"}, formula.ForPay())
	for _, part := range []string{"key: ", "kind: ", "exactly one", "when: at character 1", "did you mean kpi.total", "percent_of_base: "} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %v", part, err)
		}
	}
	_, err = payroll.CompileRule(payroll.RuleText{Key: "r", Kind: payroll.RuleBonus, AfterTax: true}, formula.ForPay())
	if err == nil || !strings.Contains(err.Error(), "only a fine") || !strings.Contains(err.Error(), "exactly one") {
		t.Errorf("got %v", err)
	}
	r, err := payroll.CompileRule(payroll.RuleText{Key: "r", Kind: payroll.RuleFine, AfterTax: true, When: `kpi["q"] < 5`, Amount: "salary + kpi.q"}, formula.ForPay("q"))
	if err != nil || !slices.Equal(r.Names(), []string{"kpi.q", "salary"}) || !r.AfterTax {
		t.Errorf("got %v, %v", r.Names(), err)
	}
}
