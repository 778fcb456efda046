package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// KpiRefresh marks a person's month whose facts changed since its KPIs were computed. Rows are only
// added and taken away.
type KpiRefresh struct{ ent.Schema }

func (KpiRefresh) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "kpi_result", rows: all}} }

func (KpiRefresh) Fields() []ent.Field {
	return []ent.Field{
		field.Int("user_id").Immutable(),
		field.String("period").Immutable().Match(periodPattern),
	}
}

func (KpiRefresh) Annotations() []schema.Annotation { return []schema.Annotation{internal()} }
