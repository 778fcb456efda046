package schema

import (
	"encoding/json"
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Analyzer is one version of a plugin that judges messages.
type Analyzer struct{ ent.Schema }

func (Analyzer) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "analyzer", rows: visible}} }

func (Analyzer) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").NotEmpty().MaxLen(64).Immutable().Annotations(orderBy("NAME")),
		field.String("version").NotEmpty().MaxLen(64).Immutable(),
		field.String("checksum").MaxLen(64).Annotations(internal()).Comment("SHA-256 of the executable, in hex; a file that differs is not started."),
		field.String("path").Annotations(internal()),
		field.JSON("kinds", []string{}).SchemaType(jsonb),
		field.JSON("languages", []string{}).SchemaType(jsonb),
		field.JSON("sides", []string{}).SchemaType(jsonb).Annotations(internal()).Comment("Whose messages it judges for any of its kinds."),
		field.JSON("labels", map[string][]string{}).Optional().SchemaType(jsonb).Annotations(internal()).Comment("The labels it may give, per kind."),
		field.JSON("settings", json.RawMessage{}).Optional().SchemaType(jsonb).Annotations(entgql.Type("Map")),
		field.Bool("audio").Default(false).Comment("Whether it listens to voice notes instead of reading texts."),
		field.Int("max_batch").Default(0).NonNegative().Annotations(internal()).Comment("Messages it takes at once; 0: as many as the host likes."),
		field.Enum("state").NamedValues("Enabled", "ENABLED", "Shadow", "SHADOW", "Split", "SPLIT", "Disabled", "DISABLED").Default("ENABLED").
			Comment("ENABLED judges. SHADOW judges beside it and counts nowhere. SPLIT judges a share of the messages in its place."),
		field.Int("share").Default(0).Min(0).Max(99).Comment("Percent of the messages that a SPLIT version judges."),
		field.JSON("learned", json.RawMessage{}).Immutable().Optional().SchemaType(jsonb).Annotations(entgql.Type("Map")).
			Comment("For a version learnt from feedback: from which version, how many corrections, and how it did on those kept apart."),
		field.Time("created_at").Immutable().Default(time.Now),
	}
}

func (Analyzer) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("analyses", Analysis.Type).Annotations(internal()),
	}
}

func (Analyzer) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name", "version").Unique(),
	}
}

func (Analyzer) Annotations() []schema.Annotation {
	return listed("analyzers")
}
