package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// LedgerAccount is where money of one kind is counted.
type LedgerAccount struct{ ent.Schema }

func (LedgerAccount) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "ledger", rows: all}} }

func (LedgerAccount) Fields() []ent.Field {
	return []ent.Field{
		field.String("key").Unique().Immutable().MaxLen(128),
		field.String("name").MaxLen(200),
		field.Int("user_id").Immutable().Optional().Nillable(),
	}
}

func (LedgerAccount) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("entries", LedgerEntry.Type).Annotations(internal()),
	}
}

func (LedgerAccount) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
