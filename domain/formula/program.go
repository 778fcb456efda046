package formula

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// MaxSource is the greatest length of an expression, in bytes.
const MaxSource = 2048

// Lookup returns the value of a name of the vocabulary; ok is false when there is
// no data for it.
type Lookup func(name string) (value decimal.Decimal, ok bool)

// Program is a checked expression. It is immutable and may be used by many
// goroutines.
type Program struct {
	source string
	root   node
	names  []string
}

// Compile checks an expression whose result is a number. It fails as invalid and
// says what is wrong and where; a wrong name comes with names like it.
func Compile(source string, allowed Vocabulary) (*Program, error) {
	return compile(source, allowed, typeNumber)
}

// CompileCondition checks an expression whose result is true or false, otherwise
// like Compile.
func CompileCondition(source string, allowed Vocabulary) (*Program, error) {
	return compile(source, allowed, typeBool)
}

func compile(source string, allowed Vocabulary, want valueType) (*Program, error) {
	tree, err := parse(source)
	if err != nil {
		return nil, err
	}
	c := &checker{source: []rune(source), allowed: allowed, seen: map[ast.Node]bool{}}
	root, got, err := c.check(tree)
	if err != nil {
		return nil, err
	}
	if got != want {
		return nil, domain.Errorf(domain.KindInvalid, "the expression gives %s, but %s is needed", got, want)
	}
	slices.Sort(c.names)
	return &Program{source: source, root: root, names: slices.Compact(c.names)}, nil
}

// String returns the source.
func (p *Program) String() string { return p.source }

// Names returns what the program may read, sorted, each once.
func (p *Program) Names() []string { return slices.Clone(p.names) }

// Number evaluates a program of Compile. ok is false when the evaluation touched
// a name without data; the branch not taken, and the right side of an and/or that
// the left side has decided, are not touched. It fails as invalid on division by
// zero and when a number grows past 19 digits.
func (p *Program) Number(lookup Lookup) (result decimal.Decimal, ok bool, err error) {
	v, err := p.root.eval(lookup)
	if err != nil {
		return decimal.Decimal{}, false, err
	}
	return v.number, !v.null, nil
}

// Bool evaluates a program of CompileCondition, otherwise like Number.
func (p *Program) Bool(lookup Lookup) (result, ok bool, err error) {
	v, err := p.root.eval(lookup)
	if err != nil {
		return false, false, err
	}
	return v.truth, !v.null, nil
}
