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

// TelegramUpdate is one update as Telegram sent it, kept before Telegram may forget it.
type TelegramUpdate struct{ ent.Schema }

func (TelegramUpdate) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "telegram", rows: all}} }

func (TelegramUpdate) Fields() []ent.Field {
	return []ent.Field{
		field.Int("bot_id").Immutable(),
		field.Int("series").Immutable(),
		field.Int64("update_id").Immutable(),
		field.Int64("lane").Immutable().Default(0).Comment("The chat, else the person, whose updates are handled one after the other."),
		field.Bytes("body").Immutable().Comment("The raw JSON, which need not be JSON."),
		field.Enum("state").NamedValues("New", "NEW", "Handled", "HANDLED", "Aside", "ASIDE").Default("NEW"),
		field.Int("attempts").Default(0),
		field.String("fault").MaxLen(500).Default("").Comment("Why it was put aside; no words of a message."),
		field.Time("received_at").Immutable().Default(time.Now),
		field.Time("handled_at").Optional().Nillable(),
	}
}

func (TelegramUpdate) Edges() []ent.Edge {
	return []ent.Edge{edge.From("bot", TelegramBot.Type).Ref("updates").Field("bot_id").Unique().Required().Immutable()}
}

func (TelegramUpdate) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("bot_id", "series", "update_id").Unique(),
		index.Fields("id").StorageKey("telegram_update_new").Annotations(entsql.IndexWhere("state = 'NEW'")),
		index.Fields("id").StorageKey("telegram_update_aside").Annotations(entsql.IndexWhere("state = 'ASIDE'")),
		index.Fields("handled_at"),
	}
}

func (TelegramUpdate) Annotations() []schema.Annotation { return []schema.Annotation{internal()} }
