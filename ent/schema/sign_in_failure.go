package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// SignInFailure counts failed sign-ins of an account or an address, for the growing delay.
type SignInFailure struct{ ent.Schema }

func (SignInFailure) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "session", rows: all}} }

func (SignInFailure) Fields() []ent.Field {
	return []ent.Field{
		field.String("subject").Unique().Immutable().Comment("SHA-256 of the account or the address, in hex."),
		field.Int("failures").Default(0),
		field.Time("blocked_until").Optional().Nillable(),
		field.Time("updated_at").Default(time.Now).UpdateDefault(time.Now),
	}
}

func (SignInFailure) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
