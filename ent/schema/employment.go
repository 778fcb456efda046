package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// Employment is what a person is in the company: sign-in name, role, span of service. Its rows are the person themselves, their supervisor, accountants and admins.
type Employment struct{ ent.Schema }

func (Employment) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "employment", rows: ofUser("user_id")}}
}

func (Employment) Fields() []ent.Field {
	return []ent.Field{
		field.Int("user_id").Immutable(),
		field.String("email").NotEmpty().MaxLen(254).Unique(),
		field.Enum("role").NamedValues("Employee", "EMPLOYEE", "Supervisor", "SUPERVISOR", "Accountant", "ACCOUNTANT", "Admin", "ADMIN"),
		field.Enum("status").NamedValues("Active", "ACTIVE", "Blocked", "BLOCKED", "Left", "LEFT").Default("ACTIVE"),
		field.Int64("telegram_id").Optional().Nillable().Unique().Annotations(internal()),
		field.String("joined").Match(dayPattern),
		field.String("left").Optional().Nillable().Match(dayPattern).Comment("Their last day."),
		field.String("phone").Optional().Nillable().Unique().MaxLen(15).Comment("Digits of the international number: whoever shares this contact with the bot is this person."),
		field.String("language").Optional().MaxLen(8),
		field.String("mute").Optional().MaxLen(11).Annotations(internal()).Comment("Hours without notices, such as 22:00-08:00."),
		field.Time("unreachable_at").Optional().Nillable().Annotations(internal()).Comment("Since when the bot cannot write to them: they blocked it, or their account is gone."),
		field.String("menu").Optional().MaxLen(64).Annotations(internal()).Comment("Which commands Telegram was told to show them."),
		field.Int("schedule_id").Optional().Nillable().Comment("Their own schedule, else the team's."),
	}
}

func (Employment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("employment").Field("user_id").Unique().Required().Immutable(),
		edge.To("schedule", Schedule.Type).Field("schedule_id").Unique(),
	}
}

func (Employment) Annotations() []schema.Annotation {
	return []schema.Annotation{unfiltered()}
}
