package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// LedgerTransaction is a set of entries that sum to zero per currency.
type LedgerTransaction struct{ ent.Schema }

func (LedgerTransaction) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "ledger", rows: all}} }

func (LedgerTransaction) Fields() []ent.Field {
	return []ent.Field{
		field.Int("run_id").Immutable(),
		field.Enum("kind").Immutable().NamedValues("Approval", "APPROVAL", "Payment", "PAYMENT"),
		field.Time("posted_at").Immutable(),
	}
}

func (LedgerTransaction) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("run", PayrollRun.Type).Field("run_id").Unique().Required().Immutable().Annotations(internal()),
		edge.To("entries", LedgerEntry.Type).Annotations(internal()),
	}
}

func (LedgerTransaction) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("run_id", "kind").Unique(),
	}
}

func (LedgerTransaction) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
