package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Message is who wrote when, and on which side. The words are in MessageContent.
type Message struct{ ent.Schema }

func (Message) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "message", rows: ofChat("chat_id")}}
}

func (Message) Fields() []ent.Field {
	return []ent.Field{
		field.Int("chat_id").Immutable(),
		field.Int64("telegram_id").Immutable().Annotations(telegramID()),
		field.Int64("thread").Immutable().Default(0).Annotations(telegramID()).Comment("Telegram's forum topic; 0 without one."),
		field.Enum("side").NamedValues("Customer", "CUSTOMER", "Staff", "STAFF", "None", "NONE"),
		field.Enum("kind").NamedValues("Text", "TEXT", "Voice", "VOICE", "VideoNote", "VIDEO_NOTE", "Photo", "PHOTO", "Video", "VIDEO", "Audio", "AUDIO", "Document", "DOCUMENT", "Sticker", "STICKER", "Animation", "ANIMATION", "Contact", "CONTACT", "Location", "LOCATION", "Poll", "POLL", "Service", "SERVICE", "Other", "OTHER"),
		field.Int("sender_id").Optional().Nillable(),
		field.Int("customer_id").Optional().Nillable(),
		field.Int64("sender_telegram_id").Optional().Nillable().Annotations(internal()).Comment("So that a person linked later gets their earlier messages."),
		field.Time("sent_at").Immutable().Annotations(orderBy("SENT_AT")).Comment("Of the first version: the clock's time."),
		field.Time("edited_at").Optional().Nillable(),
		field.Time("deleted_at").Optional().Nillable(),
		field.Time("received_at").Immutable().Default(time.Now).Annotations(internal()),
		field.Int64("reply_to_telegram_id").Optional().Nillable().Immutable().Annotations(internal()),
		field.Int("version").Default(1).Annotations(internal()).Comment("The newest of contents."),
		field.Int("wait_id").Optional().Nillable(),
	}
}

func (Message) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("chat", Chat.Type).Ref("messages").Field("chat_id").Unique().Required().Immutable(),
		edge.To("sender", User.Type).Field("sender_id").Unique().Annotations(internal()),
		edge.To("customer", Customer.Type).Field("customer_id").Unique().Annotations(internal()),
		edge.To("wait", Wait.Type).Field("wait_id").Unique(),
		edge.To("contents", MessageContent.Type).Annotations(internal()),
		edge.To("analyses", Analysis.Type).Annotations(children()...),
	}
}

func (Message) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("chat_id", "telegram_id").Unique(),
		index.Fields("chat_id", "thread", "sent_at", "telegram_id"),
		index.Fields("sender_id", "sent_at", "chat_id"),
		index.Fields("chat_id", "sent_at", "telegram_id").StorageKey("message_staff").Annotations(entsql.IndexWhere("side = 'STAFF'")),
		index.Fields("customer_id"),
		index.Fields("sender_telegram_id"),
		index.Fields("sent_at"),
		index.Fields("wait_id"),
	}
}

func (Message) Annotations() []schema.Annotation {
	return listed("messages")
}
