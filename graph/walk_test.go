package graph_test

import (
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fincokpi/finco/app/apptest"
	graphgen "github.com/fincokpi/finco/graph/gen"
)

// roles are one person of each.
var roles = []struct{ name, email string }{
	{"employee", apptest.Jasur}, {"supervisor", apptest.Aziza}, {"accountant", apptest.Nodira}, {"admin", apptest.Botir},
}

func theSchema() *ast.Schema {
	return graphgen.NewExecutableSchema(graphgen.Config{}).Schema()
}

// nodeTypes are the object types that have a global id.
func nodeTypes(s *ast.Schema) []*ast.Definition {
	out := slices.Clone(s.PossibleTypes["Node"])
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// everything selects every field of a type, and of what it leads to the id, or whatever it has if it has none.
func everything(s *ast.Schema, d *ast.Definition, depth int) string {
	var b strings.Builder
	for _, f := range d.Fields {
		to := s.Types[f.Type.Name()]
		switch {
		case strings.HasPrefix(f.Name, "__"):
		case to.Kind == ast.Scalar || to.Kind == ast.Enum:
			b.WriteString(f.Name + " ")
		case to.Kind == ast.Union:
			b.WriteString(f.Name + " { __typename ... on Node { id } } ")
		case strings.HasSuffix(to.Name, "Connection"):
			b.WriteString(f.Name + "(first: 3) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } } ")
		case to.Fields.ForName("id") != nil:
			b.WriteString(f.Name + " { id } ")
		case depth > 0:
			b.WriteString(f.Name + " { " + everything(s, to, depth-1) + "} ")
		}
	}
	return b.String()
}

// allRows are the ids of every record, by its table.
func (o *office) allRows() map[string][]int {
	o.t.Helper()
	tables, err := o.DB.Query(`SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'id'
  AND data_type = 'bigint' AND table_name NOT LIKE 'river%' AND table_name NOT LIKE 'goose%' AND table_name <> 'ent_types' ORDER BY 1`)
	o.check(err)
	defer func() { _ = tables.Close() }()
	out := map[string][]int{}
	var names []string
	for tables.Next() {
		var name string
		o.check(tables.Scan(&name))
		names = append(names, name)
	}
	o.check(tables.Err())
	for _, name := range names {
		rows, err := o.Database.OwnerPool(o.t).Query(`SELECT id FROM ` + name + ` ORDER BY id`)
		o.check(err)
		for rows.Next() {
			var id int
			o.check(rows.Scan(&id))
			out[name] = append(out[name], id)
		}
		o.check(rows.Err())
		_ = rows.Close()
	}
	return out
}

// TestTypeWalk reads every record of the database with every field by its id, as each role: what a role may not see is not
// found, and everything else comes without an error. How many of each type each role sees is on the golden page.
func TestTypeWalk(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	s := theSchema()
	rows := o.allRows()
	var page strings.Builder
	seenTypes := map[string]bool{}
	for _, role := range roles {
		counts := map[string]int{}
		for table, ids := range rows {
			for _, id := range ids {
				kind := o.walk(t, s, role.email, id)
				if kind == "" {
					continue
				}
				counts[kind]++
				seenTypes[kind] = true
				if slices.Contains([]string{"credentials", "sessions", "sign_in_failures", "audit_events", "ledger_entries"}, table) {
					t.Errorf("%s reads %s by node", role.name, table)
				}
			}
		}
		for _, d := range nodeTypes(s) {
			fmt.Fprintf(&page, "%s %s %d\n", role.name, d.Name, counts[d.Name])
		}
	}
	for _, d := range nodeTypes(s) {
		if !seenTypes[d.Name] {
			t.Errorf("the world has no %s", d.Name)
		}
	}
	golden(t, "visible.txt", page.String())
}

// walk reads one record whole as a person, and returns its type; "" if it is hidden.
func (o *office) walk(t *testing.T, s *ast.Schema, email string, id int) string {
	t.Helper()
	vars := map[string]any{"id": id}
	r := o.ask(email, `query($id: ID!) { node(id: $id) { __typename } }`, vars)
	if r.code() == "NOT_FOUND" {
		return ""
	}
	var found struct {
		Node struct {
			Typename string `json:"__typename"`
		}
	}
	r.into(t, &found)
	name := found.Node.Typename
	r = o.ask(email, `query($id: ID!) { node(id: $id) { ... on `+name+` { `+everything(s, s.Types[name], 2)+` } } }`, vars)
	for _, e := range r.Errors {
		// A result is for whom it is about, the rule behind it is not.
		if e.Extensions.Code != "NOT_FOUND" || e.Path[len(e.Path)-1] != "kpi" {
			t.Errorf("%s reads %s %d: %s at %v", email, name, id, e.Message, e.Path)
		}
	}
	return name
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if os.Getenv("FINCO_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (FINCO_UPDATE_GOLDEN=1 writes it anew):\n%s", path, diff(string(want), got))
	}
}

func diff(want, got string) string {
	var b strings.Builder
	have := map[string]bool{}
	for line := range strings.Lines(want) {
		have[line] = true
	}
	for line := range strings.Lines(got) {
		if !have[line] {
			b.WriteString("+ " + line)
		}
		delete(have, line)
	}
	for line := range have {
		b.WriteString("- " + line)
	}
	return b.String()
}

// lists are the root fields that are connections.
func lists(s *ast.Schema) []*ast.FieldDefinition {
	var out []*ast.FieldDefinition
	for _, f := range s.Query.Fields {
		if strings.HasSuffix(f.Type.Name(), "Connection") {
			out = append(out, f)
		}
	}
	return out
}

type listed map[string]struct {
	TotalCount int
	Edges      []struct{ Node struct{ ID string } }
}

// TestEveryFilterAsEachRole tries every field of every filter: none finds what the role does not see without it.
func TestEveryFilterAsEachRole(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	s := theSchema()
	for _, role := range roles {
		for _, list := range lists(s) {
			where := list.Arguments.ForName("where")
			visible := map[string]bool{}
			var all listed
			o.ask(role.email, `{ `+list.Name+`(first: 100) { totalCount edges { node { id } } } }`, nil).into(t, &all)
			for _, edge := range all[list.Name].Edges {
				visible[edge.Node.ID] = true
			}
			for part := range slices.Chunk([]*ast.FieldDefinition(s.Types[where.Type.Name()].Fields), 15) {
				o.filter(t, s, role.email, list.Name, where.Type.Name(), part, visible)
			}
		}
	}
}

func (o *office) filter(t *testing.T, s *ast.Schema, email, list, input string, fields []*ast.FieldDefinition, visible map[string]bool) {
	t.Helper()
	var head, body strings.Builder
	vars := map[string]any{}
	for i, f := range fields {
		name := fmt.Sprintf("w%d", i)
		vars[name] = map[string]any{f.Name: sample(s, f.Type, 2)}
		fmt.Fprintf(&head, "$%s: %s ", name, input)
		fmt.Fprintf(&body, "a%d: %s(first: 100, where: $%s) { totalCount edges { node { id } } } ", i, list, name)
	}
	var got listed
	r := o.ask(email, "query("+head.String()+") { "+body.String()+"}", vars)
	r.into(t, &got)
	for alias, found := range got {
		for _, edge := range found.Edges {
			if !visible[edge.Node.ID] {
				t.Errorf("%s finds a hidden record through %s of %s", email, alias, list)
			}
		}
		if found.TotalCount > len(visible) {
			t.Errorf("%s counts hidden records through %s of %s", email, alias, list)
		}
	}
}

// sample is some value of an input type.
func sample(s *ast.Schema, typ *ast.Type, depth int) any {
	if typ.Elem != nil {
		return []any{sample(s, typ.Elem, depth)}
	}
	d := s.Types[typ.NamedType]
	switch {
	case d.Kind == ast.Enum:
		return d.EnumValues[0].Name
	case d.Kind == ast.InputObject:
		if depth == 0 {
			return map[string]any{}
		}
		for _, f := range d.Fields {
			if s.Types[f.Type.Name()].Kind != ast.InputObject {
				return map[string]any{f.Name: sample(s, f.Type, depth-1)}
			}
		}
		return map[string]any{"not": sample(s, d.Fields.ForName("not").Type, depth-1)}
	}
	return map[string]any{
		"ID": "1", "Int": 1, "Float": 1.5, "Boolean": true, "String": "a", "Time": "2026-09-15T10:00:00Z", "Period": "2026-09", "TelegramID": "501",
	}[d.Name]
}

func TestEveryOrderAsEachRole(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	s := theSchema()
	for _, role := range roles {
		for _, list := range lists(s) {
			arg := list.Arguments.ForName("orderBy")
			if arg == nil {
				continue
			}
			field := s.Types[arg.Type.Name()].Fields.ForName("field")
			for _, value := range s.Types[field.Type.Name()].EnumValues {
				for _, direction := range []string{"ASC", "DESC"} {
					r := o.ask(role.email, fmt.Sprintf(`{ %s(first: 2, orderBy: {field: %s, direction: %s}) { edges { cursor node { id } } pageInfo { endCursor } } }`,
						list.Name, value.Name, direction), nil)
					if r.code() != "" {
						t.Errorf("%s orders %s by %s: %s", role.name, list.Name, value.Name, r.text)
					}
				}
			}
		}
	}
}

// TestNoFilterReadsWhatIsNarrower looks through every filter and order for a way into what has a narrower audience.
func TestNoFilterReadsWhatIsNarrower(t *testing.T) {
	t.Parallel()
	narrow := []string{"text", "transcript", "entities", "attachments", "details", "comment", "amount", "net", "payable", "salary", "email", "employment", "content", "password", "token"}
	s := theSchema()
	for name, d := range s.Types {
		input := strings.HasSuffix(name, "WhereInput") || strings.HasSuffix(name, "Order")
		for _, f := range d.Fields {
			if !input {
				continue
			}
			if strings.HasPrefix(f.Name, "has") {
				t.Errorf("%s.%s filters through an edge", name, f.Name)
			}
			for _, word := range narrow {
				if strings.HasPrefix(strings.ToLower(f.Name), word) {
					t.Errorf("%s.%s", name, f.Name)
				}
			}
		}
	}
	for _, name := range []string{"MessageContent", "AnalysisDetail", "Salary", "Employment", "Feedback", "PayslipLine", "Adjustment"} {
		if s.Types[name+"WhereInput"] != nil || s.Types[name+"Order"] != nil {
			t.Errorf("%s can be filtered or ordered", name)
		}
	}
}

func TestPagesFollowOneAnother(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	seen, after := []string{}, any(nil)
	for range 10 {
		var got struct {
			Messages struct {
				TotalCount int
				PageInfo   struct {
					HasNextPage bool
					EndCursor   string
				}
				Edges []struct{ Node struct{ ID string } }
			}
		}
		o.ask(apptest.Botir, `query($a: Cursor) { messages(first: 2, after: $a, orderBy: {field: SENT_AT, direction: DESC}) { totalCount pageInfo { hasNextPage endCursor } edges { node { id } } } }`,
			map[string]any{"a": after}).into(t, &got)
		for _, edge := range got.Messages.Edges {
			seen = append(seen, edge.Node.ID)
		}
		if !got.Messages.PageInfo.HasNextPage {
			break
		}
		after = got.Messages.PageInfo.EndCursor
	}
	sorted := slices.Sorted(slices.Values(seen))
	if len(seen) != 6 || len(slices.Compact(sorted)) != 6 {
		t.Errorf("the pages hold %v", seen)
	}
}
