package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// TeamMembership says in which team a person is from a day on.
type TeamMembership struct{ ent.Schema }

func (TeamMembership) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "employment", rows: ofUser("user_id")}}
}

func (TeamMembership) Fields() []ent.Field {
	return []ent.Field{
		field.Int("user_id").Immutable(),
		field.Int("team_id"),
		field.String("from").Immutable().Match(dayPattern),
	}
}

func (TeamMembership) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("memberships").Field("user_id").Unique().Required().Immutable().Annotations(internal()),
		edge.To("team", Team.Type).Field("team_id").Unique().Required().Annotations(internal()),
	}
}

func (TeamMembership) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "from").Unique(),
	}
}

func (TeamMembership) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
