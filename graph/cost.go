package graph

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fincokpi/finco/auth"
)

// pagedDocuments keeps validated documents. A connection that does not say how many it wants gets pageSize; documents are
// changed before anybody else can see them.
type pagedDocuments struct {
	graphql.Cache[*ast.QueryDocument]
}

// Add keeps a document that was just validated.
func (c pagedDocuments) Add(ctx context.Context, query string, doc *ast.QueryDocument) {
	for _, op := range doc.Operations {
		pageSelection(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		pageSelection(f.SelectionSet)
	}
	c.Cache.Add(ctx, query, doc)
}

func pageSelection(set ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if isConnection(s) {
				pageField(s)
			}
			pageSelection(s.SelectionSet)
		case *ast.InlineFragment:
			pageSelection(s.SelectionSet)
		}
	}
}

func isConnection(f *ast.Field) bool {
	return f.Definition != nil && strings.HasSuffix(f.Definition.Type.Name(), "Connection")
}

func pageField(f *ast.Field) {
	first, last := f.Arguments.ForName("first"), f.Arguments.ForName("last")
	given := func(a *ast.Argument) bool { return a != nil && a.Value.Kind != ast.NullValue }
	if given(first) || given(last) {
		return
	}
	value := &ast.Value{
		Raw: strconv.Itoa(pageSize), Kind: ast.IntValue, Position: f.Position,
		ExpectedType: ast.NamedType("Int", nil),
	}
	if first != nil {
		first.Value = value
		return
	}
	f.Arguments = append(f.Arguments, &ast.Argument{Name: "first", Value: value, Position: f.Position})
}

// costGuard refuses a validated request for how much it could find, and what strangers may not ask.
type costGuard struct{ anonymous bool }

func (costGuard) ExtensionName() string                   { return "CostGuard" }
func (costGuard) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses, and lets people who signed in ask the schema about itself.
func (g costGuard) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if _, signed := auth.From(ctx); !signed {
		if err := strangerMay(op.Operation); err != nil {
			return err
		}
	} else {
		op.DisableIntrospection = g.anonymous
	}
	b := &bill{variables: op.Variables, known: map[string]int{}}
	cost := b.selection(op.Operation.SelectionSet)
	b.onceEach(op.Operation.SelectionSet, true)
	if b.fault != nil {
		return b.fault
	}
	if cost > maxCost {
		return refuse(codeInvalid, "the query could find more than %d values: ask for shorter lists", maxCost)
	}
	return nil
}

// forStrangers are the mutations by which one signs in.
var forStrangers = []string{"signIn", "signInWithTelegram", "refreshSession"}

// strangerMay lets whoever is not signed in do nothing but sign in, once a request.
func strangerMay(op *ast.OperationDefinition) *gqlerror.Error {
	tries := 0
	for _, s := range op.SelectionSet {
		f, ok := s.(*ast.Field)
		if ok && f.Name == "__typename" {
			continue
		}
		if !ok || op.Operation != ast.Mutation || !slices.Contains(forStrangers, f.Name) || tries > 0 {
			return refuse(codeUnauthenticated, "sign in first")
		}
		tries++
	}
	return nil
}

// bill adds up what a request could find at most, each fragment once.
type bill struct {
	variables map[string]any
	known     map[string]int
	fault     *gqlerror.Error
}

func (b *bill) selection(set ast.SelectionSet) (cost int) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			cost = saturated(cost, b.field(s))
		case *ast.InlineFragment:
			cost = saturated(cost, b.selection(s.SelectionSet))
		case *ast.FragmentSpread:
			c, ok := b.known[s.Name]
			if !ok {
				c = b.selection(s.Definition.SelectionSet)
				b.known[s.Name] = c
			}
			cost = saturated(cost, c)
		}
	}
	return cost
}

func (b *bill) field(f *ast.Field) int {
	if f.Name == "__schema" || f.Name == "__type" {
		return 1 // bounded by its depth and the schema
	}
	inner := b.selection(f.SelectionSet)
	times := 1
	switch {
	case f.Definition == nil:
	case isConnection(f):
		times = b.page(f)
	case f.Name == "nodes":
		times = b.length(f, "ids")
	case f.Name == "latestKpiResults":
		times = maxPeople
	case f.Definition.Type.Elem != nil && f.Name != "edges":
		times = listGuess
	}
	return saturated(1, min(times*inner, 1<<40))
}

// page is how many entries a connection asks for. What a variable leaves open is set to pageSize.
func (b *bill) page(f *ast.Field) int {
	for _, name := range []string{"first", "last"} {
		a := f.Arguments.ForName(name)
		if a == nil || a.Value.Kind == ast.NullValue {
			continue
		}
		v, err := a.Value.Value(b.variables)
		if err != nil {
			continue
		}
		n, ok := whole(v)
		if !ok && a.Value.Kind == ast.Variable && onlyPage(f, name) {
			b.variables[a.Value.Raw] = int64(pageSize)
			return pageSize
		}
		if !ok {
			continue
		}
		if n < 0 || n > maxPage {
			b.fault = refuse(codeInvalid, "%s: %s is from 0 to %d", f.Name, name, maxPage)
			return maxPage
		}
		return n
	}
	b.fault = refuse(codeInvalid, "%s: say how many, with first or last", f.Name)
	return maxPage
}

// onlyPage tells whether the argument is the only one that bounds the page.
func onlyPage(f *ast.Field, name string) bool {
	other := f.Arguments.ForName(map[string]string{"first": "last", "last": "first"}[name])
	return other == nil || other.Value.Kind == ast.NullValue
}

func (b *bill) length(f *ast.Field, name string) int {
	a := f.Arguments.ForName(name)
	if a == nil {
		return 1
	}
	v, _ := a.Value.Value(b.variables)
	list, _ := v.([]any)
	if len(list) > maxPage {
		b.fault = refuse(codeInvalid, "%s: at most %d ids", f.Name, maxPage)
	}
	return max(1, len(list))
}

func whole(v any) (int, bool) {
	switch v := v.(type) {
	case int64:
		return int(v), true
	case int:
		return v, true
	case float64:
		return int(v), true
	case json.Number:
		n, err := v.Int64()
		return int(n), err == nil
	}
	return 0, false
}

// onceEach refuses a record's single edge asked for under two names: ent would load only the second. Roots and lists are
// loaded by name.
func (b *bill) onceEach(set ast.SelectionSet, root bool) {
	names := map[string]string{}
	flatten(set, func(f *ast.Field) {
		if len(f.SelectionSet) == 0 {
			return
		}
		b.onceEach(f.SelectionSet, false)
		if root || f.Definition == nil || f.Definition.Type.Elem != nil || isConnection(f) || strings.HasPrefix(f.Name, "__") {
			return
		}
		if name, ok := names[f.Name]; ok && name != f.Alias {
			b.fault = refuse(codeInvalid, "%s is asked for as %s and as %s: ask once", f.Name, name, f.Alias)
		}
		names[f.Name] = f.Alias
	})
}

// flatten yields the fields of a selection, those of its fragments included.
func flatten(set ast.SelectionSet, yield func(*ast.Field)) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			yield(s)
		case *ast.InlineFragment:
			flatten(s.SelectionSet, yield)
		case *ast.FragmentSpread:
			flatten(s.Definition.SelectionSet, yield)
		}
	}
}
