package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/domain/agreement"
	"github.com/fincokpi/finco/jobs/args"
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
// if so has the waits of this month and the last settled anew. It tells whether it did.
func (a *App) RefreshReplyGate(ctx context.Context) (bool, error) {
	if _, err := permit(ctx, "wait", "write"); err != nil {
		return false, err
	}
	changed := false
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		open, err := t.readGates(ctx, t.at, "NEEDS_REPLY")
		if err != nil {
			return err
		}
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		gate := replyGateOf(open)
		if changed = gate != r.replyGate; !changed {
			return nil
		}
		if _, err := t.sql.ExecContext(ctx, `UPDATE companies SET reply_gate = $1`, gate); err != nil {
			return err
		}
		return t.resettle(ctx, t.at.AddDate(0, -2, 0))
	})
	return changed, err
}

// resettle has every chat with customer messages since a moment settled anew. The work waits in the queue from the same commit
// as what made it necessary, so that it is not lost with the process.
func (t *tx) resettle(ctx context.Context, since time.Time) error {
	return t.each(ctx, `SELECT 1 FROM messages WHERE side = 'CUSTOMER' AND sent_at >= $1 LIMIT 1`, []any{since}, func(scanner) error {
		t.enqueue(args.Resettle{Since: since}, nil)
		return nil
	})
}

// chatsPerStep is how many chats are settled in one transaction: few, so that live traffic gets between.
const chatsPerStep = 50

const resettleSQL = `
WITH chosen AS (SELECT DISTINCT chat_id FROM messages WHERE chat_id > $1 AND side = 'CUSTOMER' AND sent_at >= $2 ORDER BY chat_id LIMIT $3)
SELECT m.chat_id, m.thread, m.telegram_id, m.sent_at FROM messages m JOIN chosen USING (chat_id) WHERE m.side = 'CUSTOMER' AND m.sent_at >= $2`

// ResettleChats settles the next chats with customer messages since a moment, has those after them settled later, and returns
// how many it took.
func (a *App) ResettleChats(ctx context.Context, since time.Time, afterChat int) (int, error) {
	if _, err := permit(ctx, "wait", "write"); err != nil {
		return 0, err
	}
	n := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		n = 0
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		var places touched
		seen := map[int]bool{}
		err = t.each(ctx, resettleSQL, []any{afterChat, since, chatsPerStep}, func(scan scanner) error {
			var p place
			err := scan(&p.chat, &p.thread, &p.telegramID, &p.at)
			places = append(places, p)
			seen[p.chat] = true
			return err
		})
		if err != nil || len(places) == 0 {
			return err
		}
		if n = len(seen); n == chatsPerStep {
			t.enqueue(args.Resettle{Since: since, AfterChat: slices.Max(places.chats())}, nil)
		}
		return settle(ctx, t, r, places)
	})
	return n, err
}
