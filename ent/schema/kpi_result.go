package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// KpiResult is one person's scores of a period as known at one moment. Never changed.
type KpiResult struct{ ent.Schema }

func (KpiResult) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "kpi_result", rows: ofUser("user_id")}}
}

func (KpiResult) Fields() []ent.Field {
	return []ent.Field{
		field.Int("user_id").Immutable(),
		field.String("period").Immutable().Match(periodPattern).Annotations(entgql.Type("Period"), orderBy("PERIOD")),
		field.Time("at").Immutable().Annotations(orderBy("AT")).Comment("Facts received later do not count."),
		field.String("total").Immutable().Optional().Nillable().SchemaType(numeric).Annotations(floatOf()...),
		field.String("coverage").Immutable().SchemaType(numeric).Annotations(floatOf()...),
		field.String("digest").Immutable().Annotations(internal()).Comment("SHA-256 of what was computed, time apart: an unchanged result is not stored again."),
	}
}

func (KpiResult) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("kpi_results").Field("user_id").Unique().Required().Immutable(),
		edge.To("scores", KpiScore.Type),
	}
}

func (KpiResult) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "period", "at").Unique(),
		index.Fields("period", "at"),
	}
}

func (KpiResult) Annotations() []schema.Annotation {
	return listed("kpiResults")
}
