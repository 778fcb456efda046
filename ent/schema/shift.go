package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Shift is a person's own hours on one day; it overrides any schedule.
type Shift struct{ ent.Schema }

func (Shift) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "schedule", rows: ofUser("user_id")}}
}

func (Shift) Fields() []ent.Field {
	return []ent.Field{
		field.Int("user_id").Immutable(),
		field.String("day").Immutable().Match(dayPattern),
		field.JSON("intervals", []string{}).SchemaType(jsonb),
	}
}

func (Shift) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("shifts").Field("user_id").Unique().Required().Immutable().Annotations(internal()),
	}
}

func (Shift) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "day").Unique(),
	}
}

func (Shift) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
