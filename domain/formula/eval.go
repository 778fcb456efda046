package formula

import (
	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// value is a number or a truth, as the checker has made sure; null means that a
// name without data was touched.
type value struct {
	number decimal.Decimal
	truth  bool
	null   bool
}

var nothing = value{null: true}

// node is a part of a checked expression.
type node interface {
	eval(lookup Lookup) (value, error)
}

type (
	constant   struct{ value value }
	metric     string
	negation   struct{ inner node }
	not        struct{ inner node }
	absolute   struct{ inner node }
	arithmetic struct {
		op          byte
		left, right node
	}
	comparison struct {
		op          string
		left, right node
	}
	logic struct {
		decides     bool // the left value that decides alone
		left, right node
	}
	choice  struct{ cond, yes, no node }
	extreme struct {
		greatest bool
		args     []node
	}
	rounded struct {
		inner node
		scale int
	}
)

func (n constant) eval(Lookup) (value, error) { return n.value, nil }

func (n metric) eval(lookup Lookup) (value, error) {
	d, ok := lookup(string(n))
	if !ok {
		return nothing, nil
	}
	return value{number: d}, nil
}

func (n negation) eval(lookup Lookup) (value, error) {
	v, err := n.inner.eval(lookup)
	v.number = v.number.Neg()
	return v, err
}

func (n not) eval(lookup Lookup) (value, error) {
	v, err := n.inner.eval(lookup)
	v.truth = !v.truth
	return v, err
}

func (n absolute) eval(lookup Lookup) (value, error) {
	v, err := n.inner.eval(lookup)
	v.number = v.number.Abs()
	return v, err
}

func (n rounded) eval(lookup Lookup) (value, error) {
	v, err := n.inner.eval(lookup)
	if err != nil || v.null {
		return v, err
	}
	v.number, err = domain.RoundHalfAway(v.number, n.scale)
	return v, err
}

// pair evaluates two sides; null if either is.
func pair(left, right node, lookup Lookup) (a, b value, null bool, err error) {
	if a, err = left.eval(lookup); err != nil {
		return a, b, false, err
	}
	b, err = right.eval(lookup)
	return a, b, a.null || b.null, err
}

func (n arithmetic) eval(lookup Lookup) (value, error) {
	a, b, null, err := pair(n.left, n.right, lookup)
	if err != nil || null {
		return nothing, err
	}
	var d decimal.Decimal
	switch n.op {
	case '+':
		d, err = a.number.Add(b.number)
	case '-':
		d, err = a.number.Sub(b.number)
	case '*':
		d, err = a.number.Mul(b.number)
	default:
		if b.number.IsZero() {
			return nothing, domain.Errorf(domain.KindInvalid, "the expression divides by zero")
		}
		d, err = a.number.Quo(b.number)
	}
	if err != nil {
		return nothing, domain.Errorf(domain.KindInvalid, "a number of the expression grows past %d digits: %w", decimal.MaxPrec, err)
	}
	return value{number: d}, nil
}

func (n comparison) eval(lookup Lookup) (value, error) {
	a, b, null, err := pair(n.left, n.right, lookup)
	if err != nil || null {
		return nothing, err
	}
	order := a.number.Cmp(b.number)
	truth := false
	switch n.op {
	case "<":
		truth = order < 0
	case "<=":
		truth = order <= 0
	case ">":
		truth = order > 0
	case ">=":
		truth = order >= 0
	case "==":
		truth = order == 0
	case "!=":
		truth = order != 0
	}
	return value{truth: truth}, nil
}

func (n logic) eval(lookup Lookup) (value, error) {
	v, err := n.left.eval(lookup)
	if err != nil || v.null || v.truth == n.decides {
		return v, err
	}
	return n.right.eval(lookup)
}

func (n choice) eval(lookup Lookup) (value, error) {
	v, err := n.cond.eval(lookup)
	if err != nil || v.null {
		return nothing, err
	}
	if v.truth {
		return n.yes.eval(lookup)
	}
	return n.no.eval(lookup)
}

func (n extreme) eval(lookup Lookup) (value, error) {
	best, err := n.args[0].eval(lookup)
	for _, arg := range n.args[1:] {
		if err != nil {
			return nothing, err
		}
		var v value
		v, err = arg.eval(lookup)
		best.null = best.null || v.null
		if order := v.number.Cmp(best.number); (order > 0) == n.greatest && order != 0 {
			best.number = v.number
		}
	}
	return best, err
}
