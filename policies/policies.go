package policies

import (
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
	for _, object := range t.objects {
		for _, action := range t.actions {
			for _, role := range t.roles {
				if scope := t.scope(role, object, action); scope != None {
					out = append(out, Permission{Role: role, Object: object, Action: action, Scope: scope})
				}
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

type question struct{ role, object, action string }

// table answers from Casbin and remembers. Only questions made of words it knows are remembered, so it cannot grow beyond
// roles × objects × actions.
type table struct {
	enforcer                *casbin.SyncedEnforcer
	roles, objects, actions []string // sorted
	answers                 sync.Map // question → ScopeKind
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
	enforcer.EnableAutoSave(false)
	lines, err := enforcer.GetPolicy()
	if err != nil {
		return nil, fmt.Errorf("policies: policy: %w", err)
	}
	t := &table{enforcer: enforcer}
	for _, line := range lines {
		if scope, ok := parseScope(line[3]); !ok || scope == None {
			return nil, fmt.Errorf("policies: %s: no such scope", strings.Join(line, ", "))
		}
		t.roles, t.objects, t.actions = append(t.roles, line[0]), append(t.objects, line[1]), append(t.actions, line[2])
	}
	groups, err := enforcer.GetGroupingPolicy()
	if err != nil {
		return nil, fmt.Errorf("policies: policy: %w", err)
	}
	for _, group := range groups {
		t.roles = append(t.roles, group[0])
	}
	for _, words := range []*[]string{&t.roles, &t.objects, &t.actions} {
		slices.Sort(*words)
		*words = slices.Compact(*words)
	}
	return t, nil
}

// scope asks for the widest first, so that of two lines the one that reaches further counts.
func (t *table) scope(role, object, action string) ScopeKind {
	q := question{role, object, action}
	if answer, ok := t.answers.Load(q); ok {
		return answer.(ScopeKind)
	}
	if !known(t.roles, role) || !known(t.objects, object) || !known(t.actions, action) {
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

func known(sorted []string, word string) bool {
	_, ok := slices.BinarySearch(sorted, word)
	return ok
}
