package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Team is a group with a schedule, a target and a supervisor.
type Team struct{ ent.Schema }

func (Team) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "team", rows: visible}} }

func (Team) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").NotEmpty().MaxLen(200).Unique().Annotations(orderBy("NAME")),
		field.Int("schedule_id").Optional().Nillable(),
		field.Int("reply_target_seconds").Default(900).NonNegative().Comment("In business time."),
		field.Int("supervisor_id").Optional().Nillable(),
	}
}

func (Team) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("members", User.Type).Annotations(children()...),
		edge.To("schedule", Schedule.Type).Field("schedule_id").Unique(),
		edge.To("supervisor", User.Type).Field("supervisor_id").Unique(),
		edge.To("chats", Chat.Type).Annotations(internal()),
	}
}

func (Team) Annotations() []schema.Annotation {
	return listed("teams")
}
