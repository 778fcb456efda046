package graph_test

import (
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/graph"
)

// executorOnly serves the same world a second time, without the writer.
func (o *office) executorOnly() *office {
	o.t.Helper()
	cfg := graph.Config{Log: slog.New(slog.NewTextHandler(o.log, nil))}
	graph.ExecutorOnly(&cfg)
	server := httptest.NewServer(graph.NewHandler(o.Another(), cfg))
	o.t.Cleanup(server.Close)
	for _, role := range roles {
		o.key(role.email)
	}
	return &office{World: o.World, t: o.t, url: server.URL, log: o.log, keys: o.keys}
}

// TestTheWriterAnswersAsTheExecutor asks both for everything there is, as each role: the answers are the same to the byte.
func TestTheWriterAnswersAsTheExecutor(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	o.Say(-1001, 501, apptest.At("2026-09-15 11:00"), "a \"quote\", a \\, a tab\t, a line\n, \u0001, ўзбекча, 🙂 </script>")
	plain := o.executorOnly()
	s := theSchema()
	queries := []string{
		talkQuery, slipQuery, `{ viewer { id name team { name supervisor { name } } } company { name currency } }`,
		`query($no: Boolean = false, $yes: Boolean = true) { users(last: 2) { edges { cursor node { name @skip(if: $yes) id @include(if: $no) ...f ... on User { again: name } } } } a: teams { totalCount __typename pageInfo { endCursor } } } fragment f on User { name employment { role } __typename }`,
		`{ nodes(ids: [1, 2]) { id __typename } }`, `{ node(id: 1) { id } }`, `{ users(first: 0) { totalCount edges { node { id } } } }`,
		`{ chats { edges { node { messages(first: 1, orderBy: {field: SENT_AT, direction: DESC}, where: {side: STAFF}) { totalCount edges { cursor node { id text } } } waits(last: 1) { edges { node { id } } pageInfo { hasPreviousPage } } } } } }`,
		`{ latestKpiResults(period: "2026-09") { total scores { value score inputs { metric value count } } } agreement { agreement } }`,
		`{ kpiResults { edges { node { scores { kpi { key } } } } } }`,
	}
	for _, list := range lists(s) {
		node := s.Types[s.Types[s.Types[list.Type.Name()].Fields.ForName("edges").Type.Name()].Fields.ForName("node").Type.Name()]
		queries = append(queries, `{ `+list.Name+`(first: 10) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { `+everything(s, node, 1)+`} } } }`)
	}
	for _, role := range roles {
		for _, query := range queries {
			written, executed := o.ask(role.email, query, nil), plain.ask(role.email, query, nil)
			same := written.text == executed.text
			if len(executed.Errors) > 0 { // the executor reports them in the order of its goroutines
				same = string(written.Data) == string(executed.Data) && len(written.Errors) == len(executed.Errors)
			}
			if !same {
				t.Errorf("%s asks %s\nthe writer says\n%.3000s\nthe executor says\n%.3000s", role.name, query, written.text, executed.text)
			}
		}
	}
}
