package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Credential is how a person proves who they are.
type Credential struct{ ent.Schema }

func (Credential) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "credential", rows: all}} }

func (Credential) Fields() []ent.Field {
	return []ent.Field{
		field.Int("user_id").Immutable(),
		field.String("password_hash").Sensitive().Comment("argon2id, PHC form."),
		field.Time("changed_at").Default(time.Now),
	}
}

func (Credential) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("credential").Field("user_id").Unique().Required().Immutable().Annotations(internal()),
	}
}

func (Credential) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
