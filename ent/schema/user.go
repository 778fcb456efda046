package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// User is a person of the company as colleagues see them: a name. What fewer may see is in Employment and Salary.
type User struct{ ent.Schema }

func (User) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "person", rows: visible}} }

func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").NotEmpty().MaxLen(200).Annotations(orderBy("NAME")),
		field.Int("team_id").Optional().Nillable().Comment("The team of today; TeamMembership has the history."),
		field.Time("created_at").Immutable().Default(time.Now).Annotations(internal()),
	}
}

func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("team", Team.Type).Ref("members").Field("team_id").Unique(),
		edge.To("employment", Employment.Type).Unique(),
		edge.To("credential", Credential.Type).Unique().Annotations(internal()),
		edge.To("salaries", Salary.Type).Annotations(internal()),
		edge.To("memberships", TeamMembership.Type).Annotations(internal()),
		edge.To("shifts", Shift.Type).Annotations(internal()),
		edge.To("sessions", Session.Type).Annotations(internal()),
		edge.To("invites", Invite.Type).Annotations(internal()),
		edge.To("punches", Punch.Type).Annotations(children()...),
		edge.From("messages", Message.Type).Ref("sender").Annotations(children()...),
		edge.From("waits", Wait.Type).Ref("responder").Annotations(children()...),
		edge.To("kpi_results", KpiResult.Type).Annotations(children()...),
		edge.To("payslips", Payslip.Type).Annotations(children()...),
	}
}

func (User) Annotations() []schema.Annotation {
	return listed("users")
}
