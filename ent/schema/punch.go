package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Punch is somebody's coming or going as a source saw it.
type Punch struct{ ent.Schema }

func (Punch) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "punch", rows: ofUser("user_id")}} }

func (Punch) Fields() []ent.Field {
	return []ent.Field{
		field.Int("user_id").Immutable(),
		field.String("source").Immutable().NotEmpty().MaxLen(64).Comment("telegram, or a terminal."),
		field.String("external_id").Immutable().NotEmpty().MaxLen(128).Annotations(internal()).Comment("The source's own id: the same one twice is one punch."),
		field.Time("at").Immutable().Annotations(orderBy("AT")),
		field.Int("offset_seconds").Immutable().Default(0).Annotations(unfiltered()).Comment("East of UTC, where the punch was."),
		field.Enum("direction").Immutable().NamedValues("Coming", "IN", "Going", "OUT", "Unknown", "UNKNOWN"),
		field.Float("latitude").Optional().Nillable().Immutable().Annotations(unfiltered()),
		field.Float("longitude").Optional().Nillable().Immutable().Annotations(unfiltered()),
		field.Float("accuracy_meters").Optional().Nillable().Immutable().Annotations(unfiltered()),
		field.Time("received_at").Immutable().Default(time.Now).Annotations(internal()),
	}
}

func (Punch) Edges() []ent.Edge {
	return []ent.Edge{edge.From("user", User.Type).Ref("punches").Field("user_id").Unique().Required().Immutable()}
}

func (Punch) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("source", "external_id").Unique(),
		index.Fields("user_id", "at"),
	}
}

func (Punch) Annotations() []schema.Annotation { return listed("punches") }
