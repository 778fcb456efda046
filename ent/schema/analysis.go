package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Analysis is what one analyzer said of one version of a message. Immutable: people's corrections stand beside it.
type Analysis struct{ ent.Schema }

func (Analysis) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "analysis", rows: through("message_id", "messages", ofChat("chat_id"))}}
}

func (Analysis) Fields() []ent.Field {
	return []ent.Field{
		field.Int("message_id").Immutable(),
		field.Int("content_id").Immutable().Annotations(internal()),
		field.Int("analyzer_id").Immutable(),
		field.Enum("kind").Immutable().NamedValues("Sentiment", "SENTIMENT", "Quality", "QUALITY", "Topic", "TOPIC", "Relevance", "RELEVANCE", "Question", "QUESTION", "NeedsReply", "NEEDS_REPLY", "Language", "LANGUAGE", "Politeness", "POLITENESS", "Transcript", "TRANSCRIPT"),
		field.String("label").Immutable().Optional().MaxLen(64),
		field.Float("score").Immutable().Optional().Nillable(),
		field.Float("confidence").Immutable().Min(0).Max(1),
		field.String("language").Immutable().Optional().MaxLen(16),
		field.Bool("shadow").Immutable().Default(false).Comment("Said by a version in shadow: it counts nowhere."),
		field.Time("created_at").Immutable().Default(time.Now).Annotations(orderBy("CREATED_AT")),
	}
}

func (Analysis) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("message", Message.Type).Ref("analyses").Field("message_id").Unique().Required().Immutable(),
		edge.From("content", MessageContent.Type).Ref("analyses").Field("content_id").Unique().Required().Immutable().Annotations(internal()),
		edge.From("analyzer", Analyzer.Type).Ref("analyses").Field("analyzer_id").Unique().Required().Immutable(),
		edge.To("detail", AnalysisDetail.Type).Unique().Annotations(internal()),
		edge.To("feedback", Feedback.Type),
	}
}

func (Analysis) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("content_id", "analyzer_id", "kind", "shadow").Unique(), // what was said in shadow may be said again to count
		index.Fields("message_id"),
	}
}

func (Analysis) Annotations() []schema.Annotation {
	return append(listed("analyses"), entsql.Annotation{Table: "analyses"})
}
