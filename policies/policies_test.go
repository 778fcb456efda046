package policies_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/policies"
)

var update = flag.Bool("update", false, "write testdata/access.golden anew; then review it against the access table")

const golden = "testdata/access.golden"

// render writes role × object × action as two tables, of people and of background work, with a dot for what is denied.
func render() string {
	var people, work []string
	for _, role := range policies.Roles() {
		if (auth.Actor{Role: role}).IsSystem() {
			work = append(work, role)
		}
	}
	people = auth.Roles()
	type thing struct{ object, action string }
	var things []thing
	for _, p := range policies.Table() {
		if t := (thing{p.Object, p.Action}); !slices.Contains(things, t) {
			things = append(things, t)
		}
	}
	var b strings.Builder
	for _, roles := range [][]string{people, work} {
		line := fmt.Sprintf("%-18s%-10s", "object", "action")
		for _, role := range roles {
			line += fmt.Sprintf("%-12s", strings.TrimPrefix(role, "system:"))
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		for _, t := range things {
			line := fmt.Sprintf("%-18s%-10s", t.object, t.action)
			for _, role := range roles {
				word := "."
				if scope := policies.Scope(role, t.object, t.action); scope != policies.None {
					word = scope.String()
				}
				line += fmt.Sprintf("%-12s", word)
			}
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestAccessTable(t *testing.T) {
	t.Parallel()
	got := render()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if want := string(raw); got != want {
		t.Errorf("the access table changed (-reviewed +now):\n%s", diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
	}
}

// diff lists the lines that only one of the two has; every line of a table is unique.
func diff(want, got []string) string {
	var out []string
	for _, line := range want {
		if !slices.Contains(got, line) {
			out = append(out, "-"+line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			out = append(out, "+"+line)
		}
	}
	return strings.Join(out, "\n")
}

func TestWhatTheTableDoesNotKnowIsDenied(t *testing.T) {
	t.Parallel()
	for _, q := range [][3]string{
		{"", "", ""},
		{"", "chat", "read"},
		{"owner", "chat", "read"},
		{"Admin", "chat", "read"},
		{"admin ", "chat", "read"},
		{"system:", "chat", "read"},
		{"system:nobody", "chat", "read"},
		{"admin", "chats", "read"},
		{"admin", "chat", "own"},
		{"admin", "*", "read"},
		{"admin", "chat", "*"},
		{"system:operator", "message", "write"},
	} {
		if scope := policies.Scope(q[0], q[1], q[2]); scope != policies.None || policies.Allows(q[0], q[1], q[2]) {
			t.Errorf("%q: %s", q, scope)
		}
	}
}

func TestNoPersonWrites(t *testing.T) {
	t.Parallel()
	for _, p := range policies.Table() {
		if p.Action == policies.Write && !(auth.Actor{Role: p.Role}).IsSystem() {
			t.Errorf("%s writes %s", p.Role, p.Object)
		}
	}
}

func TestBackgroundWorkReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	for _, p := range policies.Table() {
		if p.Action == policies.Write && policies.Scope(p.Role, p.Object, policies.Read) != policies.Company {
			t.Errorf("%s writes %s without reading all of it", p.Role, p.Object)
		}
	}
}

func TestAdminsSeeAndDoWhatAnyoneDoes(t *testing.T) {
	t.Parallel()
	for _, p := range policies.Table() {
		// Submitting a report is the employee's own deed.
		if (auth.Actor{Role: p.Role}).IsSystem() || p.Action == "submit" {
			continue
		}
		for _, above := range []string{auth.RoleAdmin, "system:operator"} {
			if scope := policies.Scope(above, p.Object, p.Action); scope != policies.Company {
				t.Errorf("%s does %s %s, %s only %s", p.Role, p.Action, p.Object, above, scope)
			}
		}
	}
}

func TestRolesArePeoplesOrBackgroundWorks(t *testing.T) {
	t.Parallel()
	roles := policies.Roles()
	for _, role := range auth.Roles() {
		if !slices.Contains(roles, role) {
			t.Errorf("%s has no line", role)
		}
	}
	for _, role := range roles {
		if !(auth.Actor{Role: role}).IsSystem() && !slices.Contains(auth.Roles(), role) {
			t.Errorf("nobody has the role %s", role)
		}
	}
}

// Every type of the schema names its object; one that the table does not know would be hidden from all, by a slip of the pen.
func TestEveryObjectOfTheSchemaIsInTheTable(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../ent/schema/*.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`base\{object: "([^"]*)"`)
	found := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range named.FindAllSubmatch(source, -1) {
			found++
			object := string(match[1])
			written := slices.ContainsFunc(policies.Roles(), func(role string) bool { return policies.Allows(role, object, policies.Write) })
			if !written {
				t.Errorf("%s: nobody writes %q", filepath.Base(file), object)
			}
		}
	}
	if found == 0 {
		t.Error("the schema names no object")
	}
}

func TestManyAskAtOnce(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if got := policies.Scope("supervisor", "message_content", policies.Read); got != policies.Team {
					t.Errorf("got %s", got)
				}
				if policies.Allows("accountant", "message_content", policies.Read) {
					t.Error("accountants read content")
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkScope(b *testing.B) {
	for b.Loop() {
		policies.Scope("supervisor", "message_content", policies.Read)
	}
}
