package apptest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/ent/postgres/postgrestest"
	"github.com/fincokpi/finco/jobs/args"
)

// Now is where the clock of a new world stands: Tuesday, 15 September 2026, noon in Tashkent.
var Now = At("2026-09-15 12:00")

// World is one test's own.
type World struct {
	App       *app.App
	Clock     *Clock
	Analyzers *Analyzers
	Files     *Files
	// Downloads is what Telegram keeps.
	Downloads *Downloads
	// KeepFiles is how long Another keeps files; 0: for ever.
	KeepFiles time.Duration
	// DB is a pool in the role of the application.
	DB *sql.DB
	// Database has the addresses of the test's database.
	Database *postgrestest.Database

	t    testing.TB
	next atomic.Int64
}

// New makes an empty world: a database without a company. It ends with the test.
func New(t testing.TB) *World {
	t.Helper()
	clock := &Clock{now: Now}
	w := &World{t: t, Clock: clock, Analyzers: newAnalyzers(), Files: newFiles(clock.Now), Downloads: newDownloads(), Database: postgrestest.New(t)}
	w.DB = w.Database.Pool(t)
	w.App = w.Another()
	return w
}

// Another is a second App on the same database, as another process would have.
func (w *World) Another() *app.App {
	w.t.Helper()
	made, err := app.New(app.Config{
		DB: w.DB, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Analyzers: w.Analyzers, Files: w.Files, Downloads: w.Downloads, KeepFiles: w.KeepFiles,
		Secret: []byte("a secret for tests, of 32 bytes!"), Now: w.Clock.Now,
	})
	w.must(err)
	return made
}

// Example makes a world with ExampleCompany applied and the four analyzers registered.
func Example(t testing.TB) *World {
	t.Helper()
	w := New(t)
	w.Apply(ExampleCompany())
	w.Register("sentiment", []string{"SENTIMENT"}, []string{"CUSTOMER"}, map[string][]string{"SENTIMENT": {"positive", "neutral", "negative"}})
	w.Register("question", []string{"QUESTION", "NEEDS_REPLY"}, []string{"CUSTOMER"}, map[string][]string{"QUESTION": {"yes", "no"}, "NEEDS_REPLY": {"yes", "no"}})
	w.Register("quality", []string{"QUALITY"}, []string{"STAFF"}, nil)
	w.Register("topic", []string{"TOPIC"}, []string{"CUSTOMER", "STAFF"}, nil)
	return w
}

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// Operator is the command line's context.
func (w *World) Operator() context.Context { return w.System("operator") }

// System is the context of background work under a role.
func (w *World) System(name string) context.Context {
	return auth.With(context.Background(), auth.System(name))
}

// As is a person's context, as they are now.
func (w *World) As(email string) context.Context {
	w.t.Helper()
	actor, err := w.App.ActorByEmail(w.Operator(), email)
	w.must(err)
	return auth.With(context.Background(), actor)
}

// ID is a person's id.
func (w *World) ID(email string) int {
	w.t.Helper()
	actor, _ := auth.From(w.As(email))
	return actor.UserID
}

// Apply applies a company, settles what that makes unsettled, and returns what changed.
func (w *World) Apply(in app.CompanyInput) []string {
	w.t.Helper()
	done, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: in})
	w.must(err)
	w.Settle()
	return done.Changes
}

// Settle works the queued jobs that settle chats anew, and returns how many chats that were.
func (w *World) Settle() int {
	w.t.Helper()
	for chats := 0; ; {
		var id int64
		var raw []byte
		err := w.DB.QueryRow(`DELETE FROM river_job WHERE id = (SELECT min(id) FROM river_job WHERE kind = $1) RETURNING id, args`, args.Resettle{}.Kind()).Scan(&id, &raw)
		if errors.Is(err, sql.ErrNoRows) {
			return chats
		}
		w.must(err)
		var job args.Resettle
		w.must(json.Unmarshal(raw, &job))
		n, err := w.App.ResettleChats(w.System("scheduler"), job.Since, job.AfterChat)
		w.must(err)
		chats += n
	}
}

// Register registers version 1 of an analyzer and enables it.
func (w *World) Register(name string, kinds, sides []string, labels map[string][]string) {
	w.t.Helper()
	w.RegisterVersion(name, "1", kinds, sides, labels)
}

// RegisterVersion registers a version of an analyzer and enables it.
func (w *World) RegisterVersion(name, version string, kinds, sides []string, labels map[string][]string) {
	w.t.Helper()
	_, err := w.App.RegisterAnalyzer(w.Operator(), app.RegisterAnalyzerInput{
		Name: name, Version: version, Path: "/opt/" + name, Checksum: "aa00000000000000000000000000000000000000000000000000000000000000",
		Kinds: kinds, Sides: sides, Labels: labels, Languages: []string{"uz-Latn", "uz-Cyrl", "ru", "en"}, State: entanalyzer.StateEnabled,
	})
	w.must(err)
}

// RegisterAudio registers a version of an analyzer that hears and enables it.
func (w *World) RegisterAudio(name, version string) {
	w.t.Helper()
	_, err := w.App.RegisterAnalyzer(w.Operator(), app.RegisterAnalyzerInput{
		Name: name, Version: version, Path: "/opt/" + name, Checksum: "aa00000000000000000000000000000000000000000000000000000000000000",
		Kinds: []string{"TRANSCRIPT"}, Audio: true, State: entanalyzer.StateEnabled,
	})
	w.must(err)
}

// Message is a text in a supergroup, from a user: staff if the Telegram id is somebody's. Its id is the next free one.
func (w *World) Message(chat, sender int64, at time.Time, text string) app.MessageInput {
	return app.MessageInput{
		Chat:       app.ChatInput{TelegramID: chat, Kind: "SUPERGROUP", Title: "Chat"},
		TelegramID: w.next.Add(1), Kind: "TEXT", SentAt: at, Text: text,
		Sender: app.SenderInput{Kind: app.FromUser, TelegramID: sender, Name: "Somebody"},
	}
}

// Say records a live message and returns its Telegram id.
func (w *World) Say(chat, sender int64, at time.Time, text string) int64 {
	w.t.Helper()
	m := w.Message(chat, sender, at, text)
	w.Record(m)
	return m.TelegramID
}

// Record records live messages one by one.
func (w *World) Record(messages ...app.MessageInput) {
	w.t.Helper()
	for _, m := range messages {
		_, err := w.App.RecordMessage(w.System("intake"), m)
		w.must(err)
	}
}

// Import records messages as one batch of history.
func (w *World) Import(messages ...app.MessageInput) app.Recorded {
	w.t.Helper()
	done, err := w.App.RecordMessages(w.System("intake"), messages)
	w.must(err)
	return done
}

// RunJobs works what is queued, and what that queues, until nothing is left, and returns how many jobs that were. A job that
// fails ends the test; TryJobs tells instead.
func (w *World) RunJobs() int {
	w.t.Helper()
	n, err := w.TryJobs()
	w.must(err)
	return n
}

// TryJobs is RunJobs, but stops at the first job that fails, which stays queued, and returns its error.
func (w *World) TryJobs() (int, error) {
	w.t.Helper()
	for n := 0; ; n++ {
		var id int64
		var kind string
		var raw []byte
		err := w.DB.QueryRow(`SELECT id, kind, args FROM river_job ORDER BY id LIMIT 1`).Scan(&id, &kind, &raw)
		if errors.Is(err, sql.ErrNoRows) {
			return n, nil
		}
		w.must(err)
		if err := w.work(kind, raw); err != nil {
			return n, err
		}
		_, err = w.DB.Exec(`DELETE FROM river_job WHERE id = $1`, id)
		w.must(err)
	}
}

func (w *World) work(kind string, raw []byte) error {
	switch kind {
	case args.AnalyzeMessages{}.Kind():
		var job args.AnalyzeMessages
		w.must(json.Unmarshal(raw, &job))
		return w.App.AnalyzeMessages(w.System("analyzer"), job)
	case args.Resettle{}.Kind():
		var job args.Resettle
		w.must(json.Unmarshal(raw, &job))
		_, err := w.App.ResettleChats(w.System("scheduler"), job.Since, job.AfterChat)
		return err
	case args.FetchFile{}.Kind():
		var job args.FetchFile
		w.must(json.Unmarshal(raw, &job))
		return w.App.FetchFile(w.System("intake"), job.AttachmentID)
	case args.RefreshKPIs{}.Kind():
		_, err := w.App.RefreshKpis(w.System("scheduler"))
		return err
	}
	w.t.Fatalf("a job of an unknown kind %q", kind)
	return nil
}

// Jobs counts the queued jobs of a kind and queue; either may be empty for any.
func (w *World) Jobs(kind, queue string) int {
	w.t.Helper()
	var n int
	w.must(w.DB.QueryRow(`SELECT count(*) FROM river_job WHERE $1 IN ('', kind) AND $2 IN ('', queue)`, kind, queue).Scan(&n))
	return n
}

// One runs a query of one row, for what tests look up behind the App's back.
func (w *World) One(query string, arguments []any, dest ...any) {
	w.t.Helper()
	w.must(w.DB.QueryRow(query, arguments...).Scan(dest...))
}
