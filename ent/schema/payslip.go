package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Payslip is what one person gets of a run.
type Payslip struct{ ent.Schema }

func (Payslip) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "payslip", rows: ofUser("user_id")}}
}

func (Payslip) Fields() []ent.Field {
	return []ent.Field{
		field.Int("run_id").Immutable(),
		field.Int("user_id").Immutable(),
		field.Int64("net").Annotations(internal()).Comment("Minor units; payable before cash rounding."),
		field.Int64("payable").Annotations(internal()).Comment("Minor units; the sum of all lines."),
		field.Int64("carried_over").Default(0).Annotations(internal()).Comment("Minor units the next run deducts."),
		field.String("currency").Immutable().MaxLen(3),
		field.JSON("flags", []string{}).Optional().SchemaType(jsonb).Comment("Rules that had no data, and the like."),
	}
}

func (Payslip) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("run", PayrollRun.Type).Ref("slips").Field("run_id").Unique().Required().Immutable(),
		edge.From("user", User.Type).Ref("payslips").Field("user_id").Unique().Required().Immutable(),
		edge.To("lines", PayslipLine.Type),
	}
}

func (Payslip) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("run_id", "user_id").Unique(),
		index.Fields("user_id"),
	}
}

func (Payslip) Annotations() []schema.Annotation {
	return listed("payslips")
}
