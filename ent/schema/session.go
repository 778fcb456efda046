package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Session is one signed-in device: the family of refresh tokens that rotate.
type Session struct{ ent.Schema }

func (Session) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "session", rows: all}} }

func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.Int("user_id").Immutable(),
		field.Bytes("token_hash").Unique().Sensitive().Comment("SHA-256 of the refresh token that is good now."),
		field.Bytes("previous_hash").Optional().Sensitive().Comment("The token traded last: good for the grace, then a theft."),
		field.Time("rotated_at").Comment("When that one was traded: the grace runs from here."),
		field.Time("created_at").Immutable(),
		field.Time("expires_at"),
		field.Time("revoked_at").Optional().Nillable(),
	}
}

func (Session) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("spent", SpentToken.Type).Annotations(internal(), entsql.OnDelete(entsql.Cascade)),
		edge.From("user", User.Type).Ref("sessions").Field("user_id").Unique().Required().Immutable().Annotations(internal()),
	}
}

func (Session) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id"),
		index.Fields("previous_hash"),
	}
}

func (Session) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
