package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// TelegramBot is a bot that this database has worked for; nearly always the same one.
type TelegramBot struct{ ent.Schema }

func (TelegramBot) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "telegram", rows: all}} }

func (TelegramBot) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("bot_id").Unique().Immutable(),
		field.String("username").MaxLen(64).Default(""),
		field.Int("series").Default(1).Comment("Grows after an idle week, when Telegram begins to count updates anew."),
		field.Time("last_update_at").Optional().Nillable(),
		field.Time("paused_until").Optional().Nillable().Comment("Telegram asked for silence until then: no call is made."),
		field.Time("created_at").Immutable().Default(time.Now),
	}
}

func (TelegramBot) Edges() []ent.Edge {
	return []ent.Edge{edge.To("updates", TelegramUpdate.Type)}
}

func (TelegramBot) Annotations() []schema.Annotation { return []schema.Annotation{internal()} }
