package formula

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// valueType is the type of a part of an expression, known before it is evaluated.
type valueType int

const (
	typeNumber valueType = iota + 1
	typeBool
)

func (t valueType) String() string {
	if t == typeBool {
		return "true or false"
	}
	return "a number"
}

// parse bounds the source and turns it into the library's tree. A parser that
// panics on some input must not take the caller down: that is a fault of the
// input too.
func parse(source string) (tree ast.Node, err error) {
	switch {
	case strings.TrimSpace(source) == "":
		return nil, domain.Errorf(domain.KindInvalid, "the expression is empty")
	case len(source) > MaxSource:
		return nil, domain.Errorf(domain.KindInvalid, "the expression is longer than %d bytes", MaxSource)
	case !utf8.ValidString(source):
		return nil, domain.Errorf(domain.KindInvalid, "the expression is not UTF-8")
	}
	defer func() {
		if recover() != nil {
			tree, err = nil, domain.Errorf(domain.KindInvalid, "the expression is not readable")
		}
	}()
	parsed, err := parser.Parse(source)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, domain.Errorf(domain.KindInvalid, "the expression is not readable: %s", first)
	}
	if parsed.Node == nil {
		return nil, domain.Errorf(domain.KindInvalid, "the expression is not readable")
	}
	return parsed.Node, nil
}

// checker turns the library's tree into ours and lets nothing else through.
type checker struct {
	source  []rune
	allowed Vocabulary
	names   []string
	seen    map[ast.Node]bool
}

func (c *checker) check(n ast.Node) (node, valueType, error) {
	// The library reads a < b < c as a < b and b < c with one b in both; nested,
	// that would double the work with every level.
	if c.seen[n] {
		return nil, 0, c.fault(n, "comparisons cannot be chained: write a < b and b < c")
	}
	c.seen[n] = true
	switch n := n.(type) {
	case *ast.IntegerNode:
		return c.literal(n.Location())
	case *ast.FloatNode:
		return c.literal(n.Location())
	case *ast.BoolNode:
		return constant{value{truth: n.Value}}, typeBool, nil
	case *ast.IdentifierNode:
		return c.name(n.Value, n)
	case *ast.MemberNode:
		return c.member(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		return c.conditional(n)
	case *ast.BuiltinNode:
		return c.call(n)
	case *ast.StringNode:
		return nil, 0, c.fault(n, "a text is no value here")
	}
	return nil, 0, c.fault(n, "this is not allowed in an expression")
}

// literal reads the number from the source, not from the library's float.
func (c *checker) literal(at file.Location) (node, valueType, error) {
	if at.From < 0 || at.To > len(c.source) || at.From >= at.To {
		return nil, 0, domain.Errorf(domain.KindInvalid, "a number of the expression is not readable")
	}
	text := strings.ReplaceAll(string(c.source[at.From:at.To]), "_", "")
	if strings.Trim(text, "0123456789.") != "" {
		return nil, 0, domain.Errorf(domain.KindInvalid, "%q: write numbers as digits with an optional point", text)
	}
	d, err := decimal.Parse(text)
	if digits := strings.Replace(strings.TrimLeft(text, "0"), ".", "", 1); err != nil || len(digits) > decimal.MaxPrec {
		return nil, 0, domain.Errorf(domain.KindInvalid, "%.40q has more than %d digits", text, decimal.MaxPrec)
	}
	return constant{value{number: d}}, typeNumber, nil
}

func (c *checker) member(n *ast.MemberNode) (node, valueType, error) {
	group, ok := n.Node.(*ast.IdentifierNode)
	key, isText := n.Property.(*ast.StringNode)
	if !ok || !isText || n.Optional || n.Method {
		return nil, 0, c.fault(n, `read a metric as group.name or group["name"]`)
	}
	return c.name(group.Value+"."+key.Value, group)
}

func (c *checker) name(name string, n ast.Node) (node, valueType, error) {
	if !c.allowed.Has(name) {
		return nil, 0, c.fault(n, "%s", c.unknown(name))
	}
	c.names = append(c.names, name)
	return metric(name), typeNumber, nil
}

func (c *checker) unknown(name string) string {
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "") + "…"
	}
	near := c.allowed.Near(name)
	if len(near) == 0 {
		return fmt.Sprintf("there is no metric %q", name)
	}
	return fmt.Sprintf("there is no metric %q; did you mean %s?", name, strings.Join(near, ", "))
}

func (c *checker) unary(n *ast.UnaryNode) (node, valueType, error) {
	want := typeNumber
	if n.Operator == "not" || n.Operator == "!" {
		want = typeBool
	}
	inner, err := c.want(n.Node, want)
	if err != nil {
		return nil, 0, err
	}
	switch n.Operator {
	case "-":
		return negation{inner}, typeNumber, nil
	case "+":
		return inner, typeNumber, nil
	case "not", "!":
		return not{inner}, typeBool, nil
	}
	return nil, 0, c.fault(n, "the operator %q is not allowed", n.Operator)
}

func (c *checker) binary(n *ast.BinaryNode) (node, valueType, error) {
	switch op := n.Operator; op {
	case "+", "-", "*", "/":
		left, right, err := c.both(n, typeNumber)
		return arithmetic{op[0], left, right}, typeNumber, err
	case "<", "<=", ">", ">=", "==", "!=":
		left, right, err := c.both(n, typeNumber)
		return comparison{op, left, right}, typeBool, err
	case "and", "&&":
		left, right, err := c.both(n, typeBool)
		return logic{decides: false, left: left, right: right}, typeBool, err
	case "or", "||":
		left, right, err := c.both(n, typeBool)
		return logic{decides: true, left: left, right: right}, typeBool, err
	}
	return nil, 0, c.fault(n, "the operator %q is not allowed", n.Operator)
}

func (c *checker) conditional(n *ast.ConditionalNode) (node, valueType, error) {
	if !n.Ternary {
		return nil, 0, c.fault(n.Cond, "write a condition as a ? b : c")
	}
	cond, err := c.want(n.Cond, typeBool)
	if err != nil {
		return nil, 0, err
	}
	yes, t, err := c.check(n.Exp1)
	if err != nil {
		return nil, 0, err
	}
	no, err := c.want(n.Exp2, t)
	if err != nil {
		return nil, 0, err
	}
	return choice{cond, yes, no}, t, nil
}

func (c *checker) call(n *ast.BuiltinNode) (node, valueType, error) {
	var args []node
	for _, a := range n.Arguments {
		arg, err := c.want(a, typeNumber)
		if err != nil {
			return nil, 0, err
		}
		args = append(args, arg)
	}
	switch {
	case (n.Name == "min" || n.Name == "max") && len(args) > 0:
		return extreme{greatest: n.Name == "max", args: args}, typeNumber, nil
	case n.Name == "abs" && len(args) == 1:
		return absolute{args[0]}, typeNumber, nil
	case n.Name == "round" && len(args) == 1:
		return rounded{args[0], 0}, typeNumber, nil
	case n.Name == "round" && len(args) == 2:
		if digits, ok := n.Arguments[1].(*ast.IntegerNode); ok && digits.Value >= 0 && digits.Value <= 10 {
			return rounded{args[0], digits.Value}, typeNumber, nil
		}
		return nil, 0, c.fault(n, "round takes a number and how many decimals to keep, 0 to 10")
	}
	return nil, 0, c.fault(n, "%s(…) with %d values is not allowed; there are min, max, abs and round", n.Name, len(args))
}

func (c *checker) both(n *ast.BinaryNode, t valueType) (left, right node, err error) {
	if left, err = c.want(n.Left, t); err != nil {
		return nil, nil, err
	}
	right, err = c.want(n.Right, t)
	return left, right, err
}

func (c *checker) want(n ast.Node, t valueType) (node, error) {
	checked, got, err := c.check(n)
	if err != nil {
		return nil, err
	}
	if got != t {
		return nil, c.fault(n, "this is %s, but %s is needed", got, t)
	}
	return checked, nil
}

// fault names the place, counted in characters from 1.
func (c *checker) fault(n ast.Node, format string, args ...any) error {
	at := 1
	if n != nil {
		at += n.Location().From
	}
	return domain.Errorf(domain.KindInvalid, "at character %d: %s", at, fmt.Sprintf(format, args...))
}
