package schema

import (
	"encoding/json"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// ScheduleVersion is what a schedule is from a day on.
type ScheduleVersion struct{ ent.Schema }

func (ScheduleVersion) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "schedule", rows: visible}}
}

func (ScheduleVersion) Fields() []ent.Field {
	return []ent.Field{
		field.Int("schedule_id").Immutable(),
		field.String("from").Immutable().Match(dayPattern),
		field.String("timezone").Immutable().MaxLen(64).Comment("IANA name."),
		field.JSON("hours", json.RawMessage{}).Immutable().SchemaType(jsonb).Annotations(entgql.Type("Map")).Comment("Days, holidays and exceptions as domain/schedule writes them."),
	}
}

func (ScheduleVersion) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("schedule", Schedule.Type).Ref("versions").Field("schedule_id").Unique().Required().Immutable(),
	}
}

func (ScheduleVersion) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("schedule_id", "from").Unique(),
	}
}

func (ScheduleVersion) Annotations() []schema.Annotation {
	return []schema.Annotation{unfiltered()}
}
