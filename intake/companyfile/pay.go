package companyfile

import (
	"regexp"

	"github.com/govalues/decimal"
	"gopkg.in/yaml.v3"

	"github.com/fincokpi/finco/domain/formula"
	"github.com/fincokpi/finco/domain/kpi"
	"github.com/fincokpi/finco/domain/payroll"
)

const (
	mappingKind = yaml.MappingNode
	yamlList    = yaml.SequenceNode
)

// The bounds of a number in a KPI.
const (
	leastNumber = "-1000000000"
	mostNumber  = "1000000000"
)

var keyForm = regexp.MustCompile(`^[\pL\pN_-]{1,64}$`)

// key reads the key of a KPI or a rule.
func (v value) key() (string, bool) {
	s, ok := v.text()
	if ok && !keyForm.MatchString(s) {
		v.fault("%.80q: use 1 to 64 letters, digits, _ or -", s)
		return "", false
	}
	return s, ok
}

// expression reads an expression and checks it against the names it may read. A bare number is one, too.
func (v value) expression(allowed formula.Vocabulary, compile func(string, formula.Vocabulary) (*formula.Program, error)) string {
	s, ok := v.scalar()
	if !ok {
		return ""
	}
	if _, err := compile(s, allowed); err != nil {
		v.fault("%s", err)
	}
	return s
}

func (b *builder) kpis(o object) {
	for _, f := range o.objects("kpis", "key", "title", "value", "floor", "target", "cap", "weight", "from") {
		k := KPI{Cap: decimal.Hundred}
		if v, ok := f.opt("from"); ok {
			k.From, _ = v.month()
		}
		if v, ok := f.need("key"); ok {
			if k.Key, ok = v.key(); ok {
				b.claimVersion("KPI", k.Key, k.From.String(), v)
			}
			if k.Key == "total" || k.Key == "coverage" {
				v.fault("%q already means something in pay rules", k.Key)
			}
		}
		k.Title = k.Key
		if v, ok := f.opt("title"); ok {
			k.Title, _ = v.name()
		}
		if v, ok := f.need("value"); ok {
			k.Value = v.expression(formula.Metrics, formula.Compile)
		}
		b.scale(f, &k)
		b.out.KPIs = append(b.out.KPIs, k)
	}
}

// scale reads the numbers that turn a KPI's value into a score.
func (b *builder) scale(f object, k *KPI) {
	floor, floorOK := f.number("floor", true, &k.Floor)
	_, targetOK := f.number("target", true, &k.Target)
	if floorOK && targetOK && k.Floor.Equal(k.Target) {
		floor.fault("it must differ from the target")
	}
	if v, ok := f.number("cap", false, &k.Cap); ok && !k.Cap.IsPos() {
		v.fault("it must be above 0")
	}
	if v, ok := f.number("weight", true, &k.Weight); ok && !k.Weight.IsPos() {
		v.fault("it must be above 0")
	}
}

// number reads a decimal into out; ok is false if there is none or it is wrong.
func (o object) number(name string, needed bool, out *decimal.Decimal) (v value, ok bool) {
	if needed {
		v, ok = o.need(name)
	} else {
		v, ok = o.opt(name)
	}
	if !ok {
		return v, false
	}
	d, ok := v.decimal(leastNumber, mostNumber)
	if ok {
		*out = d
	}
	return v, ok
}

func (b *builder) pay(o object) {
	section, ok := o.opt("pay")
	if !ok {
		return
	}
	p := &Pay{TaxPercent: payroll.DefaultTaxPercent, FineCapPercent: payroll.DefaultFineCapPercent, MinCoverage: kpi.DefaultMinCoverage}
	b.out.Pay = p
	f := section.object("from", "tax_percent", "fine_cap_percent", "min_coverage", "rules")
	if v, ok := f.opt("from"); ok {
		p.From, _ = v.month()
	}
	if v, ok := f.opt("tax_percent"); ok {
		p.TaxPercent, _ = v.decimal("0", "100")
	}
	if v, ok := f.opt("fine_cap_percent"); ok {
		p.FineCapPercent, _ = v.decimal("0", "100")
	}
	if v, ok := f.opt("min_coverage"); ok {
		p.MinCoverage, _ = v.decimal("0", "1")
	}
	keys := make([]string, 0, len(b.out.KPIs))
	for _, k := range b.out.KPIs {
		if k.Key != "" {
			keys = append(keys, k.Key)
		}
	}
	allowed := formula.ForPay(keys...)
	for _, r := range f.objects("rules", "key", "kind", "after_tax", "when", "amount", "percent_of_base", "from") {
		p.Rules = append(p.Rules, b.rule(r, p, allowed))
	}
}

func (b *builder) rule(f object, p *Pay, allowed formula.Vocabulary) PayRule {
	r := PayRule{From: p.From}
	if v, ok := f.opt("from"); ok {
		r.From, _ = v.month()
	}
	if v, ok := f.need("key"); ok {
		if r.Key, ok = v.key(); ok {
			b.claimVersion("pay rule", r.Key, r.From.String(), v)
		}
	}
	if v, ok := f.need("kind"); ok {
		r.Kind, _ = v.oneOf(string(payroll.RuleBonus), string(payroll.RuleFine))
	}
	if v, ok := f.opt("after_tax"); ok {
		if r.AfterTax, _ = v.bool(); r.AfterTax && r.Kind == string(payroll.RuleBonus) {
			v.fault("only a fine can be after tax")
		}
	}
	if v, ok := f.opt("when"); ok {
		r.When = v.expression(allowed, formula.CompileCondition)
	}
	amount, hasAmount := f.opt("amount")
	percent, hasPercent := f.opt("percent_of_base")
	if hasAmount {
		r.Amount = amount.expression(allowed, formula.Compile)
	}
	if hasPercent {
		r.PercentOfBase = percent.expression(allowed, formula.Compile)
	}
	if hasAmount == hasPercent && f.node != nil && f.node.Kind == mappingKind {
		f.fault("exactly one of amount and percent_of_base is needed")
	}
	return r
}
