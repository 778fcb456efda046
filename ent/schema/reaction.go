package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Reaction is what somebody put under a message, as it stands now. It opens and closes nothing. It names the message as Telegram
// does, so that it may come before the message is known.
type Reaction struct{ ent.Schema }

func (Reaction) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "message_content", rows: ofChat("chat_id")}}
}

func (Reaction) Fields() []ent.Field {
	return []ent.Field{
		field.Int("chat_id").Immutable().Annotations(internal()),
		field.Int64("message_telegram_id").Annotations(internal()).Comment("The message's id in its chat."),
		field.Int64("telegram_id").Immutable().Annotations(internal()).Comment("Who reacted: a person, or a chat in whose name they did."),
		field.Strings("emoji").SchemaType(jsonb).Comment("The emoji, or custom:<id>, in order; none: taken back."),
		field.Time("reacted_at"),
	}
}

func (Reaction) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("chat", Chat.Type).Ref("reactions").Field("chat_id").Unique().Required().Immutable().Annotations(internal()),
	}
}

func (Reaction) Indexes() []ent.Index {
	return []ent.Index{index.Fields("chat_id", "message_telegram_id", "telegram_id").Unique()}
}

func (Reaction) Annotations() []schema.Annotation { return []schema.Annotation{internal()} }
