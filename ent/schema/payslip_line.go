package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fincokpi/finco/domain"
)

// PayslipLine is one amount of a slip with its reason and sources.
type PayslipLine struct{ ent.Schema }

func (PayslipLine) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "payslip", rows: through("slip_id", "payslips", ofUser("user_id"))}}
}

func (PayslipLine) Fields() []ent.Field {
	return []ent.Field{
		field.Int("slip_id").Immutable(),
		field.Int("position").Immutable(),
		field.Enum("kind").Immutable().NamedValues("Base", "BASE", "Bonus", "BONUS", "Fine", "FINE", "FineCap", "FINE_CAP", "Correction", "CORRECTION", "Tax", "TAX", "Deduction", "DEDUCTION", "DeductionCap", "DEDUCTION_CAP", "CarriedOver", "CARRIED_OVER", "Rounding", "ROUNDING"),
		field.String("key").Immutable().Optional().MaxLen(64),
		field.Int64("amount").Immutable().Annotations(internal()).Comment("Minor units; negative reduces."),
		field.Bool("after_tax").Immutable().Default(false),
		field.String("reason").Immutable().MaxLen(1000),
		field.JSON("inputs", []domain.MetricInput{}).Immutable().Optional().SchemaType(jsonb).Annotations(internal()).Comment("The metrics that the line's rule read, with what they were counted from."),
	}
}

func (PayslipLine) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("slip", Payslip.Type).Ref("lines").Field("slip_id").Unique().Required().Immutable(),
		edge.To("sources", LineSource.Type).Annotations(internal()),
	}
}

func (PayslipLine) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("slip_id", "position").Unique(),
	}
}

func (PayslipLine) Annotations() []schema.Annotation {
	return []schema.Annotation{unfiltered()}
}
