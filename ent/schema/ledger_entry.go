package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// LedgerEntry is one posting.
type LedgerEntry struct{ ent.Schema }

func (LedgerEntry) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "ledger", rows: all}} }

func (LedgerEntry) Fields() []ent.Field {
	return []ent.Field{
		field.Int("transaction_id").Immutable(),
		field.Int("account_id").Immutable(),
		field.Int("slip_id").Immutable().Optional().Nillable(),
		field.Int64("amount").Immutable().Comment("Minor units; debit positive."),
		field.String("currency").Immutable().MaxLen(3),
	}
}

func (LedgerEntry) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("transaction", LedgerTransaction.Type).Ref("entries").Field("transaction_id").Unique().Required().Immutable().Annotations(internal()),
		edge.From("account", LedgerAccount.Type).Ref("entries").Field("account_id").Unique().Required().Immutable().Annotations(internal()),
		edge.To("slip", Payslip.Type).Field("slip_id").Unique().Immutable().Annotations(internal()),
	}
}

func (LedgerEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("account_id"),
		index.Fields("transaction_id"),
	}
}

func (LedgerEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
