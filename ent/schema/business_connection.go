package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// BusinessConnection is an account whose private chats the bot reads. Its id changes whenever it is made anew; the account,
// which is the chats' mailbox, stays.
type BusinessConnection struct{ ent.Schema }

func (BusinessConnection) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "telegram", rows: all}}
}

func (BusinessConnection) Fields() []ent.Field {
	return []ent.Field{
		field.String("connection_id").Unique().Immutable().MaxLen(128),
		field.Int64("telegram_id").Immutable().Comment("The account."),
		field.Bool("enabled"),
		field.Time("connected_at"),
	}
}

func (BusinessConnection) Indexes() []ent.Index {
	return []ent.Index{index.Fields("telegram_id")}
}

func (BusinessConnection) Annotations() []schema.Annotation { return []schema.Annotation{internal()} }
