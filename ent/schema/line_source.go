package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// LineSource names one thing that a payslip line came from.
type LineSource struct{ ent.Schema }

func (LineSource) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "payslip", rows: through("line_id", "payslip_lines", through("slip_id", "payslips", ofUser("user_id")))}}
}

func (LineSource) Fields() []ent.Field {
	return []ent.Field{
		field.Int("line_id").Immutable(),
		field.Int("position").Immutable(),
		field.Int("kpi_result_id").Immutable().Optional().Nillable(),
		field.Int("salary_id").Immutable().Optional().Nillable(),
		field.Int("adjustment_id").Immutable().Optional().Nillable(),
		field.Int("source_line_id").Immutable().Optional().Nillable().Comment("A line it taxes, caps, corrects or rounds."),
	}
}

func (LineSource) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("line", PayslipLine.Type).Ref("sources").Field("line_id").Unique().Required().Immutable().Annotations(internal()),
		edge.To("kpi_result", KpiResult.Type).Field("kpi_result_id").Unique().Immutable().Annotations(internal()),
		edge.To("salary", Salary.Type).Field("salary_id").Unique().Immutable().Annotations(internal()),
		edge.To("adjustment", Adjustment.Type).Field("adjustment_id").Unique().Immutable().Annotations(internal()),
		edge.To("source_line", PayslipLine.Type).Field("source_line_id").Unique().Immutable().Annotations(internal()),
	}
}

func (LineSource) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("line_id", "position").Unique(),
		index.Fields("kpi_result_id"),
	}
}

func (LineSource) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
