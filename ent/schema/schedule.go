package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Schedule is a named set of working hours with versions.
type Schedule struct{ ent.Schema }

func (Schedule) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "schedule", rows: visible}} }

func (Schedule) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").NotEmpty().MaxLen(200).Unique(),
		field.Bool("asks_location").Default(false).Comment("Whether a punch by the bot comes with where it was made."),
	}
}

func (Schedule) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("versions", ScheduleVersion.Type),
	}
}

func (Schedule) Annotations() []schema.Annotation {
	return []schema.Annotation{unfiltered()}
}
