package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Customer is somebody who writes and is not staff.
type Customer struct{ ent.Schema }

func (Customer) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "customer", rows: customers}} }

func (Customer) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("telegram_id").Unique().Immutable().Annotations(internal()),
		field.String("name").MaxLen(512).Default("").Annotations(orderBy("NAME")),
		field.String("username").MaxLen(64).Optional(),
	}
}

func (Customer) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("messages", Message.Type).Ref("customer").Annotations(children()...),
		edge.From("chats", Chat.Type).Ref("customers").Annotations(children()...),
	}
}

func (Customer) Annotations() []schema.Annotation {
	return listed("customers")
}
