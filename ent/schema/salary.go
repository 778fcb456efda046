package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Salary is a person's monthly pay from a day on.
type Salary struct{ ent.Schema }

func (Salary) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "salary", rows: ofUser("user_id")}}
}

func (Salary) Fields() []ent.Field {
	return []ent.Field{
		field.Int("user_id").Immutable(),
		field.String("from").Immutable().Match(dayPattern),
		field.Int64("amount").Immutable().NonNegative().Annotations(internal()).Comment("Minor units."),
		field.String("currency").Immutable().MaxLen(3).Annotations(internal()),
		field.Time("created_at").Immutable().Default(time.Now),
	}
}

func (Salary) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("salaries").Field("user_id").Unique().Required().Immutable(),
	}
}

func (Salary) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "from", "created_at").Unique(),
	}
}

func (Salary) Annotations() []schema.Annotation {
	return []schema.Annotation{unfiltered()}
}
