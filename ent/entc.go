//go:build ignore

// Command entc writes ent/gen and the ent part of the published GraphQL schema from ent/schema.
package main

import (
	"log"
	"slices"
	"strings"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"github.com/vektah/gqlparser/v2/ast"
)

// ownScalars are declared by hand in graph/schema: entgql declares them on one run and omits them on the next.
var ownScalars = []string{"Map", "Time", "Period", "Cursor"}

func main() {
	graph, err := entgql.NewExtension(
		entgql.WithSchemaGenerator(),
		entgql.WithSchemaPath("../graph/schema/ent.graphql"),
		entgql.WithConfigPath("../gqlgen.yml"),
		entgql.WithWhereInputs(true),
		entgql.WithSchemaHook(dropOwnScalars, dropEdgeFilters),
	)
	if err != nil {
		log.Fatalf("entgql: %v", err)
	}
	err = entc.Generate("./schema", &gen.Config{
		Target:   "./gen",
		Package:  "github.com/fincokpi/finco/ent/gen",
		Features: []gen.Feature{gen.FeaturePrivacy, gen.FeatureIntercept, gen.FeatureGlobalID, gen.FeatureUpsert, gen.FeatureLock, gen.FeatureExecQuery},
	}, entc.Extensions(graph))
	if err != nil {
		log.Fatalf("ent: %v", err)
	}
}

// dropEdgeFilters removes has… and has…With from every filter: a filter through an edge would read rows that the policy of
// the type behind it hides.
func dropEdgeFilters(_ *gen.Graph, schema *ast.Schema) error {
	for name, def := range schema.Types {
		if strings.HasSuffix(name, "WhereInput") {
			def.Fields = slices.DeleteFunc(def.Fields, func(f *ast.FieldDefinition) bool {
				return strings.HasPrefix(f.Name, "has")
			})
		}
	}
	return nil
}

func dropOwnScalars(_ *gen.Graph, schema *ast.Schema) error {
	for name := range schema.Types {
		if slices.Contains(ownScalars, name) {
			delete(schema.Types, name)
		}
	}
	return nil
}
