package graph_test

import (
	"testing"

	"github.com/fincokpi/finco/app/apptest"
)

const takeWait = `mutation($wait: ID!, $over: Boolean) { takeWait(input: {wait: $wait, over: $over}) { wait { id takenAt takenBy { name } assignee { name } } } }`

func TestAWaitIsTakenByWhoSeesIt(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Say(-1001, apptest.JasurTelegram, apptest.At("2026-09-15 09:30"), "Salom")
	o.Say(-1001, 501, apptest.At("2026-09-15 11:55"), "Narxi qancha?")
	var waits struct {
		Waits struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	o.ask(apptest.Aziza, `{ waits(first: 5, where: {state: OPEN}) { edges { node { id } } } }`, nil).into(t, &waits)
	variables := map[string]any{"wait": waits.Waits.Edges[0].Node.ID}
	for who, code := range map[string]string{apptest.Malika: "NOT_FOUND", apptest.Sardor: "NOT_FOUND", apptest.Nodira: "DENIED", "": "UNAUTHENTICATED"} {
		if r := o.ask(who, takeWait, variables); r.code() != code {
			t.Errorf("%s: %s", who, r.text)
		}
	}
	var got struct {
		TakeWait struct {
			Wait struct {
				TakenAt           *string
				TakenBy, Assignee struct{ Name string }
			}
		}
	}
	o.ask(apptest.Aziza, takeWait, variables).into(t, &got)
	if w := got.TakeWait.Wait; w.TakenAt == nil || w.TakenBy.Name != "Aziza Karimova" || w.Assignee.Name != "Jasur Toshev" {
		t.Errorf("taken: %+v", w)
	}
	if r := o.ask(apptest.Jasur, takeWait, variables); r.code() != "CONFLICT" {
		t.Errorf("taking it too: %s", r.text)
	}
	variables["over"] = true
	o.ask(apptest.Jasur, takeWait, variables).into(t, &got)
	if got.TakeWait.Wait.TakenBy.Name != "Jasur Toshev" {
		t.Errorf("taken over: %+v", got)
	}
}
