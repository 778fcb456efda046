package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// ChatMigration says that a basic group became a supergroup: what still comes with the old key belongs to the chat.
type ChatMigration struct{ ent.Schema }

func (ChatMigration) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "telegram", rows: all}} }

func (ChatMigration) Fields() []ent.Field {
	return []ent.Field{
		field.String("mailbox").Immutable().MaxLen(32),
		field.Int64("telegram_id").Immutable().Comment("The basic group's."),
		field.Int64("new_telegram_id").Immutable().Comment("The supergroup's."),
		field.Time("at").Immutable().Default(time.Now),
	}
}

func (ChatMigration) Indexes() []ent.Index {
	return []ent.Index{index.Fields("mailbox", "telegram_id").Unique()}
}

func (ChatMigration) Annotations() []schema.Annotation { return []schema.Annotation{internal()} }
