package schema

import (
	"encoding/json"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Outgoing is something the bot sends: a row before it is a call.
type Outgoing struct{ ent.Schema }

func (Outgoing) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "outbox", rows: all}} }

func (Outgoing) Fields() []ent.Field {
	return []ent.Field{
		field.String("key").Unique().Immutable().NotEmpty().MaxLen(200).Comment("What it is: the same again is one message."),
		field.Int64("chat").Comment("Where to, as the Bot API counts; a migration changes it."),
		field.Int("user_id").Optional().Nillable().Immutable().Comment("The person it is for; one who left gets nothing."),
		field.Int("broadcast_id").Optional().Nillable().Immutable(),
		field.Int("priority").Immutable().Comment("0 a reply, 1 a notice, 2 a broadcast: the lower goes first."),
		field.String("method").Immutable().MaxLen(64).Comment("Of the Bot API."),
		field.JSON("params", json.RawMessage{}).Optional().SchemaType(jsonb).Comment("The method's, without chat_id; gone some time after the end."),
		field.String("file").Optional().MaxLen(64).Comment("SHA-256 of what is uploaded with it."),
		field.String("file_field").Optional().MaxLen(32).Comment("The parameter that it is."),
		field.String("file_name").Optional().MaxLen(200),
		field.Enum("state").NamedValues("Queued", "QUEUED", "Sending", "SENDING", "Sent", "SENT", "Unknown", "UNKNOWN", "Failed", "FAILED", "Cancelled", "CANCELLED").Default("QUEUED").
			Comment("Unknown: nobody can tell whether it arrived, so it is not sent again."),
		field.Int("attempts").Default(0),
		field.Time("not_before").Default(time.Now),
		field.Time("expires_at").Optional().Nillable().Comment("From then on it is not worth sending."),
		field.Int64("telegram_id").Optional().Nillable().Comment("The message's id in its chat, once sent."),
		field.String("fault").MaxLen(300).Default(""),
		field.Time("created_at").Immutable().Default(time.Now),
		field.Time("ended_at").Optional().Nillable(),
	}
}

func (Outgoing) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Immutable(),
		edge.From("broadcast", Broadcast.Type).Ref("outgoings").Field("broadcast_id").Unique().Immutable(),
	}
}

func (Outgoing) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("priority", "id").StorageKey("outgoing_queued").Annotations(entsql.IndexWhere("state = 'QUEUED'")),
		index.Fields("id").StorageKey("outgoing_sending").Annotations(entsql.IndexWhere("state = 'SENDING'")),
		index.Fields("broadcast_id", "state"),
		index.Fields("chat"),
		index.Fields("ended_at"),
		index.Fields("ended_at").StorageKey("outgoing_notice").Annotations(entsql.IndexWhere("state = 'SENT' AND method = 'sendMessage' AND key LIKE 'wait:%'")),
	}
}

func (Outgoing) Annotations() []schema.Annotation { return []schema.Annotation{internal()} }
