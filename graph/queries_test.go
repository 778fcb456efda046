package graph_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/graph"
)

// counting counts the queries of a pool.
type counting struct {
	driver.Connector
	n *atomic.Int64
}

// Connect implements driver.Connector.
func (c counting) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return countingConn{conn.(fullConn), c.n}, nil
}

type fullConn interface {
	driver.Conn
	driver.QueryerContext
	driver.ExecerContext
	driver.ConnBeginTx
	driver.SessionResetter
	driver.Validator
	driver.NamedValueChecker
}

type countingConn struct {
	fullConn
	n *atomic.Int64
}

// QueryContext implements driver.QueryerContext.
func (c countingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.n.Add(1)
	return c.fullConn.QueryContext(ctx, query, args)
}

// counted serves the world through a pool that counts.
func (o *office) counted() (*office, *atomic.Int64) {
	o.t.Helper()
	connector, err := pq.NewConnector(o.Database.DSN)
	o.check(err)
	n := &atomic.Int64{}
	db := sql.OpenDB(counting{connector, n})
	o.t.Cleanup(func() { _ = db.Close() })
	log := slog.New(slog.NewTextHandler(o.log, nil))
	made, err := app.New(app.Config{DB: db, Log: log, Analyzers: o.Analyzers, Secret: []byte("a secret for tests, of 32 bytes!"), Now: o.Clock.Now})
	o.check(err)
	server := httptest.NewServer(graph.NewHandler(made, graph.Config{Log: log}))
	o.t.Cleanup(server.Close)
	o.key(apptest.Aziza)
	return &office{World: o.World, t: o.t, url: server.URL, log: o.log, keys: o.keys}, n
}

// TestTheNumberOfQueriesIsOfTheShape asks for few and for many: it takes the same queries.
func TestTheNumberOfQueriesIsOfTheShape(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	for i := range 30 {
		at := apptest.At(fmt.Sprintf("2026-09-15 10:%02d", 10+i))
		o.Say(-1001, 501, at, fmt.Sprint("question ", i))
		o.Say(-1001, apptest.JasurTelegram, at, fmt.Sprint("answer ", i))
	}
	o.RunJobs()
	_, err := o.App.ComputeKpis(o.As(apptest.Botir), app.ComputeKpisInput{Period: "2026-09"})
	o.check(err)
	o, n := o.counted()
	for name, query := range map[string]string{
		"messages": talkQuery,
		"chats":    `query($n: Int) { chats(first: 3) { edges { node { title messages(first: $n) { edges { node { text sender { __typename ... on User { name team { name } email salary { amount { amount } } } } analyses(first: 9) { edges { node { effectiveLabel details } } } } } } } } } }`,
		"people":   `query($n: Int) { users(first: $n) { edges { node { name email role team { name } salary { amount { amount } } waits(first: 3) { edges { node { opensWith { text } } } } } } } }`,
		"inputs": `query($n: Int) { kpiResults(first: 5) { edges { node { scores { inputs { waits(first: $n) { totalCount edges { node { opensWith { text } } } }
  analyses(first: $n) { edges { node { effectiveLabel } } } } } } } } }`,
		"slips": `query($n: Int) { payrollRuns { edges { node { totals { slips } slips(first: $n) { edges { node { lines { amount { amount } sources { __typename } } } } } } } } }`,
	} {
		count := func(first int) int64 {
			n.Store(0)
			if r := o.ask(apptest.Aziza, query, map[string]any{"n": first}); r.code() != "" {
				t.Fatalf("%s: %s", name, r.text)
			}
			return n.Load()
		}
		few, many := count(4), count(40)
		if many > few {
			t.Errorf("%s: %d queries for 4, %d for 40", name, few, many)
		}
		t.Logf("%s: %d queries", name, many)
	}
}

// TestInputsArePaged walks through the waits behind a score page by page.
func TestInputsArePaged(t *testing.T) {
	t.Parallel()
	o := open(t)
	for i := range 5 {
		at := apptest.At(fmt.Sprintf("2026-09-15 10:%02d", 10+i))
		o.Say(-1001, 501, at, fmt.Sprint("question ", i))
		o.Say(-1001, apptest.JasurTelegram, at, fmt.Sprint("answer ", i))
	}
	_, err := o.App.ComputeKpis(o.As(apptest.Botir), app.ComputeKpisInput{Period: "2026-09"})
	o.check(err)
	type edge struct{ Node struct{ ID string } }
	type page struct {
		TotalCount int
		PageInfo   struct {
			HasNextPage bool
			EndCursor   string
		}
		Edges, Again []edge
	}
	query := `query($after: Cursor) { kpiResults(first: 1) { edges { node { scores { inputs { metric waits(first: 2, after: $after) { totalCount
  pageInfo { hasNextPage endCursor } edges { node { id } } again: edges { node { id state } } } } } } } } }`
	seen := map[string]bool{}
	for after := any(nil); ; {
		var got struct {
			KpiResults struct {
				Edges []struct {
					Node struct {
						Scores []struct{ Inputs []struct{ Waits page } }
					}
				}
			}
		}
		o.ask(apptest.Jasur, query, map[string]any{"after": after}).into(t, &got)
		var found page
		for _, s := range got.KpiResults.Edges[0].Node.Scores {
			for _, in := range s.Inputs {
				if in.Waits.TotalCount > 0 {
					found = in.Waits
				}
			}
		}
		for _, e := range found.Edges {
			seen[e.Node.ID] = true
		}
		if found.TotalCount != 5 || len(found.Edges) != len(found.Again) {
			t.Fatalf("%+v", found)
		}
		if !found.PageInfo.HasNextPage {
			break
		}
		after = found.PageInfo.EndCursor
	}
	if len(seen) != 5 {
		t.Errorf("%d of 5 waits", len(seen))
	}
}
