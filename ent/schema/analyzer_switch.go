package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// AnalyzerSwitch is the moment from which an analyzer, in whichever version, judges or no longer does. Rows are only added: what
// counted at a time can be told at any later one.
type AnalyzerSwitch struct{ ent.Schema }

func (AnalyzerSwitch) Mixin() []ent.Mixin {
	return []ent.Mixin{base{object: "analyzer", rows: visible}}
}

func (AnalyzerSwitch) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Immutable().MaxLen(64),
		field.Bool("works").Immutable(),
		field.Time("at").Immutable().Default(time.Now),
	}
}

func (AnalyzerSwitch) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name", "at"),
	}
}

func (AnalyzerSwitch) Annotations() []schema.Annotation {
	return []schema.Annotation{internal()}
}
