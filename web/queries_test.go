package web

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

func schema(t *testing.T) *ast.Schema {
	t.Helper()
	names, err := filepath.Glob("../graph/schema/*.graphql")
	if err != nil || len(names) == 0 {
		t.Fatal("no schema", err)
	}
	var sources []*ast.Source
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: name, Input: string(body)})
	}
	s, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The published contract answers every ready query, within the depth that the server allows.
func TestReadyQueriesFitTheSchema(t *testing.T) {
	t.Parallel()
	all, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	contract := schema(t)
	for _, q := range all.queries {
		doc, errs := gqlparser.LoadQueryWithRules(contract, q.query, rules.NewDefaultRules())
		if errs != nil {
			t.Errorf("%s: %v", q.name, errs)
			continue
		}
		if len(doc.Operations) != 1 || !strings.HasPrefix(q.query, "# ") {
			t.Errorf("%s: one operation under a comment that says what it shows", q.name)
		}
		if d := depth(doc.Operations[0].SelectionSet); d > 12 {
			t.Errorf("%s: depth %d", q.name, d)
		}
		variables := map[string]any{}
		text := strings.NewReplacer("{thisMonth}", "2026-09", "{lastMonth}", "2026-08", "{me}", "1", "{myTeam}", "2", "{analysis}", "3").Replace(q.variables)
		if text != "" {
			if err := json.Unmarshal([]byte(text), &variables); err != nil {
				t.Errorf("%s: %v", q.name, err)
			}
		}
		if _, err := validator.VariableValues(contract, doc.Operations[0], variables); err != nil {
			t.Errorf("%s: %v", q.name, err)
		}
	}
}

// depth counts as the server does: edges and node of connections are free.
func depth(set ast.SelectionSet) int {
	deepest := 0
	for _, s := range set {
		d := 0
		switch s := s.(type) {
		case *ast.Field:
			d = depth(s.SelectionSet)
			if s.Name != "edges" && s.Name != "node" {
				d++
			}
		case *ast.InlineFragment:
			d = depth(s.SelectionSet)
		case *ast.FragmentSpread:
			d = depth(s.Definition.SelectionSet)
		}
		deepest = max(deepest, d)
	}
	return deepest
}

// What the pages' own script asks for is in the contract too.
func TestSignInFitsTheSchema(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("page/session.js")
	if err != nil {
		t.Fatal(err)
	}
	contract := schema(t)
	found := regexp.MustCompile("(?s)`((?:mutation|query) .*?)`;").FindAllStringSubmatch(string(body), -1)
	if len(found) != 4 {
		t.Fatalf("%d operations", len(found))
	}
	for _, m := range found {
		if _, errs := gqlparser.LoadQueryWithRules(contract, m[1], rules.NewDefaultRules()); errs != nil {
			t.Errorf("%s: %v", m[1], errs)
		}
	}
}
