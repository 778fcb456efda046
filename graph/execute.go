package graph

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fincokpi/finco/app"
	graphgen "github.com/fincokpi/finco/graph/gen"
)

// Execute answers one query or mutation as the actor in the context, without HTTP and under the same limits, and tells whether
// the answer has errors. It is called once for an App, as NewHandler is.
func Execute(ctx context.Context, a *app.App, log *slog.Logger, query string, vars map[string]any) (answer json.RawMessage, failed bool) {
	watchLoads(a.Client())
	cfg := Config{Log: log}.withDefaults()
	e := executor.New(graphgen.NewExecutableSchema(graphgen.Config{Resolvers: &Resolver{app: a, log: log}}))
	harden(e, cfg, false)
	ctx, cancel := context.WithTimeout(graphql.StartOperationTrace(ctx), cfg.Timeout)
	defer cancel()
	operation, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: vars})
	if errs != nil {
		return marshal(e.DispatchError(graphql.WithOperationContext(ctx, operation), errs))
	}
	if operation.Operation.Operation == "subscription" {
		return marshal(e.DispatchError(ctx, gqlerror.List{gqlerror.Errorf("a subscription needs a connection that stays: use /graphql over a websocket or server-sent events")}))
	}
	responses, ctx := e.DispatchOperation(ctx, operation)
	return marshal(responses(ctx))
}

func marshal(response *graphql.Response) (json.RawMessage, bool) {
	raw, err := json.Marshal(response)
	if err != nil {
		return json.RawMessage(`{"errors":[{"message":"the answer cannot be written"}]}`), true
	}
	return raw, len(response.Errors) > 0
}
