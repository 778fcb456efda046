package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// SpentToken is a refresh token that has a successor. Whoever shows it after the grace holds a stolen one.
type SpentToken struct{ ent.Schema }

func (SpentToken) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "session", rows: all}} }

func (SpentToken) Fields() []ent.Field {
	return []ent.Field{
		field.Int("session_id").Immutable(),
		field.Bytes("hash").Unique().Immutable().Sensitive().Comment("SHA-256 of the token."),
		field.Time("spent_at").Immutable(),
	}
}

func (SpentToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("session", Session.Type).Ref("spent").Field("session_id").Unique().Required().Immutable().Annotations(internal()),
	}
}

func (SpentToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("session_id")}
}

func (SpentToken) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
