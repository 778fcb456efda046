package payroll

import (
	"slices"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/formula"
)

// RuleKind says whether a rule gives or takes.
type RuleKind string

// The kinds of rules.
const (
	RuleBonus RuleKind = "bonus"
	RuleFine  RuleKind = "fine"
)

// RuleText is a pay rule as people write it.
type RuleText struct {
	Key           string
	Kind          RuleKind
	AfterTax      bool   // of a fine: a deduction after tax
	When          string // condition; "" = always
	Amount        string // expression in major units
	PercentOfBase string // expression: a percentage of the slip's base line
}

// Rule is a checked pay rule: exactly one of Amount and PercentOfBase is set.
type Rule struct {
	Key           string
	Kind          RuleKind
	AfterTax      bool
	When          *formula.Program // nil = always
	Amount        *formula.Program
	PercentOfBase *formula.Program
}

// CompileRule checks a rule against the names that it may read. It fails as
// invalid and names every fault.
func CompileRule(text RuleText, allowed formula.Vocabulary) (Rule, error) {
	var f domain.Faults
	r := Rule{Key: text.Key, Kind: text.Kind, AfterTax: text.AfterTax}
	if text.Key == "" {
		f.Add("key", "it is missing")
	}
	if text.Kind != RuleBonus && text.Kind != RuleFine {
		f.Add("kind", "%.40q is neither bonus nor fine", text.Kind)
	}
	if text.Kind == RuleBonus && text.AfterTax {
		f.Add("after_tax", "only a fine can be after tax")
	}
	if (text.Amount == "") == (text.PercentOfBase == "") {
		f.Add("", "exactly one of amount and percent_of_base is needed")
	}
	compile := func(place, source string, how func(string, formula.Vocabulary) (*formula.Program, error)) *formula.Program {
		if source == "" {
			return nil
		}
		p, err := how(source, allowed)
		f.AddErr(place, err)
		return p
	}
	r.When = compile("when", text.When, formula.CompileCondition)
	r.Amount = compile("amount", text.Amount, formula.Compile)
	r.PercentOfBase = compile("percent_of_base", text.PercentOfBase, formula.Compile)
	if err := f.Err(); err != nil {
		return Rule{}, err
	}
	return r, nil
}

// Names returns what the rule may read, sorted, each once.
func (r Rule) Names() []string {
	var names []string
	for _, p := range []*formula.Program{r.When, r.Amount, r.PercentOfBase} {
		if p != nil {
			names = append(names, p.Names()...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Apply returns what a rule gives or takes, in minor units of the base's currency
// and not negative; 0 means no line. Flagged means that the rule touched a name
// without data: no line, and a flag on the slip. It fails as invalid when the
// expression fails or the amount is negative or out of range.
func Apply(r Rule, lookup formula.Lookup, base domain.Money) (amount int64, flagged bool, err error) {
	if r.When != nil {
		holds, known, err := r.When.Bool(lookup)
		if err != nil {
			return 0, false, domain.Errorf(domain.KindInvalid, "rule %q: %w", r.Key, err)
		}
		if !known || !holds {
			return 0, !known, nil
		}
	}
	program := r.Amount
	if program == nil {
		program = r.PercentOfBase
	}
	number, known, err := program.Number(lookup)
	if err == nil && known {
		amount, err = r.minor(number, base)
	}
	if err != nil {
		return 0, false, domain.Errorf(domain.KindInvalid, "rule %q: %w", r.Key, err)
	}
	return amount, !known, nil
}

func (r Rule) minor(number decimal.Decimal, base domain.Money) (int64, error) {
	if number.IsNeg() {
		return 0, domain.Errorf(domain.KindInvalid, "a %s cannot be negative", r.Kind)
	}
	if r.PercentOfBase != nil {
		return PercentOf(base.Minor, number)
	}
	m, err := domain.MoneyOf(number, base.Currency)
	if err == nil && !inRange(m.Minor) {
		err = domain.Errorf(domain.KindInvalid, "the amount of money is too large")
	}
	return m.Minor, err
}
