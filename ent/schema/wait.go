package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Wait is the time a customer waited for an answer (the response clock).
type Wait struct{ ent.Schema }

func (Wait) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "wait", rows: ofChat("chat_id")}} }

func (Wait) Fields() []ent.Field {
	return []ent.Field{
		field.Int("chat_id").Immutable(),
		field.Int64("thread").Immutable().Default(0).Annotations(telegramID()),
		field.Int("first_message_id").Unique().Immutable().Annotations(internal()).Comment("The wait's key: the earliest customer message, needing a reply or not."),
		field.Int("opens_with_id"),
		field.Int("closes_with_id").Optional().Nillable(),
		field.Int("responder_id").Optional().Nillable(),
		field.Bool("first").Comment("The first response of its conversation."),
		field.Time("opened_at").Annotations(orderBy("OPENED_AT")),
		field.Time("closed_at").Optional().Nillable(),
		field.Int64("wall_seconds").Optional().Nillable().Comment("Stored at the close."),
		field.Int64("business_seconds").Optional().Nillable().Comment("The part of it inside the schedule."),
		field.Int("schedule_version_id").Optional().Nillable().Annotations(internal()),
		field.Enum("state").NamedValues("Open", "OPEN", "Within", "WITHIN", "Breached", "BREACHED", "NoReplyNeeded", "NO_REPLY_NEEDED", "Dissolved", "DISSOLVED").Comment("As of the last settling; dissolved: late messages left nothing to wait for."),
		field.Bool("needs_reply").Optional().Nillable(),
		field.Int("team_id").Optional().Nillable(),
		field.Int("assignee_id").Optional().Nillable(),
		field.Time("breaches_at").Optional().Nillable().Comment("When an open wait passes its target."),
		field.Int("taken_by_id").Optional().Nillable().Comment("Who said that they see to it; it changes nothing of whose the wait is."),
		field.Time("taken_at").Optional().Nillable().Annotations(unfiltered()),
	}
}

func (Wait) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("chat", Chat.Type).Ref("waits").Field("chat_id").Unique().Required().Immutable(),
		edge.To("opens_with", Message.Type).Field("opens_with_id").Unique().Required(),
		edge.To("closes_with", Message.Type).Field("closes_with_id").Unique(),
		edge.To("responder", User.Type).Field("responder_id").Unique(),
		edge.To("team", Team.Type).Field("team_id").Unique(),
		edge.To("assignee", User.Type).Field("assignee_id").Unique(),
		edge.To("taken_by", User.Type).Field("taken_by_id").Unique(),
	}
}

func (Wait) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("chat_id", "thread", "opened_at"),
		index.Fields("responder_id", "opened_at"),
		index.Fields("team_id", "opened_at"),
		index.Fields("assignee_id", "opened_at"),
		index.Fields("opened_at"),
		// Those who still wait, of whom somebody asks every few seconds, are few beside those who waited once.
		index.Fields("breaches_at").StorageKey("wait_open").Annotations(entsql.IndexWhere("closes_with_id IS NULL AND (state = 'OPEN' OR state = 'BREACHED')")),
	}
}

func (Wait) Annotations() []schema.Annotation {
	return listed("waits")
}
