package app_test

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/ent/postgres/postgrestest"
)

// BenchmarkSupervisors is what the bot does for supervisors in a company with 200 000 messages in a month: a card of the review queue,
// a team's day, and a look for whom to tell of 500 open waits, with 2 500 notices among the 50 000 messages of the last days.
func BenchmarkSupervisors(b *testing.B) {
	database := postgrestest.New(b)
	owner := database.OwnerPool(b)
	var month []string
	for _, q := range largeMonth {
		month = append(month, strings.ReplaceAll(q, "20000", "4000"))
	}
	seed(b, owner, append(month,
		`UPDATE employments SET role = 'SUPERVISOR' WHERE user_id = 10`, `UPDATE teams SET supervisor_id = 10 WHERE id = 1`,
		`INSERT INTO messages (id, chat_id, telegram_id, thread, side, kind, sent_at, received_at, version)
		 SELECT 900000 + c, c, 900, 0, 'CUSTOMER', 'TEXT', timestamptz '2026-09-29 10:00+05', now(), 1 FROM generate_series(1, 500) c`,
		`INSERT INTO waits (chat_id, thread, first_message_id, opens_with_id, first, opened_at, state, team_id, assignee_id, breaches_at)
		 SELECT c.id, 0, m.id, m.id, true, m.sent_at, 'OPEN', c.team_id, c.assignee_id, m.sent_at + interval '2 hours' FROM messages m JOIN chats c ON c.id = m.chat_id WHERE m.id > 900000`,
		`UPDATE teams SET reply_target_seconds = 7200`, `UPDATE waits SET breaches_at = opened_at + interval '15 minutes' WHERE breaches_at IS NULL`,
		`INSERT INTO outgoings (key, chat, user_id, priority, method, params, state, attempts, not_before, fault, created_at, ended_at, telegram_id)
		 SELECT CASE WHEN i % 20 = 0 THEN 'wait:' || i / 2 || ':past:10' ELSE 'update:' || i || ':0' END, 10, 10, 1, 'sendMessage', '{"text":"words"}', 'SENT', 1, now(), '', now(),
		   timestamptz '2026-09-29 10:30+05' - make_interval(secs => i), i FROM generate_series(1, 50000) i`,
		// They were changed when the waits were answered, all but the last ones.
		`INSERT INTO outgoings (key, chat, user_id, priority, method, params, state, attempts, not_before, fault, created_at, ended_at, telegram_id)
		 SELECT o.key || ':answered:' || w.closes_with_id, 10, 10, 1, 'editMessageText', '{"text":"words"}', 'SENT', 1, now(), '', now(), o.ended_at, o.telegram_id
		 FROM outgoings o JOIN waits w ON w.id = split_part(o.key, ':', 2)::bigint WHERE o.key LIKE 'wait:%'`,
		`VACUUM ANALYZE`,
	))
	at := apptest.At("2026-09-29 10:30")
	a, err := app.New(app.Config{DB: database.Pool(b), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Secret: make([]byte, 32), Now: func() time.Time { return at }})
	if err != nil {
		b.Fatal(err)
	}
	supervisor := auth.With(b.Context(), auth.Actor{UserID: 10, Role: auth.RoleSupervisor, TeamIDs: []int{1}, TeamID: 1})
	for name, do := range map[string]func() error{
		"review": func() error { _, err := a.NextReview(supervisor, app.NextReviewInput{}); return err },
		"team":   func() error { _, err := a.TeamDay(supervisor, app.TeamDayInput{}); return err },
		"look":   func() error { _, err := a.DueNotices(auth.With(b.Context(), auth.System("telegram"))); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
