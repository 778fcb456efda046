package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// AuditEvent is who did what when. Never changed.
type AuditEvent struct{ ent.Schema }

func (AuditEvent) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "audit", rows: all}} }

func (AuditEvent) Fields() []ent.Field {
	return []ent.Field{
		field.Time("at").Immutable(),
		field.Int("actor_id").Immutable().Optional().Nillable(),
		field.String("role").Immutable().MaxLen(64),
		field.String("verb").Immutable().MaxLen(64),
		field.String("object").Immutable().MaxLen(64).Optional(),
		field.Int("object_id").Immutable().Optional().Nillable(),
		field.JSON("details", json.RawMessage{}).Immutable().Optional().SchemaType(jsonb),
	}
}

func (AuditEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("at"),
	}
}

func (AuditEvent) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
