package app_test

import (
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

func TestTakingAWait(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Clock.Set(apptest.At("2026-09-15 12:02"))
	waitIn(w, -1, "2026-09-15 12:00")
	id := waitOf(w, -1)
	for _, who := range []string{apptest.Malika, apptest.Sardor, apptest.Dilya} {
		if _, err := w.App.TakeWait(w.As(who), app.TakeWaitInput{WaitID: id}); domain.KindOf(err) != domain.KindNotFound {
			t.Errorf("%s, who does not see the chat: %v", who, err)
		}
	}
	if _, err := w.App.TakeWait(w.As(apptest.Nodira), app.TakeWaitInput{WaitID: id}); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("an accountant: %v", err)
	}
	for range 2 {
		if _, err := w.App.TakeWait(w.As(apptest.Jasur), app.TakeWaitInput{WaitID: id}); err != nil {
			t.Fatal(err)
		}
		w.Clock.Set(apptest.At("2026-09-15 12:05"))
	}
	if _, err := w.App.TakeWait(w.As(apptest.Aziza), app.TakeWaitInput{WaitID: id}); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("what Jasur has taken: %v", err)
	}
	taken, err := w.App.TakeWait(w.As(apptest.Aziza), app.TakeWaitInput{WaitID: id, Over: true})
	if err != nil || taken.Edges.TakenBy.Name != "Aziza Karimova" || !taken.TakenAt.Equal(apptest.At("2026-09-15 12:05")) {
		t.Errorf("taken over: %+v, %v", taken, err)
	}
	if taken.AssigneeID == nil || *taken.AssigneeID != w.ID(apptest.Jasur) {
		t.Error("the assignee is another")
	}
	var audited int
	w.One(`SELECT count(*) FROM audit_events WHERE verb = 'take' AND object = 'wait' AND object_id = $1 AND actor_id IS NOT NULL`, []any{id}, &audited)
	if audited != 2 {
		t.Errorf("%d are in the audit", audited)
	}
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 12:06"), "45 ming")
	if _, err := w.App.TakeWait(w.As(apptest.Jasur), app.TakeWaitInput{WaitID: id, Over: true}); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("an answered one: %v", err)
	}
	seen, err := w.App.WaitingAt(w.As(apptest.Aziza), id)
	if err != nil || seen.Edges.Responder.Name != "Jasur Toshev" || seen.Words.Text != "Narxi qancha?" || *seen.TakenByID != w.ID(apptest.Aziza) {
		t.Errorf("after the answer: %+v, %v", seen, err)
	}
	if none, err := w.App.WaitingAt(w.As(apptest.Nodira), id); err != nil || none.Words.Text != "" {
		t.Errorf("an accountant reads %q, %v", none.Words.Text, err)
	}
}

func TestWhoWaitsIsWhatThePersonMaySee(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Clock.Set(apptest.At("2026-09-15 12:20"))
	waitIn(w, -1, "2026-09-15 12:00")
	waitIn(w, -2, "2026-09-15 11:00")
	w.Say(-3, apptest.DilyaTelegram, apptest.At("2026-09-15 09:00"), "Salom")
	w.Say(-3, 6, apptest.At("2026-09-15 12:15"), "Yetkazish bormi?")
	for who, want := range map[string]int{apptest.Jasur: 2, apptest.Aziza: 2, apptest.Malika: 0, apptest.Sardor: 1, apptest.Nodira: 3, apptest.Botir: 3} {
		list, total, err := w.App.WaitingCustomers(w.As(who), app.WaitingInput{})
		if err != nil || total != want || len(list) != want {
			t.Errorf("%s sees %d of %d: %v", who, len(list), total, err)
		}
		for _, l := range list {
			if (l.Words.Text != "") != (who != apptest.Nodira) {
				t.Errorf("%s reads %q", who, l.Words.Text)
			}
		}
	}
	list, _, err := w.App.WaitingCustomers(w.As(apptest.Aziza), app.WaitingInput{})
	if err != nil || !list[0].Past || list[0].Edges.Chat.TelegramID != -2 {
		t.Errorf("the longest comes first: %v", err)
	}
	if _, total, err := w.App.WaitingCustomers(w.As(apptest.Aziza), app.WaitingInput{Chat: -3}); err != nil || total != 0 {
		t.Errorf("of a hidden chat: %d, %v", total, err)
	}
	if _, total, err := w.App.WaitingCustomers(w.As(apptest.Botir), app.WaitingInput{Chat: -3, Assignee: w.ID(apptest.Dilya)}); err != nil || total != 1 {
		t.Errorf("of Dilya: %d, %v", total, err)
	}
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 12:20"), "45 ming")
	if _, total, _ := w.App.WaitingCustomers(w.As(apptest.Jasur), app.WaitingInput{}); total != 1 {
		t.Errorf("%d wait after the answer", total)
	}
}
