package pqdriver_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"github.com/fincokpi/finco/ent/postgres/postgrestest"
	"github.com/fincokpi/finco/jobs/pqdriver"
)

type bundle struct {
	db       *sql.DB
	driver   *pqdriver.Driver
	listener riverdriver.Listener
}

func setup(t *testing.T) *bundle {
	t.Helper()
	d := postgrestest.New(t)
	db := d.Pool(t)
	driver := pqdriver.New(db, d.DSN)
	listener := driver.GetListener(&riverdriver.GetListenenerParams{})
	if err := listener.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := listener.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &bundle{db: db, driver: driver, listener: listener}
}

func (b *bundle) notify(t *testing.T, topic, payload string) {
	t.Helper()
	if _, err := b.db.ExecContext(t.Context(), `SELECT pg_notify($1, $2)`, b.listener.Schema()+"."+topic, payload); err != nil {
		t.Fatal(err)
	}
}

func TestListenerReceivesItsTopicsOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, topic := range []string{"heard", "left"} {
		if err := b.listener.Listen(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.listener.Unlisten(t.Context(), "left"); err != nil {
		t.Fatal(err)
	}
	b.notify(t, "never", "1")
	b.notify(t, "left", "2")
	b.notify(t, "heard", "3")
	n, err := b.listener.WaitForNotification(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n.Topic != "heard" || n.Payload != "3" {
		t.Errorf("received %s %q, want heard \"3\"", n.Topic, n.Payload)
	}
}

func TestListenerAnswersWhileNobodyReads(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := b.listener.Listen(t.Context(), "flood"); err != nil {
		t.Fatal(err)
	}
	// More than lib/pq's channel holds.
	if _, err := b.db.ExecContext(t.Context(), `SELECT pg_notify($1, i::text) FROM generate_series(1, 2000) i`, b.listener.Schema()+".flood"); err != nil {
		t.Fatal(err)
	}
	if err := b.listener.Listen(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 2000; i++ {
		n, err := b.listener.WaitForNotification(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n.Payload != fmt.Sprint(i) {
			t.Fatalf("notification %d is %q", i, n.Payload)
		}
	}
}

func TestListenerTellsOfALostConnectionAndConnectsAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := b.listener.Listen(t.Context(), "topic"); err != nil {
		t.Fatal(err)
	}
	killListeners(t, b.db)
	if n, err := b.listener.WaitForNotification(t.Context()); err == nil {
		t.Fatalf("received %v from a connection that was killed", n)
	}
	if err := b.listener.Ping(t.Context()); err == nil {
		t.Error("a killed connection answered")
	}
	if err := b.listener.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.listener.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.listener.Listen(t.Context(), "topic"); err != nil {
		t.Fatal(err)
	}
	b.notify(t, "topic", "again")
	if _, err := b.listener.WaitForNotification(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestListenerObeysItsContext(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.listener.WaitForNotification(ctx); err != context.Canceled {
		t.Errorf("waiting: %v, want context.Canceled", err)
	}
	if err := b.driver.GetListener(&riverdriver.GetListenenerParams{Schema: "public"}).Connect(ctx); err != context.Canceled {
		t.Errorf("connecting: %v, want context.Canceled", err)
	}
	if err := b.listener.Ping(ctx); err != context.Canceled {
		t.Errorf("pinging: %v, want context.Canceled", err)
	}
	for range 200 { // wherever in the statement the end comes
		soon, cancel := context.WithCancel(t.Context())
		go cancel()
		if err := b.listener.Ping(soon); err != nil && err != context.Canceled {
			t.Fatalf("pinging until told to end: %v", err)
		}
	}
	if err := b.listener.Ping(t.Context()); err != nil {
		t.Errorf("the connection suffered: %v", err)
	}
}

func killListeners(t *testing.T, db *sql.DB) {
	t.Helper()
	var killed int
	err := db.QueryRowContext(t.Context(), `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'LISTEN%'`).Scan(&killed)
	if err != nil {
		t.Fatal(err)
	}
	if killed == 0 {
		t.Fatal("nobody listens")
	}
}

type note struct {
	Text string `json:"text"`
}

func (note) Kind() string { return "note" }

type worker struct {
	river.WorkerDefaults[note]
	worked chan string
}

func (w *worker) Work(_ context.Context, job *river.Job[note]) error {
	w.worked <- job.Args.Text
	return nil
}

// The client polls once an hour, so whatever it works it heard of.
func TestClientWorksWhatItHears(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := &worker{worked: make(chan string, 1000)}
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	client, err := river.NewClient(b.driver, &river.Config{
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}},
		Workers: workers, FetchPollInterval: time.Hour, FetchCooldown: 5 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := client.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	until(t, w, func(text string) {
		tx, err := b.db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		if _, err := client.InsertTx(t.Context(), tx, note{Text: text}, nil); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	})
	killListeners(t, b.db)
	until(t, w, func(text string) {
		if _, err := client.Insert(t.Context(), note{Text: text}, nil); err != nil {
			t.Fatal(err)
		}
	})
}

// until inserts jobs until one is worked: River says neither when it begins to listen nor when it does so again.
func until(t *testing.T, w *worker, insert func(text string)) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		insert(fmt.Sprint(i))
		select {
		case <-w.worked:
			for len(w.worked) > 0 {
				<-w.worked
			}
			return
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("no job was worked")
		}
	}
}
