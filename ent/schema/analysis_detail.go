package schema

import (
	"encoding/json"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// AnalysisDetail is the why of an analysis: criteria, evidence quotes.
type AnalysisDetail struct{ ent.Schema }

func (AnalysisDetail) Mixin() []ent.Mixin {
	return []ent.Mixin{base{
		object: "analysis_detail", rows: through("analysis_id", "analyses", through("message_id", "messages", ofChat("chat_id"))),
		gone: ofDeleted("analyses judged JOIN messages deleted ON deleted.id = judged.message_id", "judged.id = @.analysis_id"),
	}}
}

func (AnalysisDetail) Fields() []ent.Field {
	return []ent.Field{
		field.Int("analysis_id").Immutable(),
		field.JSON("details", json.RawMessage{}).Immutable().SchemaType(jsonb).Annotations(entgql.Type("Map")),
	}
}

func (AnalysisDetail) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("analysis", Analysis.Type).Ref("detail").Field("analysis_id").Unique().Required().Immutable(),
	}
}

func (AnalysisDetail) Annotations() []schema.Annotation {
	return []schema.Annotation{unfiltered()}
}
