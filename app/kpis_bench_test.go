package app_test

import (
	"database/sql"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/ent/postgres/postgrestest"
)

// largeMonth is a company of 200 people in 10 teams, with 1 000 000 messages of September 2026 in 20 000 chats: 500 000
// customer messages, each answered after some minutes, in some conversations a chat. Every customer message has a
// needs-reply and a sentiment judgement, every reply a score.
var largeMonth = []string{
	`INSERT INTO companies (singleton, name, timezone, currency, language) VALUES (1, 'Large', 'Asia/Tashkent', 'UZS', 'uz')`,
	`INSERT INTO schedules (id, name) VALUES (1, 'day')`,
	`INSERT INTO schedule_versions (schedule_id, "from", timezone, hours)
	 VALUES (1, '2026-01-01', 'Asia/Tashkent', '{"days": {"mon-sat": ["09:00-13:00", "14:00-18:00"]}, "holidays": [], "exceptions": {}}')`,
	`INSERT INTO teams (id, name, schedule_id, reply_target_seconds) SELECT i, 'team ' || i, 1, 900 FROM generate_series(1, 10) i`,
	`INSERT INTO users (id, name, team_id, created_at) SELECT i, 'person ' || i, 1 + i % 10, now() FROM generate_series(1, 200) i`,
	`INSERT INTO employments (user_id, email, role, status, telegram_id, joined) SELECT i, i || '@large.uz', 'EMPLOYEE', 'ACTIVE', i, '2026-01-01' FROM generate_series(1, 200) i`,
	`INSERT INTO team_memberships (user_id, team_id, "from") SELECT i, 1 + i % 10, '2026-01-01' FROM generate_series(1, 200) i`,
	`INSERT INTO analyzers (id, name, version, checksum, path, kinds, languages, sides, state, created_at)
	 VALUES (1, 'all', '1', '', '', '["QUALITY", "SENTIMENT", "NEEDS_REPLY"]', '["ru"]', '["customer", "staff"]', 'ENABLED', '2026-01-01')`,
	`INSERT INTO kpis (key, title, value, floor, target, cap, weight, "from", removed) VALUES
	 ('speed', 'Speed', 'wait.median_business', 1800, 300, 100, 40, '2026-01', false), ('tail', 'Tail', 'wait.p90_business', 7200, 900, 100, 20, '2026-01', false),
	 ('within', 'Within', 'wait.within_target_rate * 100', 50, 95, 100, 20, '2026-01', false), ('quality', 'Quality', 'quality.mean', 40, 90, 100, 15, '2026-01', false),
	 ('mood', 'Mood', 'sentiment.mean', -1, 1, 100, 5, '2026-01', false)`,
	`INSERT INTO chats (id, mailbox, telegram_id, title, kind, team_id, team_set, assignee_id, assignee_set)
	 SELECT i, '', -i, 'chat ' || i, 'GROUP', 1 + (i % 200 + 1) % 10, false, i % 200 + 1, false FROM generate_series(1, 20000) i`,
	`INSERT INTO messages (id, chat_id, telegram_id, thread, side, kind, sender_id, sent_at, received_at, version)
	 SELECT (n - 1) * 20000 + c, c, n, 0, CASE n % 2 WHEN 1 THEN 'CUSTOMER' ELSE 'STAFF' END, 'TEXT', CASE n % 2 WHEN 0 THEN (c + n / 10) % 200 + 1 END,
	   timestamptz '2026-08-31 23:00+05' + make_interval(days => (n - 1) / 2 + 1, hours => 9 + n % 3, mins => c % 60, secs => (n % 2) * -900 + c * 7919 % 600), now() - interval '1 hour', 1
	 FROM generate_series(1, 50) n, generate_series(1, 20000) c`,
	`INSERT INTO waits (chat_id, thread, first_message_id, opens_with_id, closes_with_id, responder_id, first, opened_at, state, team_id, assignee_id)
	 SELECT m.chat_id, 0, m.id, m.id, m.id + 20000, a.sender_id, true, m.sent_at, 'WITHIN', c.team_id, c.assignee_id
	 FROM messages m JOIN messages a ON a.id = m.id + 20000 JOIN chats c ON c.id = m.chat_id WHERE m.side = 'CUSTOMER'`,
	`INSERT INTO message_contents (id, message_id, version, text, written_at, received_at) SELECT id, id, 1, 'words', sent_at, received_at FROM messages`,
	`INSERT INTO analyses (message_id, content_id, analyzer_id, kind, label, score, confidence, language, created_at)
	 SELECT m.id, m.id, 1, k.kind, CASE k.kind WHEN 'NEEDS_REPLY' THEN (ARRAY['yes', 'yes', 'no'])[1 + m.id % 3] ELSE (ARRAY['positive', 'neutral', 'negative'])[1 + m.id % 3] END,
	   0.5, 0.9, 'ru', m.received_at
	 FROM messages m, (VALUES ('NEEDS_REPLY'), ('SENTIMENT')) k (kind) WHERE m.side = 'CUSTOMER'`,
	`INSERT INTO analyses (message_id, content_id, analyzer_id, kind, label, score, confidence, language, created_at)
	 SELECT m.id, m.id, 1, 'QUALITY', 'good', 50 + m.id % 50, 0.9, 'ru', m.received_at FROM messages m WHERE m.side = 'STAFF'`,
	// Reviewers agree with the machine often enough for the pay gate.
	`INSERT INTO feedbacks (analysis_id, author_id, label, score, demo, created_at)
	 SELECT id, 1, label, score, false, now() - interval '30 minutes'
	 FROM (SELECT *, row_number() OVER (PARTITION BY kind ORDER BY id) AS place FROM analyses WHERE message_id < 1000) a WHERE place <= 40`,
	`ANALYZE`,
}

// BenchmarkComputeKpis is `finco kpi compute` for 200 people and 1 000 000 messages.
func BenchmarkComputeKpis(b *testing.B) {
	database := postgrestest.New(b)
	seed(b, database.OwnerPool(b), largeMonth)
	a := newApp(b, database.Pool(b))
	ctx := auth.With(b.Context(), auth.Actor{UserID: 1, Role: auth.RoleAdmin})
	for name, people := range map[string][]int{"everybody": nil, "one": {7}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ids, err := a.ComputeKpis(ctx, app.ComputeKpisInput{Period: "2026-09", People: people})
				if err != nil || len(ids) != 200 && len(ids) != len(people) {
					b.Fatalf("%d results, %v", len(ids), err)
				}
			}
		})
	}
}

func seed(t testing.TB, db *sql.DB, statements []string) {
	t.Helper()
	for _, q := range statements {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func newApp(t testing.TB, db *sql.DB) *app.App {
	t.Helper()
	a, err := app.New(app.Config{DB: db, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Secret: make([]byte, 32), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return a
}
