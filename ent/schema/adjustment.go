package schema

import (
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Adjustment is an amount a person decided, with a reason.
type Adjustment struct{ ent.Schema }

func (Adjustment) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "adjustment", rows: ofUser("user_id")}}
}

func (Adjustment) Fields() []ent.Field {
	return []ent.Field{
		field.Int("user_id").Immutable(),
		field.Int("author_id").Immutable(),
		field.String("period").Immutable().Match(periodPattern).Annotations(entgql.Type("Period")).Comment("The month whose run takes it in."),
		field.Enum("kind").Immutable().NamedValues("Bonus", "BONUS", "Fine", "FINE", "Correction", "CORRECTION"),
		field.String("key").Immutable().MaxLen(64),
		field.Bool("after_tax").Immutable().Default(false),
		field.Int64("amount").Immutable().Annotations(internal()).Comment("Minor units; a correction may be negative."),
		field.String("currency").Immutable().MaxLen(3),
		field.String("reason").Immutable().NotEmpty().MaxLen(1000),
		field.Int("corrects_id").Immutable().Optional().Nillable(),
		field.Time("created_at").Immutable().Default(time.Now),
	}
}

func (Adjustment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("author", User.Type).Field("author_id").Unique().Required().Immutable(),
		edge.To("corrects", PayslipLine.Type).Field("corrects_id").Unique().Immutable(),
	}
}

func (Adjustment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("period", "user_id"),
		index.Fields("period", "user_id", "key").Unique(),
	}
}

func (Adjustment) Annotations() []schema.Annotation {
	return []schema.Annotation{unfiltered()}
}
