package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// What a request may ask for at most. A fragment counts wherever it is spread.
const (
	maxBody          = 100 << 10 // bytes of a request or of one socket message
	maxTokens        = 5000
	maxDepth         = 12 // edges and node of connections not counted
	maxIntrospection = 16 // depth of what the schema says about itself
	maxFields        = 1000
	maxAliases       = 15
	maxDirectives    = 50
	maxRepeats       = 20 // of one name in one selection: validation compares each with each
	maxFaults        = 10 // of a request that are told
	maxDefinitions   = 50 // operations, fragments and variables
	maxValueDepth    = 12 // of lists and objects in arguments and variables
	maxValues        = 5000
	pageSize         = 50 // of a connection that does not say
	maxPage          = 100
	listGuess        = 4 // entries of a list that is no connection nor one of people: lines, sources, scores, inputs have 1 to 8
	maxCost          = 100_000
)

// textGuard refuses a request by its text alone, before it is validated: validation itself takes time that grows with the
// square of the fields and with every spread of a fragment. It walks each fragment once.
type textGuard struct {
	cache graphql.Cache[*ast.QueryDocument]
}

func (textGuard) ExtensionName() string                   { return "TextGuard" }
func (textGuard) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses; it changes nothing.
func (g textGuard) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	if len(params.Query) > maxBody {
		return refuse(codeInvalid, "the query is too large")
	}
	if values, depth := weigh(params.Variables); depth > maxValueDepth || values > maxValues {
		return refuse(codeInvalid, "the variables are too large")
	}
	if _, known := g.cache.Get(ctx, params.Query); known {
		return nil
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: params.Query}, maxTokens)
	if err != nil {
		return nil // the executor says where it does not parse
	}
	return checkText(doc)
}

// weigh counts the values of decoded JSON and how deep they lie. The decoder has bounded the depth already.
func weigh(v any) (values, depth int) {
	values = 1
	switch v := v.(type) {
	case map[string]any:
		for _, one := range v {
			n, d := weigh(one)
			values, depth = values+n, max(depth, d+1)
		}
	case []any:
		for _, one := range v {
			n, d := weigh(one)
			values, depth = values+n, max(depth, d+1)
		}
	}
	return values, depth
}

// shape is what a selection expands to.
type shape struct{ depth, introspection, fields, aliases, directives int }

// saturated keeps sums of doubling fragments from overflowing.
func saturated(a, b int) int { return min(a+b, 1<<40) }

func (s *shape) add(t shape) {
	s.depth, s.introspection = max(s.depth, t.depth), max(s.introspection, t.introspection)
	s.fields, s.aliases, s.directives = saturated(s.fields, t.fields), saturated(s.aliases, t.aliases), saturated(s.directives, t.directives)
}

// within is the shape of a field around what it selects.
func (s shape) within(f *ast.Field) shape {
	switch f.Name {
	case "edges", "node":
	case "__schema", "__type":
		s.depth, s.introspection = 0, s.depth+1
	default:
		s.depth++
	}
	s.fields = saturated(s.fields, 1)
	if f.Alias != f.Name {
		s.aliases = saturated(s.aliases, 1)
	}
	s.directives = saturated(s.directives, len(f.Directives))
	return s
}

// measure walks the fragments of a document, each once.
type measure struct {
	fragments map[string]*ast.FragmentDefinition
	known     map[string]shape
	open      map[string]bool
	cyclic    bool
	repeats   int
	values    int
	valueDeep int
}

func checkText(doc *ast.QueryDocument) *gqlerror.Error {
	m := &measure{fragments: map[string]*ast.FragmentDefinition{}, known: map[string]shape{}, open: map[string]bool{}}
	var literal, largest shape
	definitions := len(doc.Operations) + len(doc.Fragments)
	for _, f := range doc.Fragments {
		m.fragments[f.Name] = f
	}
	for _, op := range doc.Operations {
		definitions += len(op.VariableDefinitions)
		s := m.selection(op.SelectionSet)
		s.directives += len(op.Directives)
		literal.add(s)
		largest.add(s)
	}
	for _, f := range doc.Fragments {
		s := m.fragment(f.Name)
		s.directives += len(f.Directives)
		literal.add(s)
	}
	switch {
	case m.cyclic:
		return refuse(codeInvalid, "a fragment spreads itself")
	case m.repeats > maxRepeats:
		return refuse(codeInvalid, "a field is repeated more than %d times", maxRepeats)
	case largest.depth > maxDepth:
		return refuse(codeInvalid, "the query is deeper than %d levels", maxDepth)
	case largest.introspection > maxIntrospection:
		return refuse(codeInvalid, "the introspection is deeper than %d levels", maxIntrospection)
	case literal.fields > maxFields || largest.fields > maxFields:
		return refuse(codeInvalid, "the query has more than %d fields", maxFields)
	case literal.aliases > 2*maxAliases || largest.aliases > maxAliases:
		return refuse(codeInvalid, "the query has more than %d aliases", maxAliases)
	case literal.directives > maxDirectives:
		return refuse(codeInvalid, "the query has more than %d directives", maxDirectives)
	case definitions > maxDefinitions || m.values > maxValues || m.valueDeep > maxValueDepth:
		return refuse(codeInvalid, "the query is too large")
	}
	return nil
}

func (m *measure) selection(set ast.SelectionSet) (out shape) {
	times := map[string]int{}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			times[s.Alias]++
			m.repeats = max(m.repeats, times[s.Alias])
			m.arguments(s.Arguments, s.Directives)
			out.add(m.selection(s.SelectionSet).within(s))
		case *ast.InlineFragment:
			m.arguments(nil, s.Directives)
			out.add(m.selection(s.SelectionSet))
			out.directives = saturated(out.directives, len(s.Directives))
		case *ast.FragmentSpread:
			times["..."+s.Name]++
			m.repeats = max(m.repeats, times["..."+s.Name])
			m.arguments(nil, s.Directives)
			out.add(m.fragment(s.Name))
			out.directives = saturated(out.directives, len(s.Directives))
		}
	}
	return out
}

func (m *measure) fragment(name string) shape {
	if s, ok := m.known[name]; ok {
		return s
	}
	f := m.fragments[name]
	if f == nil {
		return shape{}
	}
	if m.open[name] {
		m.cyclic = true
		return shape{}
	}
	m.open[name] = true
	s := m.selection(f.SelectionSet)
	m.open[name] = false
	m.known[name] = s
	return s
}

func (m *measure) arguments(args ast.ArgumentList, directives ast.DirectiveList) {
	for _, d := range directives {
		m.arguments(d.Arguments, nil)
	}
	for _, a := range args {
		m.value(a.Value, 0)
	}
}

func (m *measure) value(v *ast.Value, depth int) {
	if v == nil {
		return
	}
	m.values++
	m.valueDeep = max(m.valueDeep, depth)
	for _, child := range v.Children {
		m.value(child.Value, depth+1)
	}
}
