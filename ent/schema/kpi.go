package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Kpi is one version of a measure people are scored by.
type Kpi struct{ ent.Schema }

func (Kpi) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "kpi_rule", rows: visible}} }

func (Kpi) Fields() []ent.Field {
	return []ent.Field{
		field.String("key").Immutable().MaxLen(64).NotEmpty().Annotations(orderBy("KEY")),
		field.String("title").Immutable().MaxLen(200),
		field.String("value").Immutable().MaxLen(2048).Comment("An expression over the metrics."),
		field.String("floor").Immutable().SchemaType(numeric).Annotations(floatOf()...),
		field.String("target").Immutable().SchemaType(numeric).Annotations(floatOf()...),
		field.String("cap").Immutable().SchemaType(numeric).Annotations(floatOf()...),
		field.String("weight").Immutable().SchemaType(numeric).Annotations(floatOf()...),
		field.String("from").Immutable().Match(periodPattern).Comment("The first month in which this version holds."),
		field.Bool("removed").Immutable().Default(false).Comment("From this month on there is no such KPI."),
	}
}

func (Kpi) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("key", "from").Unique(),
	}
}

func (Kpi) Annotations() []schema.Annotation {
	return listed("kpis")
}
