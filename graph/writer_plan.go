package graph

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/vektah/gqlparser/v2/ast"
)

// plans tell how to read the fields of the schema's objects from loaded records, as the generated code does: by a resolver of
// that name, else a method, else a field of the Go type. They are made when first needed and safe for concurrent use.
type plans struct {
	schema   *ast.Schema
	resolver reflect.Value // *Resolver
	mu       sync.RWMutex
	known    map[planKey]*objectPlan
}

type planKey struct {
	name string
	typ  reflect.Type // of the struct
}

type objectPlan struct {
	name      string
	satisfies []string
	fields    map[string]*fieldPlan
}

// fieldPlan reads one field. Exactly one of index and call is set.
type fieldPlan struct {
	typ   *ast.Type
	def   *ast.Definition // of typ's innermost type
	index []int
	// call is a method of the record or of a resolver, which takes the record first.
	call     reflect.Value
	method   int // of the record, if call is not set
	isMethod bool
	page     bool // it takes after, first, before, last and what narrows the list
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
	timeType    = reflect.TypeFor[time.Time]()
	rawType     = reflect.TypeFor[json.RawMessage]()
	cursorType  = reflect.TypeFor[*entgql.Cursor[int]]()
	intType     = reflect.TypeFor[*int]()
)

func newPlans(schema *ast.Schema, r *Resolver) *plans {
	return &plans{schema: schema, resolver: reflect.ValueOf(r), known: map[planKey]*objectPlan{}}
}

// of is how a struct is shown as an object of the schema; nil if there is no such object.
func (p *plans) of(name string, typ reflect.Type) *objectPlan {
	key := planKey{name, typ}
	p.mu.RLock()
	plan, ok := p.known[key]
	p.mu.RUnlock()
	if ok {
		return plan
	}
	plan = p.make(name, typ)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[key] = plan
	return plan
}

func (p *plans) make(name string, typ reflect.Type) *objectPlan {
	def := p.schema.Types[name]
	if def == nil || def.Kind != ast.Object || typ.Kind() != reflect.Struct {
		return nil
	}
	plan := &objectPlan{name: name, satisfies: append([]string{name}, def.Interfaces...), fields: map[string]*fieldPlan{}}
	for _, other := range p.schema.Types {
		if other.Kind == ast.Union && contains(other.Types, name) {
			plan.satisfies = append(plan.satisfies, other.Name)
		}
	}
	var resolver reflect.Value
	if m := p.resolver.MethodByName(name); m.IsValid() && m.Type().NumIn() == 0 && m.Type().NumOut() == 1 {
		resolver = m.Call(nil)[0]
	}
	for _, f := range def.Fields {
		if one := p.field(f, resolver, typ); one != nil {
			plan.fields[f.Name] = one
		}
	}
	return plan
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// field finds what answers a field; nil if that takes arguments this package does not hand over itself.
func (p *plans) field(f *ast.FieldDefinition, resolver reflect.Value, typ reflect.Type) *fieldPlan {
	plan := &fieldPlan{typ: f.Type, def: p.schema.Types[f.Type.Name()]}
	if plan.def == nil {
		return nil
	}
	if resolver.IsValid() {
		if _, m := methodNamed(resolver.Type(), f.Name); m != nil {
			plan.call = resolver.MethodByName(m.Name)
			if in := plan.call.Type(); in.NumIn() != 2 || len(f.Arguments) > 0 {
				return nil
			}
			return plan
		}
	}
	if i, m := methodNamed(reflect.PointerTo(typ), f.Name); m != nil && m.Type.NumIn() > 1 && m.Type.In(1) == contextType {
		plan.method, plan.isMethod = i, true
		plan.page = len(f.Arguments) > 0
		if plan.page && !pages(m.Type) || m.Type.NumOut() != 2 || m.Type.Out(1) != errorType {
			return nil
		}
		return plan
	}
	for i := range typ.NumField() {
		if field := typ.Field(i); field.IsExported() && strings.EqualFold(field.Name, f.Name) && len(f.Arguments) == 0 {
			plan.index = field.Index
			return plan
		}
	}
	return nil
}

func methodNamed(typ reflect.Type, name string) (int, *reflect.Method) {
	for i := range typ.NumMethod() {
		if m := typ.Method(i); strings.EqualFold(m.Name, name) {
			return i, &m
		}
	}
	return 0, nil
}

// pages tells whether a method of a record is ent's page of an edge.
func pages(m reflect.Type) bool {
	return m.NumIn() >= 6 && m.In(2) == cursorType && m.In(3) == intType && m.In(4) == cursorType && m.In(5) == intType
}
