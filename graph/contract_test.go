package graph_test

import (
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// released is the schema as last released. After a release it is written anew with FINCO_UPDATE_GOLDEN=1.
const released = "testdata/released.graphql"

// TestTheSchemaKeepsItsPromises compares the schema with the released one: nothing that a client relies on may go or change.
func TestTheSchemaKeepsItsPromises(t *testing.T) {
	t.Parallel()
	now := theSchema()
	if os.Getenv("FINCO_UPDATE_GOLDEN") != "" {
		var b strings.Builder
		formatter.NewFormatter(&b, formatter.WithoutDescription()).FormatSchema(now)
		if err := os.WriteFile(released, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(released)
	if err != nil {
		t.Fatal(err)
	}
	then, fault := gqlparser.LoadSchema(&ast.Source{Name: released, Input: string(text)})
	if fault != nil {
		t.Fatal(fault)
	}
	for _, broken := range broken(then, now) {
		t.Error(broken)
	}
}

func TestBreakingChangesAreFound(t *testing.T) {
	t.Parallel()
	load := func(text string) *ast.Schema {
		s, err := gqlparser.LoadSchema(&ast.Source{Input: text})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	then := load(`type Query { a(x: Int): String! b: E c(i: I): U } enum E { X Y } input I { p: Int } type T { q: Int } union U = T`)
	for _, text := range []string{
		`type Query { a(x: Int): String b: E c(i: I): U } enum E { X Y } input I { p: Int } type T { q: Int } union U = T`,
		`type Query { a: String! b: E c(i: I): U } enum E { X Y } input I { p: Int } type T { q: Int } union U = T`,
		`type Query { a(x: Int!): String! b: E c(i: I): U } enum E { X Y } input I { p: Int } type T { q: Int } union U = T`,
		`type Query { a(x: Int, y: Int!): String! b: E c(i: I): U } enum E { X Y } input I { p: Int } type T { q: Int } union U = T`,
		`type Query { a(x: Int): String! b: E c(i: I): U } enum E { X } input I { p: Int } type T { q: Int } union U = T`,
		`type Query { a(x: Int): String! b: E c(i: I): U } enum E { X Y } input I { p: Int n: Int! } type T { q: Int } union U = T`,
		`type Query { a(x: Int): String! b: E c(i: I): U } enum E { X Y } input I { p: Int } type T { r: Int } union U = T`,
		`type Query { a(x: Int): String! c(i: I): U } input I { p: Int } type T { q: Int } union U = T`,
	} {
		if len(broken(then, load(text))) == 0 {
			t.Errorf("nothing was found in %s", text)
		}
	}
	same := load(`type Query { a(x: Int y: Int = 1): String! b: E! c(i: I): U d: Int } enum E { X Y Z } input I { p: Int n: Int } type T { q: Int } union U = T`)
	if list := broken(then, same); len(list) > 0 {
		t.Errorf("additions break: %v", list)
	}
}

// broken tells what of then is not in now.
func broken(then, now *ast.Schema) (out []string) {
	for name, old := range then.Types {
		if strings.HasPrefix(name, "__") {
			continue
		}
		d := now.Types[name]
		if d == nil || d.Kind != old.Kind {
			out = append(out, name+" is gone")
			continue
		}
		for _, f := range old.Fields {
			if at := d.Fields.ForName(f.Name); at == nil {
				out = append(out, name+"."+f.Name+" is gone")
			} else {
				out = append(out, brokenField(name+"."+f.Name, f, at, d.Kind == ast.InputObject)...)
			}
		}
		for _, f := range d.Fields {
			if d.Kind == ast.InputObject && old.Fields.ForName(f.Name) == nil && f.Type.NonNull && f.DefaultValue == nil {
				out = append(out, name+"."+f.Name+" is new and required")
			}
		}
		for _, v := range old.EnumValues {
			if d.EnumValues.ForName(v.Name) == nil {
				out = append(out, name+"."+v.Name+" is gone")
			}
		}
		for _, t := range append(append([]string{}, old.Types...), old.Interfaces...) {
			if !strings.Contains(" "+strings.Join(append(append([]string{}, d.Types...), d.Interfaces...), " ")+" ", " "+t+" ") {
				out = append(out, name+" has no "+t)
			}
		}
	}
	return out
}

func brokenField(place string, then, now *ast.FieldDefinition, input bool) (out []string) {
	if input {
		if !accepts(now.Type, then.Type) {
			out = append(out, place+" takes "+now.Type.String()+" instead of "+then.Type.String())
		}
	} else if !accepts(then.Type, now.Type) {
		out = append(out, place+" is "+now.Type.String()+" instead of "+then.Type.String())
	}
	for _, a := range then.Arguments {
		if at := now.Arguments.ForName(a.Name); at == nil || !accepts(at.Type, a.Type) {
			out = append(out, place+"("+a.Name+") is gone or narrower")
		}
	}
	for _, a := range now.Arguments {
		if then.Arguments.ForName(a.Name) == nil && a.Type.NonNull && a.DefaultValue == nil {
			out = append(out, place+"("+a.Name+") is new and required")
		}
	}
	return out
}

// accepts tells whether whoever is ready for wide can take narrow: the same, or not null where wide may be.
func accepts(wide, narrow *ast.Type) bool {
	if wide.NonNull && !narrow.NonNull || (wide.Elem == nil) != (narrow.Elem == nil) {
		return false
	}
	if wide.Elem != nil {
		return accepts(wide.Elem, narrow.Elem)
	}
	return wide.NamedType == narrow.NamedType
}
