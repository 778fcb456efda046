package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Attachment is a file that came with a version of a message and is kept in the file store.
type Attachment struct{ ent.Schema }

func (Attachment) Mixin() []ent.Mixin {
	return []ent.Mixin{base{
		object: "message_content", rows: through("content_id", "message_contents", through("message_id", "messages", ofChat("chat_id"))),
		gone: ofDeleted("message_contents said JOIN messages deleted ON deleted.id = said.message_id", "said.id = @.content_id"),
	}}
}

func (Attachment) Fields() []ent.Field {
	return []ent.Field{
		field.Int("content_id").Immutable(),
		field.Int("position").Immutable().NonNegative().Comment("Which of the message's attachments it is, from 0."),
		field.Enum("kind").Immutable().NamedValues("Voice", "VOICE", "VideoNote", "VIDEO_NOTE"),
		field.String("mime").Immutable().MaxLen(127).Default(""),
		field.Enum("state").NamedValues("Pending", "PENDING", "Stored", "STORED", "TooBig", "TOO_BIG", "Missing", "MISSING", "Removed", "REMOVED").Default("STORED").
			Comment("Pending: to be fetched from Telegram. Too big: Telegram does not give it to bots. Missing: it could not be fetched. Removed: kept long enough."),
		field.Int("bytes").NonNegative().Comment("0 until it is known."),
		field.Int("seconds").Immutable().NonNegative().Default(0).Comment("How long it lasts; 0: not known."),
		field.String("sha256").Optional().MaxLen(64).Annotations(internal()).Comment("Its content's SHA-256 in hex: its place in the file store; empty while it is not there."),
		field.String("source").Optional().MaxLen(256).Annotations(internal()).Comment("Telegram's file id, where it is fetched from."),
		field.Time("created_at").Immutable().Default(time.Now),
	}
}

func (Attachment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("content", MessageContent.Type).Ref("files").Field("content_id").Unique().Required().Immutable(),
	}
}

func (Attachment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("content_id", "position").Unique(),
		index.Fields("sha256"),
	}
}

func (Attachment) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
