package app

import (
	"context"
	"maps"
	"slices"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// canonical is the one text of a decimal: no exponent, no trailing zeros.
func canonical(d decimal.Decimal) string { return d.Trim(0).String() }

// canonicalText is the canonical text of a number as the database writes it.
func canonicalText(s string) (string, error) {
	d, err := decimal.Parse(s)
	if err != nil {
		return "", domain.Errorf(domain.KindInternal, "a stored number cannot be read: %w", err)
	}
	return canonical(d), nil
}

// monthFrom is the first day of a month, no day of none.
func monthFrom(p domain.Period) domain.Date {
	if p.IsZero() {
		return domain.Date{}
	}
	return p.First()
}

// kpiTerms is what one version of a KPI says.
type kpiTerms struct {
	Title, Value, Floor, Target, Cap, Weight string
	Removed                                  bool
}

func kpiTermsOf(k KPIInput) kpiTerms {
	return kpiTerms{
		Title: k.Title, Value: k.Value, Floor: canonical(k.Floor), Target: canonical(k.Target), Cap: canonical(k.Cap), Weight: canonical(k.Weight),
	}
}

func (p *applying) applyKPIs(ctx context.Context) error {
	stored, err := p.readKPIs(ctx)
	if err != nil {
		return err
	}
	wanted := map[string]history[kpiTerms]{}
	var order []string
	for _, k := range p.in.KPIs {
		if _, known := wanted[k.Key]; !known {
			order = append(order, k.Key)
		}
		wanted[k.Key] = append(wanted[k.Key], dated[kpiTerms]{monthFrom(k.From), kpiTermsOf(k)})
	}
	for _, key := range order {
		for _, v := range planned(stored[key], wanted[key], p.open, sameValue[kpiTerms]) {
			if err := p.putKPI(ctx, key, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *applying) readKPIs(ctx context.Context) (map[string]history[kpiTerms], error) {
	out := map[string]history[kpiTerms]{}
	const q = `SELECT key, title, value, floor, target, cap, weight, "from", removed FROM kpis ORDER BY key, "from"`
	err := p.each(ctx, q, nil, func(scan scanner) error {
		var key, from string
		var v kpiTerms
		if err := scan(&key, &v.Title, &v.Value, &v.Floor, &v.Target, &v.Cap, &v.Weight, &from, &v.Removed); err != nil {
			return err
		}
		for _, number := range []*string{&v.Floor, &v.Target, &v.Cap, &v.Weight} {
			var err error
			if *number, err = canonicalText(*number); err != nil {
				return err
			}
		}
		month, err := domain.ParsePeriod(from)
		out[key] = append(out[key], dated[kpiTerms]{month.First(), v})
		return err
	})
	return out, err
}

func (p *applying) putKPI(ctx context.Context, key string, v dated[kpiTerms]) error {
	month := domain.MonthOf(v.from).String()
	k := v.value
	if k.Removed {
		p.note("kpi", "KPI %s: removed from %s", key, month)
	} else {
		p.note("kpi", "KPI %s: from %s %s, floor %s, target %s, cap %s, weight %s", key, month, k.Value, k.Floor, k.Target, k.Cap, k.Weight)
	}
	p.restale = true
	_, err := p.sql.ExecContext(ctx, `
INSERT INTO kpis (key, title, value, floor, target, cap, weight, "from", removed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (key, "from") DO UPDATE SET title = EXCLUDED.title, value = EXCLUDED.value, floor = EXCLUDED.floor, target = EXCLUDED.target,
  cap = EXCLUDED.cap, weight = EXCLUDED.weight, removed = EXCLUDED.removed`, key, k.Title, k.Value, k.Floor, k.Target, k.Cap, k.Weight, month, k.Removed)
	return err
}

// policyTerms is what one version of the pay policy says.
type policyTerms struct{ Tax, FineCap, Coverage string }

// ruleTerms is what one version of a pay rule says.
type ruleTerms struct {
	Kind                  string
	AfterTax              bool
	When, Amount, Percent string
	Removed               bool
}

func (p *applying) applyPay(ctx context.Context) error {
	pay := p.in.Pay
	if pay == nil {
		return nil
	}
	var stored history[policyTerms]
	err := p.each(ctx, `SELECT "from", tax_percent, fine_cap_percent, min_coverage FROM pay_policies ORDER BY "from"`, nil, func(scan scanner) error {
		var from string
		var v policyTerms
		if err := scan(&from, &v.Tax, &v.FineCap, &v.Coverage); err != nil {
			return err
		}
		for _, number := range []*string{&v.Tax, &v.FineCap, &v.Coverage} {
			var err error
			if *number, err = canonicalText(*number); err != nil {
				return err
			}
		}
		month, err := domain.ParsePeriod(from)
		stored = append(stored, dated[policyTerms]{month.First(), v})
		return err
	})
	if err != nil {
		return err
	}
	wanted := history[policyTerms]{{monthFrom(pay.From), policyTerms{canonical(pay.TaxPercent), canonical(pay.FineCapPercent), canonical(pay.MinCoverage)}}}
	for _, v := range planned(stored, wanted, p.open, sameValue[policyTerms]) {
		month := domain.MonthOf(v.from).String()
		p.note("pay", "pay from %s: tax %s %%, fine cap %s %%, least coverage %s", month, v.value.Tax, v.value.FineCap, v.value.Coverage)
		_, err := p.sql.ExecContext(ctx, `
INSERT INTO pay_policies ("from", tax_percent, fine_cap_percent, min_coverage) VALUES ($1, $2, $3, $4)
ON CONFLICT ("from") DO UPDATE SET tax_percent = EXCLUDED.tax_percent, fine_cap_percent = EXCLUDED.fine_cap_percent, min_coverage = EXCLUDED.min_coverage`,
			month, v.value.Tax, v.value.FineCap, v.value.Coverage)
		if err != nil {
			return err
		}
	}
	return p.applyPayRules(ctx, pay.Rules)
}

func (p *applying) applyPayRules(ctx context.Context, rules []PayRuleInput) error {
	stored, err := p.readPayRules(ctx)
	if err != nil {
		return err
	}
	wanted := map[string]history[ruleTerms]{}
	var order []string
	for _, r := range rules {
		if _, known := wanted[r.Key]; !known {
			order = append(order, r.Key)
		}
		terms := ruleTerms{Kind: r.Kind, AfterTax: r.AfterTax, When: r.When, Amount: r.Amount, Percent: r.PercentOfBase}
		wanted[r.Key] = append(wanted[r.Key], dated[ruleTerms]{monthFrom(r.From), terms})
	}
	for position, key := range order {
		for _, v := range planned(stored[key], wanted[key], p.open, sameValue[ruleTerms]) {
			if err := p.putPayRule(ctx, key, position, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *applying) readPayRules(ctx context.Context) (map[string]history[ruleTerms], error) {
	out := map[string]history[ruleTerms]{}
	const q = `
SELECT key, lower(kind), after_tax, COALESCE("when", ''), COALESCE(amount, ''), COALESCE(percent_of_base, ''), "from", removed
FROM pay_rules ORDER BY key, "from"`
	err := p.each(ctx, q, nil, func(scan scanner) error {
		var key, from string
		var v ruleTerms
		if err := scan(&key, &v.Kind, &v.AfterTax, &v.When, &v.Amount, &v.Percent, &from, &v.Removed); err != nil {
			return err
		}
		month, err := domain.ParsePeriod(from)
		out[key] = append(out[key], dated[ruleTerms]{month.First(), v})
		return err
	})
	return out, err
}

// putPayRule gives a rule its place in the file: slips have their lines in that order.
func (p *applying) putPayRule(ctx context.Context, key string, position int, v dated[ruleTerms]) error {
	month := domain.MonthOf(v.from).String()
	r := v.value
	switch {
	case r.Removed:
		p.note("pay", "pay rule %s: removed from %s", key, month)
	case r.Amount != "":
		p.note("pay", "pay rule %s: %s from %s, amount %s", key, r.Kind, month, r.Amount)
	default:
		p.note("pay", "pay rule %s: %s from %s, percent of base %s", key, r.Kind, month, r.Percent)
	}
	_, err := p.sql.ExecContext(ctx, `
INSERT INTO pay_rules (key, kind, after_tax, "when", amount, percent_of_base, position, "from", removed)
VALUES ($1, upper($2), $3, NULLIF($4, ''), NULLIF($5, ''), NULLIF($6, ''), $7, $8, $9)
ON CONFLICT (key, "from") DO UPDATE SET kind = EXCLUDED.kind, after_tax = EXCLUDED.after_tax, "when" = EXCLUDED."when", amount = EXCLUDED.amount,
  percent_of_base = EXCLUDED.percent_of_base, position = EXCLUDED.position, removed = EXCLUDED.removed`,
		key, r.Kind, r.AfterTax, r.When, r.Amount, r.Percent, position, month, r.Removed)
	return err
}

// pruneRules ends the KPIs and pay rules that the file no longer has: from the opening on there are none.
func (p *applying) pruneRules(ctx context.Context) error {
	kept := map[string]bool{}
	for _, k := range p.in.KPIs {
		kept[k.Key] = true
	}
	kpis, err := p.readKPIs(ctx)
	if err != nil {
		return err
	}
	for _, key := range sortedKeys(kpis) {
		last, ok := kpis[key].at(p.open.change)
		if len(kept) == 0 || kept[key] || !ok || last.value.Removed {
			continue
		}
		last.value.Removed, last.from = true, p.open.change
		if err := p.putKPI(ctx, key, last); err != nil {
			return err
		}
	}
	return p.prunePayRules(ctx)
}

func (p *applying) prunePayRules(ctx context.Context) error {
	if p.in.Pay == nil {
		return nil
	}
	kept := map[string]bool{}
	for _, r := range p.in.Pay.Rules {
		kept[r.Key] = true
	}
	rules, err := p.readPayRules(ctx)
	if err != nil {
		return err
	}
	for _, key := range sortedKeys(rules) {
		last, ok := rules[key].at(p.open.change)
		if kept[key] || !ok || last.value.Removed {
			continue
		}
		last.value.Removed, last.from = true, p.open.change
		if err := p.putPayRule(ctx, key, 0, last); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys[V any](table map[string]V) []string { return slices.Sorted(maps.Keys(table)) }
