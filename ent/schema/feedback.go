package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Feedback is what a supervisor says in place of the machine. The newest holds.
type Feedback struct{ ent.Schema }

func (Feedback) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "feedback", rows: through("analysis_id", "analyses", through("message_id", "messages", ofChat("chat_id")))}}
}

func (Feedback) Fields() []ent.Field {
	return []ent.Field{
		field.Int("analysis_id").Immutable(),
		field.Int("author_id").Immutable(),
		field.String("label").Immutable().Optional().MaxLen(64),
		field.Float("score").Immutable().Optional().Nillable(),
		field.String("comment").Immutable().Optional().MaxLen(2000).Annotations(unfiltered()),
		field.Bool("demo").Immutable().Default(false).Annotations(internal()).Comment("Made up for the demo company."),
		field.Time("created_at").Immutable().Default(time.Now),
	}
}

func (Feedback) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("analysis", Analysis.Type).Ref("feedback").Field("analysis_id").Unique().Required().Immutable(),
		edge.To("author", User.Type).Field("author_id").Unique().Required().Immutable(),
	}
}

func (Feedback) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("analysis_id", "created_at"),
		index.Fields("created_at"),
	}
}

func (Feedback) Annotations() []schema.Annotation {
	return []schema.Annotation{unfiltered()}
}
