package schema

import (
	"regexp"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema"
)

// numeric columns hold exact decimals; in Go they are canonical strings, in the graph Floats.
var numeric = map[string]string{dialect.Postgres: "numeric"}

// jsonb is said aloud where a Go type alone would give json.
var jsonb = map[string]string{dialect.Postgres: "jsonb"}

// dayPattern is a civil date such as 2026-09-02; as text it sorts by time.
var dayPattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// periodPattern is a month, a week or a day.
var periodPattern = regexp.MustCompile(`^\d{4}-(\d{2}|W\d{2}|\d{2}-\d{2})$`)

// unfiltered keeps a type, field or edge out of where and orderBy.
func unfiltered() schema.Annotation {
	return entgql.Skip(entgql.SkipWhereInput | entgql.SkipOrderField)
}

// internal keeps a type, field or edge out of the graph altogether.
func internal() schema.Annotation { return entgql.Skip(entgql.SkipAll) }

// children is an edge that the graph pages.
func children() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

// floatOf shows a decimal string as a Float; filters would compare text.
func floatOf() []schema.Annotation { return []schema.Annotation{entgql.Type("Float"), unfiltered()} }

// telegramID shows a 64-bit id as text.
func telegramID() schema.Annotation { return entgql.Type("TelegramID") }

// orderBy names a field's order in the graph.
func orderBy(name string) schema.Annotation { return entgql.OrderField(name) }

// listed makes a type a connection of its own name at the root.
func listed(query string) []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection(), entgql.QueryField(query)}
}
