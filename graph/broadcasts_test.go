package graph_test

import (
	"testing"

	"github.com/fincokpi/finco/app/apptest"
)

type broadcastNode struct {
	ID, State, Text string
	Audience        struct {
		Teams []struct{ Name string }
		Roles []string
	}
	Progress struct{ Recipients, Sent, Failed, Unknown, Cancelled, Queued int }
}

const broadcastFields = ` broadcast { id state text audience { teams { name } roles } progress { recipients sent failed unknown cancelled queued } }`

func TestAdminsBroadcastThroughTheGraph(t *testing.T) {
	t.Parallel()
	o := open(t)
	var team string
	o.One(`SELECT id::text FROM teams WHERE name = 'Support'`, nil, &team)
	input := map[string]any{"in": map[string]any{"text": "Ertaga yig'ilish", "teams": []string{team}, "roles": []string{"EMPLOYEE"}}}
	prepare := `mutation($in: PrepareBroadcastInput!) { prepareBroadcast(input: $in) { recipients unlinked unreachable` + broadcastFields + ` } }`
	for _, email := range []string{apptest.Jasur, apptest.Aziza, apptest.Nodira} {
		if r := o.ask(email, prepare, input); r.code() != "DENIED" {
			t.Errorf("%s: %s", email, r.text)
		}
	}
	var made struct {
		PrepareBroadcast struct {
			Recipients, Unlinked, Unreachable int
			Broadcast                         broadcastNode
		}
	}
	o.ask(apptest.Botir, prepare, input).into(t, &made)
	draft := made.PrepareBroadcast
	if draft.Recipients != 2 || draft.Broadcast.State != "DRAFT" || draft.Broadcast.Audience.Teams[0].Name != "Support" || draft.Broadcast.Audience.Roles[0] != "EMPLOYEE" {
		t.Fatalf("%+v", draft)
	}
	for _, step := range []struct {
		verb, state string
		queued, cut int
	}{{"start", "RUNNING", 2, 0}, {"pause", "PAUSED", 2, 0}, {"resume", "RUNNING", 2, 0}, {"cancel", "CANCELLED", 0, 2}} {
		var done struct {
			Step struct{ Broadcast broadcastNode }
		}
		query := `mutation($in: BroadcastInput!) { step: ` + step.verb + `Broadcast(input: $in) {` + broadcastFields + ` } }`
		o.ask(apptest.Botir, query, map[string]any{"in": map[string]any{"broadcast": draft.Broadcast.ID}}).into(t, &done)
		b := done.Step.Broadcast
		if b.State != step.state || b.Progress.Recipients != 2 || b.Progress.Queued != step.queued || b.Progress.Cancelled != step.cut {
			t.Errorf("%s: %+v", step.verb, b)
		}
		if r := o.ask(apptest.Aziza, query, map[string]any{"in": map[string]any{"broadcast": draft.Broadcast.ID}}); r.code() != "DENIED" {
			t.Errorf("a supervisor may %s: %s", step.verb, r.text)
		}
	}
	if r := o.ask(apptest.Botir, `mutation { startBroadcast(input: { broadcast: "`+draft.Broadcast.ID+`" }) { broadcast { id } } }`, nil); r.code() != "CONFLICT" {
		t.Errorf("starting a cancelled one: %s", r.text)
	}
	var list struct {
		Broadcasts struct {
			Edges []struct{ Node broadcastNode }
		}
	}
	o.ask(apptest.Botir, `{ broadcasts(first: 10) { edges { node { id state text audience { teams { name } roles } progress { recipients sent failed unknown cancelled queued } } } } }`, nil).into(t, &list)
	if n := len(list.Broadcasts.Edges); n != 1 || list.Broadcasts.Edges[0].Node.Progress.Cancelled != 2 {
		t.Errorf("%+v", list)
	}
}
