package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/formula"
	"github.com/fincokpi/finco/domain/payroll"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/payrollrun"
)

// slipDraft is a slip as it is to be stored. Two of the same content have the same JSON.
type slipDraft struct {
	User        int         `json:"user_id"`
	Net         int64       `json:"net"`
	Payable     int64       `json:"payable"`
	CarriedOver int64       `json:"carried_over"`
	Flags       []string    `json:"flags"`
	Lines       []lineDraft `json:"lines"`
}

type lineDraft struct {
	Kind     string `json:"kind"`
	Key      string `json:"key"`
	Amount   int64  `json:"amount"`
	AfterTax bool   `json:"after_tax"`
	Reason   string `json:"reason"`
	// Inputs are the metrics that the line's rule read by itself, not through a KPI.
	Inputs  []domain.MetricInput `json:"inputs"`
	Sources []sourceDraft        `json:"sources"`
}

// sourceDraft is exactly one of a record and a line of the same slip.
type sourceDraft struct {
	KPIResult  *int `json:"kpi_result_id"`
	Salary     *int `json:"salary_id"`
	Adjustment *int `json:"adjustment_id"`
	// Line is a line of another slip, Own the place of one of this slip.
	Line *int `json:"source_line_id"`
	Own  *int `json:"own"`
}

// origin is where an item of a slip comes from.
type origin struct {
	reason  string
	sources []sourceDraft
	inputs  []domain.MetricInput
}

// slipBuilder makes one person's slip.
type slipBuilder struct {
	*payTerms
	person *person
	in     payroll.Input
	base   origin
	flags  []string

	bonuses, fines, corrections []origin
	carriedFrom                 []sourceDraft
}

func (p *payTerms) slips() ([]slipDraft, error) {
	var out []slipDraft
	for _, id := range p.people() {
		b := slipBuilder{payTerms: p, person: p.roster.people[id], flags: []string{}}
		if b.person == nil {
			continue
		}
		slip, err := b.build()
		if err != nil {
			return nil, err
		}
		out = append(out, slip)
	}
	return out, nil
}

// notOver follows the period in the flag of a slip of a month that goes on.
const notOver = " is not over: "

// SlipFlags are what a slip is marked with, as it is to be read in the run's state: what an approved or paid run took before the
// month's end changes no more.
func SlipFlags(slip *gen.Payslip, state payrollrun.State) []string {
	out := slices.Clone(slip.Flags)
	if state != payrollrun.StateApproved && state != payrollrun.StatePaid {
		return out
	}
	for i, flag := range out {
		if period, _, found := strings.Cut(flag, notOver); found && !strings.Contains(period, " ") {
			out[i] = period + " was not over when this was computed: what came later is not in it"
		}
	}
	return out
}

func (b *slipBuilder) build() (slipDraft, error) {
	b.in = payroll.Input{Currency: b.currency, NormDays: 1, TaxPercent: b.tax, FineCapPercent: b.fineCap}
	if b.regular && !b.over {
		b.flags = append(b.flags, fmt.Sprintf("%s%swhat is done, said and judged until the end of %s may change what is paid", b.period, notOver, b.period.Last()))
	}
	if err := b.addSalary(); err != nil {
		return slipDraft{}, err
	}
	b.addAdjustments()
	for _, c := range b.carried[b.person.ID] {
		b.in.CarriedOver += c.amount
		b.carriedFrom = append(b.carriedFrom, sourceDraft{Line: &c.line})
	}
	slip, err := payroll.Compute(b.in)
	if err != nil {
		return slipDraft{}, domain.Errorf(domain.KindInvalid, "the slip of %s: %w", b.person.Name, err)
	}
	out := slipDraft{User: b.person.ID, Net: slip.Net, Payable: slip.Payable, CarriedOver: slip.CarriedOver, Flags: b.flags}
	for i, l := range slip.Lines {
		from := b.origin(slip, i)
		if from.sources == nil {
			from.sources = []sourceDraft{}
		}
		out.Lines = append(out.Lines, lineDraft{strings.ToUpper(string(l.Kind)), l.Key, l.Amount, l.AfterTax, clip(from.reason, 1000), from.inputs, from.sources})
	}
	return out, nil
}

// addSalary adds the base and what the rules give and take. Runs that are not regular pay no salary, nor does any run to
// those who did not work in the month.
func (b *slipBuilder) addSalary() error {
	salary, known := b.salaries[b.person.ID]
	result := b.results[b.person.ID]
	switch {
	case !b.regular:
		b.base.reason = "the month's regular run pays the salary"
		return nil
	case result == nil:
		b.base.reason = "no day of the month was worked"
		return nil
	case !known:
		b.base.reason = "no salary is set in " + b.currency
		b.flags = append(b.flags, b.base.reason)
		return nil
	}
	days, err := b.days(b.person)
	if err != nil {
		return err
	}
	b.in.Salary, b.in.PaidDays, b.in.NormDays = salary.amount, days.Paid, days.Norm
	b.base = origin{
		reason:  fmt.Sprintf("salary %s × %d ÷ %d days", b.show(salary.amount), days.Paid, days.Norm),
		sources: []sourceDraft{{Salary: &salary.id}},
	}
	minor, err := payroll.Base(salary.amount, days.Paid, days.Norm)
	if err != nil {
		return err
	}
	return b.applyRules(domain.Money{Minor: minor, Currency: b.currency}, salary, result)
}

func (b *slipBuilder) applyRules(base domain.Money, salary salaryTerm, result *kpiResult) error {
	lookup := b.lookup(base, salary, result)
	for _, rule := range b.rules {
		amount, flagged, err := payroll.Apply(rule, lookup, base)
		if err != nil {
			return domain.Errorf(domain.KindInvalid, "the slip of %s: %w", b.person.Name, err)
		}
		if flagged {
			b.flags = append(b.flags, fmt.Sprintf("rule %s gives no line: there is no data for %s", rule.Key, strings.Join(unknown(rule, lookup), ", ")))
		}
		b.flags = append(b.flags, gateFlags(rule, result)...)
		if amount == 0 {
			continue
		}
		item := payroll.Item{Key: rule.Key, Amount: amount}
		from := b.ruleOrigin(rule, lookup, salary, result)
		if rule.Kind == payroll.RuleBonus {
			b.in.Bonuses, b.bonuses = append(b.in.Bonuses, item), append(b.bonuses, from)
			continue
		}
		b.in.Fines, b.fines = append(b.in.Fines, payroll.Fine{Item: item, AfterTax: rule.AfterTax}), append(b.fines, from)
	}
	return nil
}

// lookup is what a pay rule may read: the person's metrics, scores as published, and money in major units.
func (b *slipBuilder) lookup(base domain.Money, salary salaryTerm, result *kpiResult) formula.Lookup {
	return func(name string) (decimal.Decimal, bool) {
		switch name {
		case "base":
			d, err := base.Decimal()
			return d, err == nil
		case "salary":
			d, err := domain.Money{Minor: salary.amount, Currency: b.currency}.Decimal()
			return d, err == nil
		case "kpi.total":
			total := result.published.ForPay(b.minCoverage)
			return total.Decimal, total.Valid
		case "kpi.coverage":
			return result.published.Coverage, len(result.published.Scores) > 0
		}
		for _, s := range result.published.Scores {
			if formula.KPI(s.Key) == name {
				return s.Score.Decimal, s.Score.Valid
			}
		}
		return result.figures.lookup(name)
	}
}

func unknown(rule payroll.Rule, lookup formula.Lookup) []string {
	var out []string
	for _, name := range rule.Names() {
		if _, ok := lookup(name); !ok {
			out = append(out, name)
		}
	}
	return out
}

// gateFlags say which values that a rule may read are without what the pay gate kept out: pay may be another when people have
// reviewed it.
func gateFlags(rule payroll.Rule, result *kpiResult) []string {
	var out []string
	for _, name := range rule.Names() {
		if name == "kpi.total" {
			for _, key := range slices.Sorted(maps.Keys(result.emptied)) {
				out = append(out, fmt.Sprintf("rule %s reads %s without %s, at a coverage of %s: %s", rule.Key, name, formula.KPI(key), result.published.Coverage.Trim(0), result.emptied[key]))
			}
			continue
		}
		why := result.figures.emptied([]string{name})
		if key, ok := strings.CutPrefix(name, formula.KPI("")); ok {
			why = result.emptied[key]
		}
		if why != "" {
			out = append(out, fmt.Sprintf("rule %s reads %s, which has no data: %s", rule.Key, name, why))
		}
	}
	return out
}

// ruleOrigin says by what a rule came to its amount: the expressions, and the values they read.
func (b *slipBuilder) ruleOrigin(rule payroll.Rule, lookup formula.Lookup, salary salaryTerm, result *kpiResult) origin {
	var words []string
	if rule.Amount != nil {
		words = append(words, rule.Amount.String())
	} else {
		words = append(words, "("+rule.PercentOfBase.String()+") % of base")
	}
	if rule.When != nil {
		words = append(words, "because "+rule.When.String())
	}
	var from origin
	reads, ofBase := false, rule.PercentOfBase != nil
	for _, name := range rule.Names() {
		value, known := lookup(name)
		if !known {
			continue
		}
		words = append(words, name+" = "+value.String())
		switch name {
		case "base":
			ofBase = true
		case "salary":
			from.sources = append(from.sources, sourceDraft{Salary: &salary.id})
		default:
			reads = true
			if !strings.HasPrefix(name, "kpi.") {
				from.inputs = append(from.inputs, result.figures.input(name))
			}
		}
	}
	if reads {
		from.sources = append([]sourceDraft{{KPIResult: &result.ID}}, from.sources...)
	}
	if ofBase || len(from.sources) == 0 { // a fixed amount is due for the work that the base is paid for
		from.sources = append(from.sources, sourceDraft{Own: new(int)})
	}
	from.reason = strings.Join(words, "; ")
	return from
}

func (b *slipBuilder) addAdjustments() {
	for _, a := range b.adjustments[b.person.ID] {
		item := payroll.Item{Key: a.key, Amount: a.amount}
		from := origin{reason: a.reason + " (" + a.author + ")", sources: []sourceDraft{{Adjustment: &a.id}}}
		switch a.kind {
		case "BONUS":
			b.in.Bonuses, b.bonuses = append(b.in.Bonuses, item), append(b.bonuses, from)
		case "FINE":
			b.in.Fines, b.fines = append(b.in.Fines, payroll.Fine{Item: item, AfterTax: a.afterTax}), append(b.fines, from)
		default:
			if a.corrects != nil {
				from.sources = append(from.sources, sourceDraft{Line: a.corrects})
			}
			b.in.Corrections = append(b.in.Corrections, payroll.Correction{Item: item, AfterTax: a.afterTax})
			b.corrections = append(b.corrections, from)
		}
	}
}

// origin says where the slip's i-th line comes from.
func (b *slipBuilder) origin(slip payroll.Slip, i int) origin {
	l := slip.Lines[i]
	switch {
	case l.Kind == payroll.LineBase:
		return b.base
	case l.Kind == payroll.LineBonus:
		return b.bonuses[l.From]
	case l.Fine:
		return b.fines[l.From]
	case l.Kind == payroll.LineCorrection:
		return b.corrections[l.From]
	case l.Kind == payroll.LineDeduction: // there is no other that is no fine
		return origin{reason: "what an earlier run could not take", sources: b.carriedFrom}
	}
	return b.ownOrigin(slip, i)
}

// ownOrigin is that of lines made from other lines of the slip.
func (b *slipBuilder) ownOrigin(slip payroll.Slip, i int) origin {
	var from origin
	var sum int64
	take := func(which func(payroll.Line) bool) {
		for at, l := range slip.Lines {
			if at < i && which(l) {
				sum += l.Amount
				from.sources = append(from.sources, sourceDraft{Own: &at})
			}
		}
	}
	switch slip.Lines[i].Kind {
	case payroll.LineTax:
		take(func(l payroll.Line) bool { return !l.AfterTax })
		from.reason = fmt.Sprintf("%s %% of %s", b.tax.Trim(0), b.show(max(0, sum)))
	case payroll.LineFineCap:
		take(func(l payroll.Line) bool { return l.Fine && !l.AfterTax })
		from.reason = fmt.Sprintf("fines are at most %s %% of base and bonuses", b.fineCap.Trim(0))
	case payroll.LineDeductionCap:
		take(func(l payroll.Line) bool { return l.Fine && l.AfterTax })
		from.reason = fmt.Sprintf("fines are at most %s %% of base and bonuses", b.fineCap.Trim(0))
	case payroll.LineCarriedOver:
		take(func(payroll.Line) bool { return true })
		from.reason = fmt.Sprintf("the lines sum to %s; the next run deducts it", b.show(sum))
	default:
		take(func(payroll.Line) bool { return true })
		from.reason = fmt.Sprintf("%s rounded to %s", b.show(sum), b.show(domain.CashUnit(b.currency)))
	}
	return from
}

// show writes money as people read it: 6 000 000.00.
func (b *slipBuilder) show(minor int64) string {
	whole, rest, hasRest := strings.Cut(domain.Money{Minor: minor, Currency: b.currency}.String(), ".")
	start := 0
	if strings.HasPrefix(whole, "-") {
		start = 1
	}
	var out strings.Builder
	for i, c := range whole {
		if i > start && (len(whole)-i)%3 == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(c)
	}
	if hasRest {
		out.WriteString("." + rest)
	}
	return out.String()
}
