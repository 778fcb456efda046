package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/domain/agreement"
)

// gateWindow is how far back feedback counts for the pay gate.
const gateWindow = 90 * 24 * time.Hour

// gateKey is one analyzer version's judgement of one kind in one language.
type gateKey struct {
	analyzer int
	kind     string
	language string
}

// gates are the judgements that people agree with well enough to be paid by.
type gates map[gateKey]bool

// readGates says what passes the pay gate at a moment, of one kind or of all (""): agreement with people over the 90 days
// before it (metrics.md, pay gate).
func (t *tx) readGates(ctx context.Context, at time.Time, kind string) (gates, error) {
	pairs, err := t.readPairs(ctx, at.Add(-gateWindow), at, kind, pairScope{})
	if err != nil {
		return nil, err
	}
	open := gates{}
	for key, list := range pairs {
		stats, err := agreement.Compute(list)
		if err != nil {
			return nil, err
		}
		open[key] = agreement.DefaultGate.Passes(stats)
	}
	return open, nil
}

// gateOpen tells whether an analyzer's needs-reply judgement counted when the waits were last settled.
func (r *roster) gateOpen(analyzer int, language string) bool {
	return slices.Contains(strings.Fields(r.replyGate), fmt.Sprintf("%d:%s", analyzer, language))
}

// replyGateOf writes the open needs-reply gates in one order.
func replyGateOf(open gates) string {
	var list []string
	for key, passes := range open {
		if !passes {
			continue
		}
		list = append(list, fmt.Sprintf("%d:%s", key.analyzer, key.language))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// RefreshReplyGate looks whether other needs-reply judgements pass the pay gate now than when the waits were last settled, and
// if so settles the waits of this month and the last anew. It returns how many chats that took.
func (a *App) RefreshReplyGate(ctx context.Context) (int, error) {
	if _, err := permit(ctx, "wait", "write"); err != nil {
		return 0, err
	}
	changed := false
	var since time.Time
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		open, err := t.readGates(ctx, t.at, "NEEDS_REPLY")
		if err != nil {
			return err
		}
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		since = t.at.AddDate(0, -2, 0)
		gate := replyGateOf(open)
		if changed = gate != r.replyGate; !changed {
			return nil
		}
		_, err = t.sql.ExecContext(ctx, `UPDATE companies SET reply_gate = $1`, gate)
		return err
	})
	if err != nil || !changed {
		return 0, err
	}
	return a.resettle(ctx, since)
}

// resettle settles every chat with customer messages since a moment, a few at a time so that live traffic gets between.
func (a *App) resettle(ctx context.Context, since time.Time) (int, error) {
	const chatsPerStep = 50
	done, last := 0, 0
	for {
		n := 0
		err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
			n = 0
			r, err := t.roster(ctx)
			if err != nil {
				return err
			}
			var places touched
			const q = `
WITH chosen AS (SELECT DISTINCT chat_id FROM messages WHERE chat_id > $1 AND side = 'CUSTOMER' AND sent_at >= $2 ORDER BY chat_id LIMIT $3)
SELECT m.chat_id, m.thread, m.telegram_id, m.sent_at FROM messages m JOIN chosen USING (chat_id) WHERE m.side = 'CUSTOMER' AND m.sent_at >= $2`
			seen := map[int]bool{}
			err = t.each(ctx, q, []any{last, since, chatsPerStep}, func(scan scanner) error {
				var p place
				err := scan(&p.chat, &p.thread, &p.telegramID, &p.at)
				places = append(places, p)
				seen[p.chat] = true
				return err
			})
			if err != nil || len(places) == 0 {
				return err
			}
			n, last = len(seen), slices.Max(places.chats())
			return settle(ctx, t, r, places)
		})
		if err != nil || n == 0 {
			return done, err
		}
		done += n
	}
}
