package bot

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/bot/bottest"
	"github.com/fincokpi/finco/ent/postgres"
)

// childEnv has a process of this test binary be a bot instead of a test: a database's DSN and a Bot API server's URL.
const childEnv = "FINCO_TEST_BOT"

func TestMain(m *testing.M) {
	if told := os.Getenv(childEnv); told != "" {
		if err := child(told); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child is a bot until it is killed, or its parent is.
func child(told string) error {
	dsn, address, _ := strings.Cut(told, "\n")
	db, err := postgres.Open(dsn, postgres.WithConnections(12))
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	made, err := app.New(app.Config{
		DB: db, Log: log, Secret: []byte("a secret for tests, of 32 bytes!"), Now: func() time.Time { return apptest.Now },
	})
	if err != nil {
		return err
	}
	b, err := New(Config{App: made, Log: log, Token: bottest.Token, URL: address})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent
		cancel()
	}()
	go func() { _ = made.Listen(ctx, dsn, nil) }()
	return b.Run(ctx)
}

// spawn starts a bot in a process of its own and returns what kills it.
func (w *world) spawn() (kill func()) {
	w.t.Helper()
	program, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childEnv+"="+w.Database.DSN+"\n"+w.telegram.URL)
	cmd.Stderr = w.logs
	in, err := cmd.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	dead := false
	kill = func() {
		if !dead {
			dead = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			_ = in.Close()
		}
	}
	w.t.Cleanup(kill)
	return kill
}

const (
	kills       = 20
	killedChats = 100
)

// Twenty times the bot's process is killed while updates flow: each message is there once, in its order, each answer was said once.
func TestInboxSurvivesKills(t *testing.T) {
	t.Parallel()
	total := 2000
	if n, err := strconv.Atoi(os.Getenv("FINCO_TEST_UPDATES")); err == nil {
		total = n
	}
	w := newWorld(t)
	customer := w.telegram.User(9001, "Anna", "", "anna", "ru")
	jasur := w.telegram.User(apptest.JasurTelegram, "Jasur", "", "", "uz").Known()
	var groups []*bottest.Chat
	for i := range killedChats {
		groups = append(groups, w.telegram.Supergroup(-1000000000001-int64(i), fmt.Sprint("Group ", i), customer))
	}
	asked := 0
	handled := func() int { return w.updates("HANDLED") }
	written := 0
	writes := func(until int) {
		for ; written < until; written++ {
			customer.Says(groups[written%killedChats], fmt.Sprintf("message %d", written/killedChats))
		}
	}
	for round := range kills {
		kill := w.spawn()
		first := round * total / kills
		writes(first + total/kills/2)
		if round%4 == 0 {
			jasur.Says(jasur.Chat(), "/help")
			asked++
		}
		w.until("some are handled", func() bool { return handled() > first })
		writes(first + total/kills) // while the others are at work
		stored := func() int { return w.count(`SELECT count(*) FROM telegram_updates`) }
		switch before := stored(); round % 3 {
		case 0: // at once
		case 1:
			w.until("more are stored", func() bool { return stored() > before || w.telegram.Pending() == 0 })
		case 2:
			w.until("more are handled", func() bool { return handled() > first+total/kills/2 })
		}
		kill()
	}
	kill := w.spawn()
	w.settled()
	w.until("the outbox is empty", func() bool {
		return w.count(`SELECT count(*) FROM outgoings WHERE state IN ('QUEUED', 'SENDING')`) == 0
	})
	kill()
	w.survived(groups, total, asked)
}

// survived tells whether every message is recorded once, and every question answered once.
func (w *world) survived(groups []*bottest.Chat, total, asked int) {
	w.t.Helper()
	var want []string
	for i := range total / killedChats {
		want = append(want, fmt.Sprintf("message %d", i))
	}
	for _, g := range groups {
		if got := strings.Join(w.texts(g.ID), "\n"); got != strings.Join(want, "\n") {
			w.t.Fatalf("the chat %d has\n%s", g.ID, got)
		}
	}
	if n := w.count(`SELECT count(*) FROM message_contents`); n != total {
		w.t.Errorf("%d versions of %d messages", n, total)
	}
	if aside := w.aside(); len(aside) != 0 {
		w.t.Errorf("put aside: %+v", aside)
	}
	if n := w.count(`SELECT count(*) FROM outgoings WHERE key LIKE 'update:%'`); n != asked {
		w.t.Errorf("%d answers to %d questions", n, asked)
	}
	said := slices.DeleteFunc(w.telegram.Calls("sendMessage"), func(c bottest.Call) bool { return c.Chat != apptest.JasurTelegram })
	if sent := w.count(`SELECT count(*) FROM outgoings WHERE key LIKE 'update:%' AND state IN ('SENT', 'UNKNOWN')`); len(said) > asked || sent != asked {
		w.t.Errorf("%d answers were sent to %d questions, %d are said to be", len(said), asked, sent)
	}
	if bytes.Contains([]byte(w.logs.String()), []byte(bottest.Token[10:])) {
		w.t.Error("the token is in the log")
	}
}
