package schema

import (
	"encoding/json"
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// MessageContent is one version of what a message says; an edit adds one.
type MessageContent struct{ ent.Schema }

func (MessageContent) Mixin() []ent.Mixin {
	return []ent.Mixin{base{
		object: "message_content", rows: through("message_id", "messages", ofChat("chat_id")),
		gone: ofDeleted("messages deleted", "deleted.id = @.message_id"),
	}}
}

func (MessageContent) Fields() []ent.Field {
	return []ent.Field{
		field.Int("message_id").Immutable(),
		field.Int("version").Immutable().Positive(),
		field.Text("text").Immutable().Default(""),
		field.Text("transcript").Optional().Nillable().Comment("What a voice note says, once heard."),
		field.JSON("entities", json.RawMessage{}).Immutable().Optional().SchemaType(jsonb).Annotations(entgql.Type("Map")),
		field.JSON("attachments", json.RawMessage{}).Immutable().Optional().SchemaType(jsonb).Annotations(entgql.Type("Map")),
		field.Time("written_at").Immutable(),
		field.Time("received_at").Immutable().Default(time.Now).Annotations(internal()),
	}
}

func (MessageContent) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("message", Message.Type).Ref("contents").Field("message_id").Unique().Required().Immutable(),
		edge.To("analyses", Analysis.Type).Annotations(internal()),
		edge.To("files", Attachment.Type).Annotations(internal()),
	}
}

func (MessageContent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("message_id", "version").Unique(),
	}
}

func (MessageContent) Annotations() []schema.Annotation {
	return []schema.Annotation{unfiltered()}
}
