package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/attendance"
	"github.com/fincokpi/finco/domain/formula"
	"github.com/fincokpi/finco/domain/kpi"
	"github.com/fincokpi/finco/domain/payroll"
	"github.com/fincokpi/finco/ent/gen/payrollrun"
)

// payTerms are all that the slips of a run are computed from.
type payTerms struct {
	roster      *roster
	period      domain.Period
	currency    string
	regular     bool
	over        bool // the month is
	tax         decimal.Decimal
	fineCap     decimal.Decimal
	minCoverage decimal.Decimal
	rules       []payroll.Rule
	salaries    map[int]salaryTerm
	adjustments map[int][]adjustmentTerm
	carried     map[int][]carriedTerm
	results     map[int]*kpiResult
}

type salaryTerm struct {
	id     int
	amount int64
}

type adjustmentTerm struct {
	id       int
	kind     string
	key      string
	afterTax bool
	amount   int64
	reason   string
	author   string
	corrects *int
}

// carriedTerm is a line that an earlier run carried over and none has deducted yet.
type carriedTerm struct {
	line   int
	amount int64
}

// readTerms gathers what holds in the run's month. A regular run computes the KPI results it pays by, as of at, and keeps
// them.
func (t *tx) readTerms(ctx context.Context, r *roster, run *runRow, p domain.Period, at time.Time) (*payTerms, error) {
	terms := &payTerms{
		roster: r, period: p, currency: run.Currency, regular: run.Kind == string(payrollrun.KindRegular),
		over: r.day(at).After(p.Last()), tax: payroll.DefaultTaxPercent, fineCap: payroll.DefaultFineCapPercent, minCoverage: kpi.DefaultMinCoverage,
		salaries: map[int]salaryTerm{}, adjustments: map[int][]adjustmentTerm{}, carried: map[int][]carriedTerm{}, results: map[int]*kpiResult{},
	}
	steps := []func(context.Context, *runRow, *payTerms) error{t.readPolicy, t.readAdjustments, t.readCarried}
	if terms.regular {
		steps = append(steps, t.readSalaries, t.readRules)
	}
	for _, step := range steps {
		if err := step(ctx, run, terms); err != nil {
			return nil, err
		}
	}
	if !terms.regular {
		return terms, nil
	}
	results, err := computeKPIs(ctx, t, r, p, at, nil)
	if err != nil {
		return nil, err
	}
	if err := storeKPIs(ctx, t, p, evaluation{at: at}, results); err != nil {
		return nil, err
	}
	for _, k := range results {
		terms.results[k.User] = k
	}
	return terms, nil
}

func (t *tx) readPolicy(ctx context.Context, run *runRow, terms *payTerms) error {
	const q = `SELECT tax_percent::text, fine_cap_percent::text, min_coverage::text FROM pay_policies WHERE "from" <= $1 ORDER BY "from" DESC LIMIT 1`
	return t.each(ctx, q, []any{run.Period}, func(scan scanner) error {
		var n [3]string
		if err := scan(&n[0], &n[1], &n[2]); err != nil {
			return err
		}
		for i, d := range []*decimal.Decimal{&terms.tax, &terms.fineCap, &terms.minCoverage} {
			var err error
			if *d, err = decimal.Parse(n[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// readSalaries finds everybody's salary of the month: of the latest day up to its end the one decided last.
func (t *tx) readSalaries(ctx context.Context, run *runRow, terms *payTerms) error {
	const q = `
SELECT user_id, id, amount FROM (
  SELECT DISTINCT ON (user_id) user_id, id, amount, currency FROM salaries WHERE "from" <= $1 ORDER BY user_id, "from" DESC, created_at DESC, id DESC) s
WHERE currency = $2`
	return t.each(ctx, q, []any{terms.period.Last().String(), run.Currency}, func(scan scanner) error {
		var user int
		var s salaryTerm
		err := scan(&user, &s.id, &s.amount)
		terms.salaries[user] = s
		return err
	})
}

// readRules compiles the month's rules. They may name every KPI there ever was: one that holds no more has no data.
func (t *tx) readRules(ctx context.Context, run *runRow, terms *payTerms) error {
	var keys []string
	err := t.each(ctx, `SELECT DISTINCT key FROM kpis ORDER BY key`, nil, func(scan scanner) error {
		var key string
		err := scan(&key)
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return err
	}
	vocabulary := formula.ForPay(keys...)
	const q = `
SELECT key, lower(kind), after_tax, COALESCE("when", ''), COALESCE(amount, ''), COALESCE(percent_of_base, '') FROM (
  SELECT DISTINCT ON (key) * FROM pay_rules WHERE "from" <= $1 ORDER BY key, "from" DESC) r
WHERE NOT removed ORDER BY position, key`
	return t.each(ctx, q, []any{run.Period}, func(scan scanner) error {
		var text payroll.RuleText
		if err := scan(&text.Key, &text.Kind, &text.AfterTax, &text.When, &text.Amount, &text.PercentOfBase); err != nil {
			return err
		}
		rule, err := payroll.CompileRule(text, vocabulary)
		if err != nil {
			return domain.Errorf(domain.KindInvalid, "rule %q: %w", text.Key, err)
		}
		terms.rules = append(terms.rules, rule)
		return nil
	})
}

// takenSQL says that another run, past its draft, has a line of source s.
const takenSQL = `SELECT 1 FROM line_sources s JOIN payslip_lines l ON l.id = s.line_id JOIN payslips p ON p.id = l.slip_id
  JOIN payroll_runs r ON r.id = p.run_id WHERE r.state <> 'DRAFT' AND r.id <> `

func (t *tx) readAdjustments(ctx context.Context, run *runRow, terms *payTerms) error {
	const q = `
SELECT a.user_id, a.id, a.kind, a.key, a.after_tax, a.amount, a.reason, u.name, a.corrects_id
FROM adjustments a JOIN users u ON u.id = a.author_id
WHERE a.period = $1 AND a.currency = $2 AND NOT EXISTS (` + takenSQL + `$3 AND s.adjustment_id = a.id)
ORDER BY a.id`
	return t.each(ctx, q, []any{run.Period, run.Currency, run.ID}, func(scan scanner) error {
		var user int
		var a adjustmentTerm
		err := scan(&user, &a.id, &a.kind, &a.key, &a.afterTax, &a.amount, &a.reason, &a.author, &a.corrects)
		terms.adjustments[user] = append(terms.adjustments[user], a)
		return err
	})
}

func (t *tx) readCarried(ctx context.Context, run *runRow, terms *payTerms) error {
	const q = `
SELECT ps.user_id, c.id, c.amount
FROM payslip_lines c JOIN payslips ps ON ps.id = c.slip_id JOIN payroll_runs pr ON pr.id = ps.run_id
WHERE c.kind = 'CARRIED_OVER' AND pr.state IN ('APPROVED', 'PAID') AND ps.currency = $2 AND pr.period <= $1 AND pr.id <> $3
  AND NOT EXISTS (` + takenSQL + `$3 AND s.source_line_id = c.id AND l.kind = 'DEDUCTION')
ORDER BY c.id`
	return t.each(ctx, q, []any{run.Period, run.Currency, run.ID}, func(scan scanner) error {
		var user int
		var c carriedTerm
		err := scan(&user, &c.line, &c.amount)
		terms.carried[user] = append(terms.carried[user], c)
		return err
	})
}

// people are those who get a slip: whoever worked in the month and has a salary, and whoever has an adjustment.
func (p *payTerms) people() []int {
	who := map[int]bool{}
	for _, id := range p.roster.workedIn(p.period, nil) {
		if _, paid := p.salaries[id]; paid {
			who[id] = true
		}
	}
	for id := range p.adjustments {
		who[id] = true
	}
	return slices.Sorted(maps.Keys(who))
}

// days are the norm and paid days of somebody who worked in the month.
func (p *payTerms) days(one *person) (attendance.Days, error) {
	var versions []attendance.Version
	last := 0
	for i, day := range p.period.Days() {
		version := p.roster.version(p.roster.scheduleOf(one, day), day)
		if i == 0 || version.ID != last {
			versions = append(versions, attendance.Version{From: day, Schedule: version.Schedule})
			last = version.ID
		}
	}
	days, err := attendance.Count(p.period, versions, one.Joined, deref(one.Left), nil)
	if err == nil && days.Norm == 0 {
		err = domain.Errorf(domain.KindInvalid, "%s has no working day in %s: their schedule has no hours in it", one.Name, p.period)
	}
	return days, err
}

// scheduleOf is a person's schedule on a day: their own, else their team's.
func (r *roster) scheduleOf(p *person, day domain.Date) *int {
	if p.ScheduleID != nil {
		return p.ScheduleID
	}
	return r.scheduleOfTeam(p.teamAt(day))
}
