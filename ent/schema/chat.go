package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Chat is one conversation place in Telegram, keyed by mailbox and Bot API id.
type Chat struct{ ent.Schema }

func (Chat) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "chat", rows: ofChat("id")}} }

func (Chat) Fields() []ent.Field {
	return []ent.Field{
		field.String("mailbox").Immutable().MaxLen(32).Default("").Annotations(internal()).Comment("Empty for supergroups and channels, else the account whose message ids count."),
		field.Int64("telegram_id").Immutable().Annotations(telegramID()),
		field.String("title").MaxLen(512).Optional().Annotations(orderBy("TITLE")),
		field.Enum("kind").NamedValues("Private", "PRIVATE", "Group", "GROUP", "Supergroup", "SUPERGROUP", "Channel", "CHANNEL"),
		field.Int("team_id").Optional().Nillable().Comment("The team in force: as set, else of the first staff who wrote, else the company's first."),
		field.Bool("team_set").Default(false).Annotations(internal()).Comment("By the company file or a person."),
		field.Int("assignee_id").Optional().Nillable().Comment("As set, else the last staff sender."),
		field.Bool("assignee_set").Default(false).Annotations(internal()),
	}
}

func (Chat) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("team", Team.Type).Ref("chats").Field("team_id").Unique(),
		edge.To("assignee", User.Type).Field("assignee_id").Unique(),
		edge.To("customers", Customer.Type).Annotations(internal()),
		edge.To("messages", Message.Type).Annotations(children()...),
		edge.To("reactions", Reaction.Type).Annotations(internal()),
		edge.To("waits", Wait.Type).Annotations(children()...),
	}
}

func (Chat) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("mailbox", "telegram_id").Unique(),
		index.Fields("team_id"),
		index.Fields("assignee_id"),
	}
}

func (Chat) Annotations() []schema.Annotation {
	return listed("chats")
}
