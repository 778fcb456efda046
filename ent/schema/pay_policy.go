package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// PayPolicy is the company's tax, caps and gates from a month on.
type PayPolicy struct{ ent.Schema }

func (PayPolicy) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "pay_rule", rows: visible}} }

func (PayPolicy) Fields() []ent.Field {
	return []ent.Field{
		field.String("from").Immutable().Unique().Match(periodPattern),
		field.String("tax_percent").Immutable().SchemaType(numeric),
		field.String("fine_cap_percent").Immutable().SchemaType(numeric),
		field.String("min_coverage").Immutable().SchemaType(numeric),
	}
}

func (PayPolicy) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
