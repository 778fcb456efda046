package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// PayRule is one version of a bonus or fine.
type PayRule struct{ ent.Schema }

func (PayRule) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "pay_rule", rows: visible}} }

func (PayRule) Fields() []ent.Field {
	return []ent.Field{
		field.String("key").Immutable().MaxLen(64).NotEmpty(),
		field.Enum("kind").Immutable().NamedValues("Bonus", "BONUS", "Fine", "FINE"),
		field.Bool("after_tax").Immutable().Default(false),
		field.String("when").Immutable().Optional().MaxLen(2048),
		field.String("amount").Immutable().Optional().MaxLen(2048),
		field.String("percent_of_base").Immutable().Optional().MaxLen(2048),
		field.Int("position").Immutable().Default(0),
		field.String("from").Immutable().Match(periodPattern),
		field.Bool("removed").Immutable().Default(false),
	}
}

func (PayRule) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("key", "from").Unique(),
	}
}

func (PayRule) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
