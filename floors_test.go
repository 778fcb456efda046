// Package finco_test holds what is true of the tree as a whole.
package finco_test

import (
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/fincokpi/finco/"

// room is a folder with everything beneath it, but for rooms of their own in there. Its code may import rooms of lower
// floors, and those of its own floor only if they are named here.
type room struct {
	floor int
	also  []string
	// only, if not nil, is all of ours that the room may import.
	only []string
}

// rooms is the table of the README's floors. A folder outside of it has no home yet.
var rooms = map[string]room{
	"cmd":                  {floor: 6},
	"server":               {floor: 5},
	"web":                  {floor: 4, only: []string{}},
	"graph":                {floor: 4},
	"bot":                  {floor: 4},
	"intake":               {floor: 4},
	"jobs":                 {floor: 4},
	"plugins/host":         {floor: 4},
	"app":                  {floor: 3},
	"ent":                  {floor: 2, also: []string{"ent/gen", "ent/schema"}},
	"ent/gen":              {floor: 2, also: []string{"ent/schema"}},
	"ent/schema":           {floor: 2, also: []string{"ent/gen"}, only: []string{"ent/gen", "policies", "auth", "domain"}},
	"ent/migrations":       {floor: 2, also: []string{"ent/gen"}},
	"ent/postgres":         {floor: 2, also: []string{"ent/migrations"}},
	"jobs/args":            {floor: 2},
	"plugins":              {floor: 2, also: []string{"plugins/analyzer"}, only: []string{"plugins/analyzer"}},
	"plugins/analyzer":     {floor: 2, also: []string{"plugins/proto"}, only: []string{"plugins/proto"}},
	"plugins/analyzertest": {floor: 2, also: []string{"plugins/analyzer", "plugins/proto"}, only: []string{"plugins/analyzer", "plugins/proto"}},
	"plugins/proto":        {floor: 2, only: []string{}},
	"policies":             {floor: 1, also: []string{"auth"}},
	"auth":                 {floor: 1},
	"domain":               {floor: 0},
}

// keepers are the only folders that may import a library of that path.
var keepers = map[string]string{
	"github.com/casbin/":             "policies",
	"github.com/expr-lang/":          "domain/formula",
	"github.com/riverqueue/river":    "jobs app ent/postgres server",
	"github.com/99designs/gqlgen":    "graph ent/gen",
	"github.com/go-chi/":             "server",
	"github.com/go-telegram/":        "bot",
	"github.com/hashicorp/go-plugin": "plugins/analyzer plugins/analyzertest plugins/host",
}

func roomOf(folder string) (string, bool) {
	for at := folder; at != "."; at = path.Dir(at) {
		if _, ok := rooms[at]; ok {
			return at, true
		}
	}
	return "", false
}

// fault says what is wrong with an import, or nothing.
func fault(folder, imported string) string {
	from, known := roomOf(folder)
	if !known {
		return "this folder belongs to no room: put it into one, or add the room to the floors"
	}
	target, ours := strings.CutPrefix(imported, module)
	if !ours {
		return libraryFault(folder, imported)
	}
	to, known := roomOf(target)
	switch {
	case !known:
		return "this imports a folder that belongs to no room"
	case from == to:
		return ""
	case rooms[from].only != nil && !slices.Contains(rooms[from].only, to):
		return from + " may import " + strings.Join(append([]string{"of ours only"}, rooms[from].only...), " ")
	case to == "web" && from != "server":
		return "only server joins web"
	case rooms[to].floor < rooms[from].floor, slices.Contains(rooms[from].also, to):
		return ""
	}
	return "floor " + strconv.Itoa(rooms[from].floor) + " (" + from + ") reaches floor " + strconv.Itoa(rooms[to].floor) + " (" + to + "): imports go down only"
}

func libraryFault(folder, imported string) string {
	if first, _, _ := strings.Cut(imported, "/"); folder == "domain" || strings.HasPrefix(folder, "domain/") {
		allowed := !strings.Contains(first, ".") || imported == "github.com/govalues/decimal" ||
			folder == "domain/formula" && strings.HasPrefix(imported, "github.com/expr-lang/")
		if !allowed {
			return "domain stands on the standard library and decimal"
		}
	}
	for library, keeper := range keepers {
		if !strings.HasPrefix(imported, library) {
			continue
		}
		in := func(k string) bool { return folder == k || strings.HasPrefix(folder, k+"/") }
		if !slices.ContainsFunc(strings.Fields(keeper), in) {
			return "only " + keeper + " may know " + library
		}
	}
	return ""
}

// Imports go down only. Tests are left out: they may stand on what they test, and some go through the whole house.
func TestFloors(t *testing.T) {
	t.Parallel()
	seen := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch base := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "bin" || base == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go"):
			return nil
		}
		seen++
		return checkFile(t, filepath.ToSlash(name))
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 100 {
		t.Errorf("only %d files: the test looks in the wrong place", seen)
	}
}

func checkFile(t *testing.T, name string) error {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, nil, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return err
	}
	for _, group := range f.Comments {
		if constraint.IsGoBuild(group.List[0].Text) && strings.HasSuffix(group.List[0].Text, " ignore") {
			return nil // a generator, part of no package
		}
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		if wrong := fault(path.Dir(name), imported); wrong != "" {
			t.Errorf("%s imports %s: %s", files.Position(spec.Pos()), imported, wrong)
		}
	}
	return nil
}

func TestFloorsSeeWhatIsBroken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		folder, imported, want string
	}{
		{"graph", module + "app", ""},
		{"graph", module + "jobs", "floor 4 (graph) reaches floor 4 (jobs)"},
		{"graph", module + "jobs/args", ""},
		{"app", module + "graph/scalar", "floor 3 (app) reaches floor 4 (graph)"},
		{"domain/kpi", module + "auth", "floor 0 (domain) reaches floor 1 (auth)"},
		{"domain/kpi", "github.com/lib/pq", "standard library and decimal"},
		{"auth", module + "policies", "imports go down only"},
		{"policies", module + "auth", ""},
		{"plugins/sentiment", module + "plugins/textmodel/language", ""},
		{"plugins/sentiment", module + "domain", "of ours only plugins/analyzer"},
		{"plugins/sentiment", module + "plugins/host", "of ours only plugins/analyzer"},
		{"ent/schema", module + "app", "of ours only ent/gen"},
		{"web", module + "domain", "of ours only"},
		{"cmd/finco", module + "web", "only server joins web"},
		{"app", "github.com/casbin/casbin/v2", "only policies may know"},
		{"util", "fmt", "belongs to no room"},
	} {
		got := fault(c.folder, c.imported)
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s imports %s: %q, not %q", c.folder, c.imported, got, c.want)
		}
	}
}
