package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// PayrollRun is one payroll of a period: draft, review, approved, paid.
type PayrollRun struct{ ent.Schema }

func (PayrollRun) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "payroll_run", rows: runs}} }

func (PayrollRun) Fields() []ent.Field {
	return []ent.Field{
		field.String("period").Immutable().Match(periodPattern).Annotations(entgql.Type("Period"), orderBy("PERIOD")),
		field.String("currency").Immutable().MaxLen(3),
		field.Enum("kind").Immutable().NamedValues("Regular", "REGULAR", "Advance", "ADVANCE", "OffCycle", "OFF_CYCLE").Default("REGULAR"),
		field.Int("number").Immutable().Default(1).Positive(),
		field.Enum("state").NamedValues("Draft", "DRAFT", "Review", "REVIEW", "Approved", "APPROVED", "Paid", "PAID").Default("DRAFT"),
		field.Time("at").Comment("Evaluation time; fixed when the run enters review."),
		field.Int("created_by_id").Immutable().Optional().Nillable(),
		field.Int("approved_by_id").Optional().Nillable(),
		field.Time("approved_at").Optional().Nillable(),
		field.Int("paid_by_id").Optional().Nillable(),
		field.Time("paid_at").Optional().Nillable(),
	}
}

func (PayrollRun) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("created_by", User.Type).Field("created_by_id").Unique().Immutable(),
		edge.To("approved_by", User.Type).Field("approved_by_id").Unique(),
		edge.To("paid_by", User.Type).Field("paid_by_id").Unique(),
		edge.To("slips", Payslip.Type).Annotations(children()...),
	}
}

func (PayrollRun) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("period", "currency", "kind", "number").Unique(),
	}
}

func (PayrollRun) Annotations() []schema.Annotation {
	return listed("payrollRuns")
}
