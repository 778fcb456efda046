package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fincokpi/finco/domain"
)

// KpiScore is one KPI of a result, with what it was computed from.
type KpiScore struct{ ent.Schema }

func (KpiScore) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "kpi_result", rows: through("result_id", "kpi_results", ofUser("user_id"))}}
}

func (KpiScore) Fields() []ent.Field {
	return []ent.Field{
		field.Int("result_id").Immutable(),
		field.Int("kpi_id").Immutable(),
		field.Int("position").Immutable().Annotations(internal()),
		field.String("key").Immutable(),
		field.String("title").Immutable(),
		field.String("value").Immutable().Optional().Nillable().SchemaType(numeric).Annotations(floatOf()...).Comment("Null: no data."),
		field.String("score").Immutable().Optional().Nillable().SchemaType(numeric).Annotations(floatOf()...),
		field.String("note").Immutable().Optional().Comment("Why there is no data, or what the pay gate kept out."),
		field.JSON("inputs", []domain.MetricInput{}).Immutable().SchemaType(jsonb).Annotations(internal()),
	}
}

func (KpiScore) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("result", KpiResult.Type).Ref("scores").Field("result_id").Unique().Required().Immutable(),
		edge.To("kpi", Kpi.Type).Field("kpi_id").Unique().Required().Immutable().Annotations(internal()),
	}
}

func (KpiScore) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("result_id", "key").Unique(),
	}
}

func (KpiScore) Annotations() []schema.Annotation {
	return []schema.Annotation{unfiltered()}
}
