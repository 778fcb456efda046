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
		field.Enum("state").NamedValues("Enabled", "ENABLED", "Disabled", "DISABLED").Default("ENABLED"),
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
