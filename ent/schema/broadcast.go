package schema

import (
	"encoding/json"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Broadcast is one text, with or without a file, for many people of the company.
type Broadcast struct{ ent.Schema }

func (Broadcast) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "broadcast", rows: all}} }

func (Broadcast) Fields() []ent.Field {
	return []ent.Field{
		field.Int("author_id").Optional().Nillable().Immutable(),
		field.JSON("audience", json.RawMessage{}).Immutable().SchemaType(jsonb).Annotations(internal()).Comment("teams and roles; empty: everybody."),
		field.Text("text").Immutable().MaxLen(4096 * 4).Annotations(unfiltered()),
		field.String("file").Optional().Immutable().MaxLen(64).Annotations(internal()),
		field.String("file_name").Optional().Immutable().MaxLen(200).Annotations(unfiltered()),
		field.Enum("state").NamedValues("Draft", "DRAFT", "Running", "RUNNING", "Paused", "PAUSED", "Cancelled", "CANCELLED", "Done", "DONE").Default("DRAFT"),
		field.Time("created_at").Immutable().Default(time.Now).Annotations(orderBy("CREATED_AT")),
		field.Time("started_at").Optional().Nillable(),
		field.Time("ended_at").Optional().Nillable(),
	}
}

func (Broadcast) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("author", User.Type).Field("author_id").Unique().Immutable(),
		edge.To("outgoings", Outgoing.Type).Annotations(internal()),
	}
}

func (Broadcast) Annotations() []schema.Annotation { return listed("broadcasts") }
