package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/bot/bottest"
)

// world is the example company with a bot that really runs, against the emulator.
type world struct {
	*apptest.World
	telegram *bottest.Server
	bot      *Bot
	logs     *logs

	t testing.TB
}

// logs are what was logged, for tests that look.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is all of it.
func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// count is in how many lines all of the words are.
func (l *logs) count(words ...string) int {
	n := 0
	for line := range strings.Lines(l.String()) {
		found := true
		for _, word := range words {
			found = found && strings.Contains(line, word)
		}
		if found {
			n++
		}
	}
	return n
}

// newWorld makes one whose bot does not run yet; see run.
func newWorld(t testing.TB, options ...bottest.Option) *world {
	t.Helper()
	w := &world{World: apptest.Example(t), logs: &logs{}, t: t}
	w.telegram = bottest.Start(t, append([]bottest.Option{bottest.WithClock(w.Clock.Now)}, options...)...)
	w.bot = w.another(nil)
	return w
}

// another is a bot as of another process.
func (w *world) another(change func(*Config)) *Bot {
	w.t.Helper()
	cfg := Config{
		App: w.Another(), Log: slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), Token: w.telegram.Token,
		URL: w.telegram.URL, WebhookSecret: "webhook-secret-of-the-test",
	}
	if change != nil {
		change(&cfg)
	}
	made, err := New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// run runs the bot, with the events of the database, until stop is called or the test ends.
func (w *world) run() (stop func()) { return w.runs(w.bot) }

func (w *world) runs(b *Bot) (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	listening := make(chan struct{})
	var once sync.Once
	all.Go(func() { _ = b.app.Listen(ctx, w.Database.DSN, func(bool) { once.Do(func() { close(listening) }) }) })
	<-listening
	all.Go(func() {
		if err := b.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	var ended sync.Once
	stop = func() { ended.Do(func() { cancel(); all.Wait() }) }
	w.t.Cleanup(stop)
	return stop
}

// until waits for something in the database or elsewhere that nobody tells of.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	for limit := time.Now().Add(time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			w.t.Fatalf("never: %s; state %+v\n%s", what, w.bot.State(), w.logs)
		}
	}
}

// count is the number that a query finds.
func (w *world) count(query string, arguments ...any) int {
	w.t.Helper()
	var n int
	w.One(query, arguments, &n)
	return n
}

// updates counts the stored updates of a state.
func (w *world) updates(state string) int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM telegram_updates WHERE state = $1`, state)
}

// settled waits until everything that Telegram has was taken and handled or put aside.
func (w *world) settled() {
	w.t.Helper()
	w.until("everything is handled", func() bool { return w.telegram.Pending() == 0 && w.updates("NEW") == 0 })
}

// store stores updates as if they had come in.
func (w *world) store(bodies ...string) {
	w.t.Helper()
	var raw []json.RawMessage
	for _, body := range bodies {
		raw = append(raw, json.RawMessage(body))
	}
	if err := w.bot.store(w.System("telegram"), raw); err != nil {
		w.t.Fatal(err)
	}
}

// texts are what was recorded of a chat, each message's newest words in the order of the messages.
func (w *world) texts(chat int64) []string {
	w.t.Helper()
	rows, err := w.DB.Query(`
SELECT c.text FROM messages m JOIN message_contents c ON c.message_id = m.id AND c.version = m.version JOIN chats h ON h.id = m.chat_id
WHERE h.telegram_id = $1 ORDER BY m.telegram_id`, chat)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// operator is who replays.
func (w *world) replay(ids ...int) {
	w.t.Helper()
	if _, err := w.App.ReplayUpdates(w.Operator(), ids...); err != nil {
		w.t.Fatal(err)
	}
}

// aside are the updates put aside.
func (w *world) aside() []app.AsideUpdate {
	w.t.Helper()
	list, err := w.App.AsideUpdates(w.Operator(), 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}
