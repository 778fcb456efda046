package app_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
)

// listening has an App hand on the events of all processes until the test ends.
func listening(t *testing.T, w *apptest.World, a *app.App) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	once := sync.OnceFunc(func() { close(ready) })
	go func() { done <- a.Listen(ctx, w.Database.DSN, func(bool) { once() }) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("listening: %v", err)
		}
	})
}

func TestEventsReachEveryProcess(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	other := w.Another()
	listening(t, w, other)
	messages, waits := other.Subscribe(app.MessageReceived), other.Subscribe(app.WaitChanged, app.SessionsChanged)
	defer messages.Close()
	w.Import(w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "Salom"), w.Message(-1, 5, apptest.At("2026-09-15 10:01"), "Bormisiz?"))
	var stored []int
	for _, m := range all(t, w, apptest.Botir) {
		stored = append(stored, m.ID)
	}
	if e := <-messages.C; e.Topic != app.MessageReceived || !slices.Equal(e.IDs, stored) {
		t.Errorf("got %+v, wanted one event of %v", e, stored)
	}
	if e := <-waits.C; e.Topic != app.WaitChanged || len(e.IDs) != 1 {
		t.Errorf("got %+v", e)
	}
	if err := w.App.BlockUser(w.Operator(), apptest.Jasur); err != nil {
		t.Fatal(err)
	}
	if e := <-waits.C; e.Topic != app.SessionsChanged || len(e.IDs) != 1 {
		t.Errorf("got %+v", e)
	}
	waits.Close()
	waits.Close()
	if _, open := <-waits.C; open {
		t.Error("a closed subscription yields events")
	}
}

// A reader that does not read is let go: it would only see stale news, and nobody waits for it.
func TestAReaderThatLagsIsDropped(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	listening(t, w, w.App)
	lazy, awake := w.App.Subscribe(app.SessionsChanged), w.App.Subscribe(app.SessionsChanged)
	defer awake.Close()
	for range 150 {
		for _, do := range []func(context.Context, string) error{w.App.BlockUser, w.App.UnblockUser} {
			if err := do(w.Operator(), apptest.Jasur); err != nil {
				t.Fatal(err)
			}
			if _, open := <-awake.C; !open {
				t.Fatal("a reader that reads was dropped")
			}
		}
	}
	n := 0
	for range lazy.C {
		n++
	}
	if n >= 300 {
		t.Errorf("%d events were kept for it", n)
	}
}

// Who subscribes while the database does not deliver misses events like those who had subscribed before.
func TestAnInterruptionEndsEverySubscription(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	ctx, cancel := context.WithCancel(context.Background())
	states, done := make(chan bool, 16), make(chan error, 1)
	var meanwhile *app.Subscription
	go func() {
		done <- w.App.Listen(ctx, w.Database.DSN, func(up bool) {
			if !up && meanwhile == nil {
				meanwhile = w.App.Subscribe(app.MessageReceived)
			}
			states <- up
		})
	}()
	if !<-states {
		t.Fatal("it is down at first")
	}
	before := w.App.Subscribe(app.MessageReceived)
	const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`
	if _, err := w.Database.OwnerPool(t).ExecContext(t.Context(), kill); err != nil {
		t.Fatal(err)
	}
	if <-states {
		t.Error("nobody was told of the interruption")
	}
	if !<-states {
		t.Error("nobody was told of its end")
	}
	for name, s := range map[string]*app.Subscription{"before": before, "meanwhile": meanwhile} {
		if e, open := <-s.C; open {
			t.Errorf("%s: got %+v", name, e)
		}
	}
	after := w.App.Subscribe(app.MessageReceived)
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	if e, open := <-after.C; !open || len(e.IDs) != 1 {
		t.Errorf("afterwards: %+v", e)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
