package graph

import (
	"context"
	"sync"

	"entgo.io/ent"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
)

// loads remembers, for one answer, which records came from the database together. A field that needs another query asks for
// the whole group at once, so the number of queries depends on the shape of a request and not on how much it finds.
type loads struct {
	mu     sync.Mutex
	groups map[any]*group
}

// group are the records of one query.
type group struct {
	nodes  any // []*N
	mu     sync.Mutex
	fields map[fieldKey]*loaded
}

// fieldKey tells apart what is loaded for a group: the field's place in the request where the selection matters.
type fieldKey struct {
	name string
	at   *ast.Field
}

type loaded struct {
	once   sync.Once
	values any // map[int]V
	err    error
}

type loadsKey struct{}

func withLoads(ctx context.Context) context.Context {
	return context.WithValue(ctx, loadsKey{}, &loads{groups: map[any]*group{}})
}

// watchLoads has every query of the client note its records in the loads of its context, if there are any.
func watchLoads(client *gen.Client) {
	note := ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			found, err := next.Query(ctx, q)
			l, ok := ctx.Value(loadsKey{}).(*loads)
			if err != nil || !ok {
				return found, err
			}
			switch nodes := found.(type) {
			case []*gen.Message:
				join(l, nodes)
			case []*gen.MessageContent:
				join(l, nodes)
			case []*gen.Analysis:
				join(l, nodes)
			case []*gen.User:
				join(l, nodes)
			case []*gen.PayslipLine:
				join(l, nodes)
			case []*gen.PayrollRun:
				join(l, nodes)
			case []*gen.KpiScore:
				join(l, nodes)
			}
			return found, nil
		})
	})
	client.Message.Intercept(note)
	client.MessageContent.Intercept(note)
	client.Analysis.Intercept(note)
	client.User.Intercept(note)
	client.PayslipLine.Intercept(note)
	client.PayrollRun.Intercept(note)
	client.KpiScore.Intercept(note)
}

func join[N any](l *loads, nodes []*N) {
	if len(nodes) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	g := &group{nodes: nodes, fields: map[fieldKey]*loaded{}}
	for _, node := range nodes {
		if _, ok := l.groups[node]; !ok {
			l.groups[node] = g
		}
	}
}

func (l *loads) groupOf(node any) *group {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.groups[node]
}

// together loads something once for all records that came with node, and returns it by record id. The key's place is nil for
// what does not depend on the selection.
func together[N, V any](ctx context.Context, key fieldKey, node *N, load func(nodes []*N) (map[int]V, error)) (map[int]V, error) {
	l, ok := ctx.Value(loadsKey{}).(*loads)
	if !ok {
		return load([]*N{node})
	}
	g := l.groupOf(node)
	if g == nil {
		join(l, []*N{node})
		g = l.groupOf(node)
	}
	g.mu.Lock()
	one, ok := g.fields[key]
	if !ok {
		one = &loaded{err: domain.Errorf(domain.KindInternal, "%s was not loaded", key.name)}
		g.fields[key] = one
	}
	g.mu.Unlock()
	one.once.Do(func() { one.values, one.err = load(g.nodes.([]*N)) })
	if one.err != nil {
		return nil, one.err
	}
	return one.values.(map[int]V), nil
}

// here names what the field being resolved loads: another selection of the same field is loaded apart.
func here(ctx context.Context) fieldKey {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil {
		return fieldKey{}
	}
	return fieldKey{name: fc.Field.Name, at: fc.Field.Field}
}
