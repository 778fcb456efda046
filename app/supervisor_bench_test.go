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
// a team's day, and a look for whom to tell of 500 open waits.
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
		`UPDATE teams SET reply_target_seconds = 7200`, `ANALYZE`,
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
