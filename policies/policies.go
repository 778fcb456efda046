package policies

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	stringadapter "github.com/casbin/casbin/v2/persist/string-adapter"
)

//go:embed model.conf
var modelText string

//go:embed policy.csv
var policyText string

// Permission is one line of the access table: what a role may do to an object, and how far.
type Permission struct {
	Role, Object, Action string
	Scope                ScopeKind
}

// Scope is how far the role may do the action to the object. A role, object or action that the access table does not know
// has the scope None. Safe for concurrent use; about 0.2 µs once a question was asked before.
func Scope(role, object, action string) ScopeKind { return release().scope(role, object, action) }

// Allows tells whether the role may do the action to the object at all. Which rows is then for the scope, or for the use
// case, to say.
func Allows(role, object, action string) bool { return Scope(role, object, action) != None }

// Roles are all roles of the access table, of people and of background work, in order.
func Roles() []string { return slices.Clone(release().roles) }

// Table is every permission of every role: what is not in it is denied. Ordered by object, action and role.
func Table() []Permission {
	t := release()
	var out []Permission
	for _, d := range t.deeds {
		for _, role := range t.roles {
			if scope := t.scope(role, d.object, d.action); scope != None {
				out = append(out, Permission{Role: role, Object: d.object, Action: d.action, Scope: scope})
			}
		}
	}
	return out
}

// release is the table this binary was built with. A broken one is a fault of the build, which the tests would have shown:
// nothing may go on without it.
var release = sync.OnceValue(func() *table {
	t, err := load(modelText, policyText)
	if err != nil {
		panic(err)
	}
	return t
})

// deed is an action on an object.
type deed struct{ object, action string }

func (d deed) compare(other deed) int {
	return cmp.Or(strings.Compare(d.object, other.object), strings.Compare(d.action, other.action))
}

type question struct {
	role string
	deed deed
}

// table answers from Casbin and remembers. Only questions about roles and deeds it knows are remembered, so it cannot grow
// beyond their product.
type table struct {
	enforcer *casbin.SyncedEnforcer
	roles    []string // sorted
	deeds    []deed   // sorted
	answers  sync.Map // question → ScopeKind
}

func load(modelText, policyText string) (*table, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("policies: model: %w", err)
	}
	enforcer, err := casbin.NewSyncedEnforcer(m, stringadapter.NewAdapter(policyText))
	if err != nil {
		return nil, fmt.Errorf("policies: policy: %w", err)
	}
	lines, err := enforcer.GetPolicy()
	if err != nil {
		return nil, fmt.Errorf("policies: policy: %w", err)
	}
	groups, err := enforcer.GetGroupingPolicy()
	if err != nil {
		return nil, fmt.Errorf("policies: policy: %w", err)
	}
	// Casbin passes over a line that it does not understand, or that it has already.
	if written := count(policyText); written != len(lines)+len(groups) {
		return nil, fmt.Errorf("policies: of %d lines %d are understood", written, len(lines)+len(groups))
	}
	t := &table{enforcer: enforcer}
	for _, line := range lines {
		if scope, ok := parseScope(line[3]); !ok || scope == None {
			return nil, fmt.Errorf("policies: %s: no such scope", strings.Join(line, ", "))
		}
		t.roles, t.deeds = append(t.roles, line[0]), append(t.deeds, deed{line[1], line[2]})
	}
	for _, group := range groups {
		t.roles = append(t.roles, group[0])
	}
	slices.Sort(t.roles)
	t.roles = slices.Compact(t.roles)
	slices.SortFunc(t.deeds, deed.compare)
	t.deeds = slices.Compact(t.deeds)
	return t, nil
}

// count is the number of lines that say something.
func count(policyText string) int {
	n := 0
	for line := range strings.Lines(policyText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			n++
		}
	}
	return n
}

// scope asks for the widest first, so that of two lines the one that reaches further counts.
func (t *table) scope(role, object, action string) ScopeKind {
	q := question{role, deed{object, action}}
	if answer, ok := t.answers.Load(q); ok {
		return answer.(ScopeKind)
	}
	if _, ok := slices.BinarySearch(t.roles, role); !ok {
		return None
	}
	if _, ok := slices.BinarySearchFunc(t.deeds, q.deed, deed.compare); !ok {
		return None
	}
	answer := None
	for _, scope := range []ScopeKind{Company, Team, Own} {
		// An error means that the model and the question do not fit; that is no permission.
		if ok, err := t.enforcer.Enforce(role, object, action, scope.String()); err == nil && ok {
			answer = scope
			break
		}
	}
	t.answers.Store(q, answer)
	return answer
}
