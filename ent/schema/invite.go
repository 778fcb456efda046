package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Invite lets one person connect their Telegram account, once.
type Invite struct{ ent.Schema }

func (Invite) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "invite", rows: all}} }

func (Invite) Fields() []ent.Field {
	return []ent.Field{
		field.Int("user_id").Immutable(),
		field.Bytes("token_hash").Unique().Immutable().Sensitive().Comment("SHA-256 of the link's payload."),
		field.Int("author_id").Optional().Nillable().Immutable(),
		field.Time("created_at").Immutable().Default(time.Now),
		field.Time("expires_at"),
		field.Time("used_at").Optional().Nillable(),
		field.Int64("used_by").Optional().Nillable().Comment("The Telegram account that it connected."),
	}
}

func (Invite) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("invites").Field("user_id").Unique().Required().Immutable(),
		edge.To("author", User.Type).Field("author_id").Unique().Immutable(),
	}
}

func (Invite) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id")}
}

func (Invite) Annotations() []schema.Annotation { return []schema.Annotation{internal()} }
