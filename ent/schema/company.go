package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// Company is the one company of this database and its settings.
type Company struct{ ent.Schema }

func (Company) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "company", rows: visible}} }

func (Company) Fields() []ent.Field {
	return []ent.Field{
		field.Int("singleton").Unique().Immutable().Annotations(internal()),
		field.String("name").MaxLen(200),
		field.String("timezone").MaxLen(64),
		field.String("currency").MaxLen(3),
		field.String("language").MaxLen(8),
		field.Int("conversation_gap_seconds").Default(28800).Positive(),
		field.JSON("report_types", json.RawMessage{}).Optional().SchemaType(jsonb).Annotations(internal()),
		field.JSON("analyzers", json.RawMessage{}).Optional().SchemaType(jsonb).Annotations(internal()),
		field.Bool("writes_in_chats").Default(false).Comment("Whether the bot may write where customers read."),
		field.String("digest_at").Default("09:00").MaxLen(5).Comment("When supervisors get the morning's digest; empty: never."),
		field.Int("revision").Default(1).Annotations(internal()).Comment("Grows with every change of people, teams, schedules or analyzers."),
		field.String("reply_gate").Default("").Annotations(internal()).Comment("Which needs-reply analyzers passed the pay gate when waits were last settled."),
	}
}

func (Company) Annotations() []schema.Annotation {
	return []schema.Annotation{unfiltered()}
}
