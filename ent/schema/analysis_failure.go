package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// AnalysisFailure is work that an analyzer could not do, put aside with the reason.
type AnalysisFailure struct{ ent.Schema }

func (AnalysisFailure) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "analyzer", rows: all}} }

func (AnalysisFailure) Fields() []ent.Field {
	return []ent.Field{
		field.Int("content_id").Immutable(),
		field.String("analyzer").Immutable().MaxLen(64),
		field.String("reason").MaxLen(500),
		field.Time("failed_at"),
	}
}

func (AnalysisFailure) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("content_id", "analyzer").Unique(),
	}
}

func (AnalysisFailure) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
