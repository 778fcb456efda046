package graph

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fincokpi/finco/app"
	graphgen "github.com/fincokpi/finco/graph/gen"
)

// Execute answers one query or mutation of the context's actor without HTTP, under the same limits, for the command line. It
// is called once for an App, as NewHandler is. The answer is one JSON object; failed tells whether it has errors.
func Execute(ctx context.Context, a *app.App, log *slog.Logger, query string, variables map[string]any) (answer []byte, failed bool) {
	watchLoads(a.Client())
	cfg := Config{Log: log}.withDefaults()
	e := executor.New(graphgen.NewExecutableSchema(graphgen.Config{Resolvers: &Resolver{app: a, log: log}}))
	harden(e, cfg, false)
	ctx, cancel := context.WithTimeout(graphql.StartOperationTrace(ctx), cfg.Timeout)
	defer cancel()
	op, faults := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: variables})
	if faults == nil {
		if _, fault := mayRun(http.MethodPost, op.Operation.Operation); fault != nil {
			faults = gqlerror.List{fault}
		}
	}
	if faults != nil {
		return encode(e.DispatchError(graphql.WithOperationContext(ctx, op), fewer(faults))), true
	}
	respond, ctx := e.DispatchOperation(ctx, op)
	resp := respond(ctx)
	if resp == nil {
		resp = &graphql.Response{Errors: gqlerror.List{refuse(codeUnavailable, "the answer took too long")}}
	}
	return encode(resp), len(resp.Errors) > 0
}
