package schema

import (
	"encoding/json"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Reaction is what somebody put under a message, as it stands now. It opens and closes nothing.
type Reaction struct{ ent.Schema }

func (Reaction) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "message_content", rows: through("message_id", "messages", ofChat("chat_id"))}}
}

func (Reaction) Fields() []ent.Field {
	return []ent.Field{
		field.Int("message_id").Immutable(),
		field.Int64("telegram_id").Immutable().Annotations(internal()).Comment("Who reacted: a person, or a chat in whose name they did."),
		field.JSON("emoji", json.RawMessage{}).SchemaType(jsonb).Annotations(entgql.Type("[String!]")).Comment("The emoji, or custom:<id>, in order; none: taken back."),
		field.Time("reacted_at"),
	}
}

func (Reaction) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("message", Message.Type).Ref("reactions").Field("message_id").Unique().Required().Immutable(),
	}
}

func (Reaction) Indexes() []ent.Index {
	return []ent.Index{index.Fields("message_id", "telegram_id").Unique()}
}

func (Reaction) Annotations() []schema.Annotation { return []schema.Annotation{internal()} }
