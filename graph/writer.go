package graph

import (
	"context"
	"io"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// writer answers a root field of a query straight from the loaded records, without a context, a goroutine and a marshaller for
// each field. Access is not its matter: ent has applied it. Whatever is out of the ordinary (an error, a missing value,
// arguments it does not know) it leaves to the executor, which then answers the whole field in its own way.
type writer struct {
	ctx     context.Context
	op      *graphql.OperationContext
	plans   *plans
	shapes  map[shapeKey][]shapedField
	out     []byte
	strange bool
}

// shapeKey is a selection on a type.
type shapeKey struct {
	plan  *objectPlan
	first *ast.Selection
	n     int
}

// shapedField is one field of a selection, with its name ready to be written.
type shapedField struct {
	graphql.CollectedField
	plan  *fieldPlan
	label string
}

type writtenKey struct{}

// written is what a root field was answered with; nil if the executor answers.
type written struct{ text []byte }

// interceptRoot puts in place what interceptField wrote.
func interceptRoot(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	w := &written{}
	normal := next(context.WithValue(ctx, writtenKey{}, w))
	if w.text != nil {
		return graphql.WriterFunc(func(to io.Writer) { _, _ = to.Write(w.text) })
	}
	return normal
}

// interceptField writes a root field of a query once it is resolved, and hands the executor something empty in its place.
func (p *plans) interceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	found, err := next(ctx)
	fc := graphql.GetFieldContext(ctx)
	if err != nil || found == nil || fc == nil || fc.Object != "Query" {
		return found, err
	}
	w, ok := ctx.Value(writtenKey{}).(*written)
	def := fc.Field.Definition
	if !ok || def == nil {
		return found, err
	}
	empty, ok := emptyLike(found, def.Type)
	if !ok {
		return found, err
	}
	if text, ok := p.write(ctx, found, def.Type, fc.Field); ok {
		w.text = text
		return empty, nil
	}
	return found, err
}

// emptyLike is a value of the same type whose marshalling asks for nothing and cannot fail.
func emptyLike(found any, typ *ast.Type) (any, bool) {
	t := reflect.TypeOf(found)
	switch {
	case t.Kind() == reflect.Slice:
		return reflect.MakeSlice(t, 0, 0).Interface(), true
	case t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct:
		return nil, false
	case !typ.NonNull:
		return nil, true
	}
	_, page := t.Elem().FieldByName("PageInfo")
	return reflect.New(t.Elem()).Interface(), page
}

func (p *plans) write(ctx context.Context, found any, typ *ast.Type, field graphql.CollectedField) (text []byte, ok bool) {
	w := &writer{ctx: ctx, op: graphql.GetOperationContext(ctx), plans: p, shapes: map[shapeKey][]shapedField{}, out: make([]byte, 0, 16<<10)}
	defer func() {
		if recover() != nil { // the executor meets it again and reports it
			text, ok = nil, false
		}
	}()
	w.value(typ, p.schema.Types[typ.Name()], reflect.ValueOf(found), field)
	return w.out, !w.strange
}

// value writes a value of a type; its selection is the field's.
func (w *writer) value(typ *ast.Type, def *ast.Definition, v reflect.Value, field graphql.CollectedField) {
	if w.strange {
		return
	}
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			w.null(typ)
			return
		}
		if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct && v.Elem().Type() != timeType {
			break
		}
		v = v.Elem()
	}
	switch {
	case typ.Elem != nil:
		w.list(typ, def, v, field)
	case def.Kind == ast.Scalar || def.Kind == ast.Enum:
		w.leaf(def, v)
	default:
		w.object(def, v, field)
	}
}

func (w *writer) null(typ *ast.Type) {
	if typ.NonNull {
		w.strange = true
		return
	}
	w.out = append(w.out, "null"...)
}

func (w *writer) list(typ *ast.Type, def *ast.Definition, v reflect.Value, field graphql.CollectedField) {
	if v.Kind() != reflect.Slice {
		w.strange = true
		return
	}
	if v.IsNil() && !typ.NonNull {
		w.null(typ)
		return
	}
	w.out = append(w.out, '[')
	for i := range v.Len() {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.value(typ.Elem, def, v.Index(i), field)
	}
	w.out = append(w.out, ']')
}

func (w *writer) object(def *ast.Definition, v reflect.Value, field graphql.CollectedField) {
	if v.Kind() == reflect.Struct && v.CanAddr() {
		v = v.Addr()
	}
	if v.Kind() != reflect.Pointer {
		w.strange = true
		return
	}
	name := def.Name
	if def.Kind != ast.Object {
		name = v.Type().Elem().Name()
	}
	plan := w.plans.of(name, v.Type().Elem())
	if plan == nil {
		w.strange = true
		return
	}
	w.out = append(w.out, '{')
	for i, f := range w.shape(plan, field.Selections) {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = append(w.out, f.label...)
		w.field(plan, v, f)
		if w.strange {
			return
		}
	}
	w.out = append(w.out, '}')
}

// shape is the selection on a type, its fragments resolved.
func (w *writer) shape(plan *objectPlan, set ast.SelectionSet) []shapedField {
	if len(set) == 0 {
		w.strange = true
		return nil
	}
	key := shapeKey{plan, &set[0], len(set)}
	if known, ok := w.shapes[key]; ok {
		return known
	}
	fields := graphql.CollectFields(w.op, set, plan.satisfies)
	out := make([]shapedField, len(fields))
	for i, f := range fields {
		out[i] = shapedField{CollectedField: f, plan: plan.fields[f.Name], label: string(appendText(nil, f.Alias)) + ":"}
		w.strange = w.strange || len(f.Deferrables) > 0 || out[i].plan == nil && f.Name != "__typename"
	}
	w.shapes[key] = out
	return out
}

func (w *writer) field(plan *objectPlan, v reflect.Value, f shapedField) {
	switch {
	case f.plan == nil:
		w.out = appendText(w.out, plan.name)
	case f.plan.index != nil:
		w.value(f.plan.typ, f.plan.def, v.Elem().FieldByIndex(f.plan.index), f.CollectedField)
	default:
		fc := &graphql.FieldContext{Object: plan.name, Field: f.CollectedField}
		ctx := graphql.WithFieldContext(w.ctx, fc)
		args := []reflect.Value{reflect.ValueOf(ctx), v}
		call := f.plan.call
		if f.plan.isMethod {
			call, args = v.Method(f.plan.method), args[:1]
		}
		if f.plan.page {
			args = w.page(args, call.Type(), f.CollectedField)
		}
		if w.strange {
			return
		}
		got := call.Call(args)
		if !got[1].IsNil() {
			w.strange = true
			return
		}
		outer := w.ctx
		w.ctx = ctx
		w.value(f.plan.typ, f.plan.def, got[0], f.CollectedField)
		w.ctx = outer
	}
}

// page adds how many of a list are wanted; other ways to narrow it are the executor's.
func (w *writer) page(args []reflect.Value, method reflect.Type, f graphql.CollectedField) []reflect.Value {
	for i := len(args); i < method.NumIn(); i++ {
		args = append(args, reflect.Zero(method.In(i)))
	}
	for name, given := range f.ArgumentMap(w.op.Variables) {
		if given == nil {
			continue
		}
		n, ok := whole(given)
		switch {
		case ok && name == "first":
			args[2] = reflect.ValueOf(&n)
		case ok && name == "last":
			args[4] = reflect.ValueOf(&n)
		default:
			w.strange = true
		}
	}
	return args
}

// leaf writes a scalar or an enum as the generated code does.
func (w *writer) leaf(def *ast.Definition, v reflect.Value) {
	switch {
	case v.Type() == timeType:
		t, _ := reflect.TypeAssert[time.Time](v)
		w.out = append(t.UTC().AppendFormat(append(w.out, '"'), time.RFC3339Nano), '"')
	case v.Type() == rawType:
		if len(v.Bytes()) == 0 {
			w.null(&ast.Type{})
			return
		}
		w.out = append(w.out, v.Bytes()...)
	case def.Name == "Cursor":
		m, ok := v.Interface().(graphql.Marshaler)
		if !ok {
			w.strange = true
			return
		}
		m.MarshalGQL(w)
	case v.Kind() == reflect.String && def.Name == "Float":
		if _, err := strconv.ParseFloat(v.String(), 64); err != nil {
			w.null(&ast.Type{})
			return
		}
		w.out = append(w.out, v.String()...)
	case v.Kind() == reflect.String:
		w.out = appendText(w.out, v.String())
	case v.Kind() == reflect.Bool:
		w.out = strconv.AppendBool(w.out, v.Bool())
	case v.CanInt() && (def.Name == "ID" || def.Name == "TelegramID"):
		w.out = append(strconv.AppendInt(append(w.out, '"'), v.Int(), 10), '"')
	case v.CanInt() && def.Name == "Int":
		w.out = strconv.AppendInt(w.out, v.Int(), 10)
	case v.CanFloat() && !math.IsInf(v.Float(), 0) && !math.IsNaN(v.Float()):
		w.out = strconv.AppendFloat(w.out, v.Float(), 'g', -1, 64)
	default:
		w.strange = true
	}
}

// Write lets what marshals itself write to the answer.
func (w *writer) Write(text []byte) (int, error) {
	w.out = append(w.out, text...)
	return len(text), nil
}

const hex = "0123456789ABCDEF"

// appendText writes a JSON string.
func appendText(out []byte, s string) []byte {
	out = append(out, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '\\' && c != '"' {
			continue
		}
		out = append(out, s[start:i]...)
		start = i + 1
		switch c {
		case '\t':
			out = append(out, '\\', 't')
		case '\r':
			out = append(out, '\\', 'r')
		case '\n':
			out = append(out, '\\', 'n')
		case '\\', '"':
			out = append(out, '\\', c)
		default:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
	}
	return append(append(out, s[start:]...), '"')
}
