package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/ent/postgres/postgrestest"
)

// The people of an office; their Telegram ids are ten times these.
const (
	aziz   = 1 // employee, sales
	bek    = 2 // employee, sales
	chief  = 3 // admin, no salary
	amal   = 4 // accountant, no salary
	vali   = 5 // supervisor of sales
	client = 990
)

// office is a small company in UTC that works Monday to Friday, 09:00 to 18:00, with a reply target of 15 minutes. Its clock
// is the test's.
type office struct {
	*app.App
	t   testing.TB
	db  *sql.DB
	now time.Time
}

var officeRows = []string{
	`INSERT INTO companies (singleton, name, timezone, currency, language) VALUES (1, 'Office', 'UTC', 'UZS', 'en')`,
	`INSERT INTO schedules (id, name) VALUES (1, 'day')`,
	`INSERT INTO schedule_versions (schedule_id, "from", timezone, hours)
	 VALUES (1, '2026-01-01', 'UTC', '{"days": {"mon-fri": ["09:00-18:00"]}, "holidays": [], "exceptions": {}}')`,
	`INSERT INTO teams (id, name, schedule_id, reply_target_seconds) VALUES (1, 'sales', 1, 900), (2, 'back', 1, 900)`,
	`INSERT INTO users (id, name, team_id, created_at) VALUES (1, 'Aziz', 1, now()), (2, 'Bek', 1, now()), (3, 'Chief', 2, now()), (4, 'Amal', 2, now()), (5, 'Vali', 2, now())`,
	`UPDATE teams SET supervisor_id = 5 WHERE id = 1`,
	`INSERT INTO employments (user_id, email, role, status, telegram_id, joined)
	 SELECT id, lower(name) || '@office.uz', (ARRAY['EMPLOYEE', 'EMPLOYEE', 'ADMIN', 'ACCOUNTANT', 'SUPERVISOR'])[id], 'ACTIVE', id * 10, '2026-01-01' FROM users`,
	`INSERT INTO team_memberships (user_id, team_id, "from") SELECT id, team_id, '2026-01-01' FROM users`,
	`INSERT INTO analyzers (id, name, version, checksum, path, kinds, languages, sides, state, created_at)
	 VALUES (1, 'all', '1', '', '', '["QUALITY", "SENTIMENT", "NEEDS_REPLY"]', '["ru"]', '["customer", "staff"]', 'ENABLED', '2026-01-01')`,
	`INSERT INTO kpis (key, title, value, floor, target, cap, weight, "from", removed) VALUES
	 ('speed', 'Speed', 'wait.median_business', 3600, 0, 100, 60, '2026-01', false), ('quality', 'Quality', 'quality.mean', 0, 100, 100, 40, '2026-01', false)`,
}

func newOffice(t testing.TB, rows ...string) *office {
	t.Helper()
	database := postgrestest.New(t)
	o := &office{t: t, db: database.OwnerPool(t), now: at("2026-10-20 12:00")}
	for _, q := range append(officeRows, rows...) {
		o.exec(q)
	}
	a, err := app.New(app.Config{
		DB: database.Pool(t), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Secret: make([]byte, 32), Now: func() time.Time { return o.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	o.App = a
	return o
}

func (o *office) exec(q string, args ...any) {
	o.t.Helper()
	if _, err := o.db.ExecContext(o.t.Context(), q, args...); err != nil {
		o.t.Fatalf("%s: %v", q, err)
	}
}

// ask is one value of the database as text.
func (o *office) ask(q string, args ...any) string {
	o.t.Helper()
	var out sql.NullString
	if err := o.db.QueryRowContext(o.t.Context(), q, args...).Scan(&out); err != nil {
		o.t.Fatalf("%s: %v", q, err)
	}
	return out.String
}

func (o *office) as(user int, role string) context.Context {
	return auth.With(o.t.Context(), auth.Actor{UserID: user, Role: role, TeamIDs: map[int][]int{vali: {1}}[user]})
}

func (o *office) system(name string) context.Context {
	return auth.With(o.t.Context(), auth.System(name))
}

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

// say records a message in a chat; from is a person of the office, or client.
func (o *office) say(chat, id, from int, when string) {
	o.t.Helper()
	sender := app.SenderInput{Kind: app.FromUser, TelegramID: int64(from) * 10, Name: fmt.Sprint(from)}
	in := app.MessageInput{
		Chat: app.ChatInput{TelegramID: int64(chat), Kind: "GROUP"}, TelegramID: int64(id), Kind: "TEXT", Sender: sender, SentAt: at(when), Text: "words",
	}
	if _, err := o.RecordMessage(o.system("intake"), in); err != nil {
		o.t.Fatal(err)
	}
}

// judge stores what an analyzer said of a message, and returns the analysis.
func (o *office) judge(chat, id int, kind, label string, score any) string {
	o.t.Helper()
	return o.ask(`INSERT INTO analyses (message_id, content_id, analyzer_id, kind, label, score, confidence, language, created_at)
SELECT m.id, c.id, 1, $3, $4, $5, 0.9, 'ru', $6 FROM messages m JOIN message_contents c ON c.message_id = m.id JOIN chats h ON h.id = m.chat_id
WHERE h.telegram_id = $1 AND m.telegram_id = $2 RETURNING id`, chat, id, kind, label, score, o.now)
}

func (o *office) review(analysis, label string, score any) {
	o.t.Helper()
	o.exec(`INSERT INTO feedbacks (analysis_id, author_id, label, score, demo, created_at) VALUES ($1, 5, NULLIF($2, ''), $3, false, $4)`, analysis, label, score, o.now)
}
