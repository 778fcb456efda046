package app

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/ent/gen/outgoing"
)

// Outgoing is a message that is to be sent now.
type Outgoing struct {
	ID int
	// Chat is where to, as the Bot API counts.
	Chat int64
	// UserID is the person it is for, BroadcastID the broadcast it is part of; 0: nobody in particular, none.
	UserID, BroadcastID int
	Priority            Priority
	Method              string
	// Params are the method's, without chat_id and file, as JSON.
	Params json.RawMessage
	// File is the SHA-256 of what is uploaded as the parameter FileField, under FileName; empty: nothing.
	File, FileField, FileName string
	// Attempts is how often it was tried, this time included.
	Attempts int
}

// ClaimOutgoingInput says what a sender has room for.
type ClaimOutgoingInput struct {
	// Broadcasts are claimed alone, and all else without them: slow calls of the one must not take the other's room.
	Broadcasts bool
	// Limit is how many at most.
	Limit int
	// Except are chats to which nothing may be sent now.
	Except []int64
}

// candidatesSQL finds what is due, in order, and why something is not to be sent after all: too late; for somebody who has left, is
// blocked or has another account now; or no reply and for somebody whom the bot cannot reach.
const candidatesSQL = `
SELECT o.id, o.chat, CASE
  WHEN o.expires_at <= $1 THEN 'expired'
  WHEN o.user_id IS NOT NULL AND (e.id IS NULL OR e.status <> 'ACTIVE' OR e."left" < d.today) THEN 'gone'
  WHEN o.user_id IS NOT NULL AND o.chat > 0 AND e.telegram_id IS DISTINCT FROM o.chat THEN 'moved'
  WHEN o.priority > 0 AND o.chat > 0 AND e.unreachable_at IS NOT NULL THEN 'unreachable'
  ELSE '' END
FROM outgoings o LEFT JOIN employments e ON e.user_id = o.user_id
CROSS JOIN (SELECT ($1::timestamptz AT TIME ZONE COALESCE((SELECT timezone FROM companies), 'UTC'))::date::text AS today) d
WHERE o.state = 'QUEUED' AND o.not_before <= $1 AND o.chat <> ALL($2) AND `

var candidatesOf = map[bool]string{
	false: candidatesSQL + `o.priority < 2 ORDER BY o.priority, o.id LIMIT $3`,
	true: candidatesSQL + `o.priority >= 2 AND (o.broadcast_id IS NULL OR o.broadcast_id IN (SELECT id FROM broadcasts WHERE state = 'RUNNING'))
ORDER BY o.priority, o.id LIMIT $3`,
}

// verdicts are how a message ends that is not sent, by what candidatesSQL says.
var verdicts = map[string]struct {
	state outgoing.State
	fault string
}{
	"expired":     {outgoing.StateCancelled, "it was too late to send it"},
	"gone":        {outgoing.StateCancelled, "the person has left or is blocked"},
	"moved":       {outgoing.StateCancelled, "the person has another Telegram account now"},
	"unreachable": {outgoing.StateFailed, "the person has blocked the bot"},
}

const claimSQL = `
UPDATE outgoings SET state = 'SENDING', attempts = attempts + 1, fault = '' WHERE id = ANY($1) AND state = 'QUEUED'
RETURNING id, chat, COALESCE(user_id, 0), COALESCE(broadcast_id, 0), priority, method, COALESCE(params, '{}'), COALESCE(file, ''), COALESCE(file_field, ''),
  COALESCE(file_name, ''), attempts`

// ClaimOutgoing takes the messages that go next, at most one a chat, and marks them as being sent, which is committed when it returns.
// Within a chat they come by priority and then as they were put. What is not to be sent any more ends on the way. With an error come
// the ids of those that may be marked nevertheless: ReleaseOutgoing gives them back. For the bot's sender.
func (a *App) ClaimOutgoing(ctx context.Context, in ClaimOutgoingInput) ([]Outgoing, error) {
	if _, err := permit(ctx, "outbox", "write"); err != nil {
		return nil, err
	}
	for {
		picked, ended, err := a.candidates(ctx, in)
		if err != nil {
			return nil, err
		}
		dropped, err := a.dropOutgoing(ctx, ended)
		if err != nil {
			return nil, err
		}
		out, err := a.claim(ctx, picked)
		if err != nil {
			marked := make([]Outgoing, len(picked))
			for i, id := range picked {
				marked[i].ID = id
			}
			return marked, err
		}
		if len(out) > 0 || dropped == 0 {
			return out, nil
		}
	}
}

// ReleaseOutgoing gives back messages that were claimed and for which no call was made.
func (a *App) ReleaseOutgoing(ctx context.Context, ids []int) error {
	if _, err := permit(ctx, "outbox", "write"); err != nil {
		return err
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.sql.ExecContext(ctx, `UPDATE outgoings SET state = 'QUEUED' WHERE id = ANY($1) AND state = 'SENDING'`, idArray(ids))
		return err
	})
}

// candidates are the first message of each chat, and those that end unsent, by verdict. Each of a claim's statements stands alone, as
// it is made up to 25 times a second: what changes in between is seen by the next one, which changes only what is still queued.
func (a *App) candidates(ctx context.Context, in ClaimOutgoingInput) (picked []int, ended map[string][]int, err error) {
	ended = map[string][]int{}
	chats := map[int64]bool{}
	// A chat may have several in a row, of which one goes.
	window := 4*in.Limit + 16
	err = a.eachRow(ctx, candidatesOf[in.Broadcasts], []any{a.now(), append(pq.Int64Array{}, in.Except...), window}, func(scan scanner) error {
		var id int
		var chat int64
		var verdict string
		if err := scan(&id, &chat, &verdict); err != nil {
			return err
		}
		switch {
		case verdict != "":
			ended[verdict] = append(ended[verdict], id)
		case !chats[chat] && len(picked) < in.Limit:
			chats[chat] = true
			picked = append(picked, id)
		}
		return nil
	})
	return picked, ended, err
}

// eachRow runs one statement by itself and hands over its rows one by one.
func (a *App) eachRow(ctx context.Context, query string, args []any, row func(scanner) error) error {
	rows, err := a.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (a *App) dropOutgoing(ctx context.Context, ended map[string][]int) (int, error) {
	n := 0
	for verdict, ids := range ended {
		how := verdicts[verdict]
		done, err := a.db.ExecContext(ctx, `UPDATE outgoings SET state = $2, fault = $3, ended_at = $4 WHERE id = ANY($1) AND state = 'QUEUED'`,
			idArray(ids), string(how.state), how.fault, a.now())
		if err != nil {
			return n, err
		}
		dropped, err := done.RowsAffected()
		if err != nil {
			return n, err
		}
		n += int(dropped)
	}
	return n, nil
}

func (a *App) claim(ctx context.Context, ids []int) ([]Outgoing, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var out []Outgoing
	err := a.eachRow(ctx, claimSQL, []any{idArray(ids)}, func(scan scanner) error {
		var o Outgoing
		var params []byte
		err := scan(&o.ID, &o.Chat, &o.UserID, &o.BroadcastID, &o.Priority, &o.Method, &params, &o.File, &o.FileField, &o.FileName, &o.Attempts)
		o.Params = params
		out = append(out, o)
		return err
	})
	slices.SortFunc(out, func(x, y Outgoing) int { return cmp.Or(cmp.Compare(x.Priority, y.Priority), cmp.Compare(x.ID, y.ID)) })
	return out, err
}

// OutgoingEnd is what became of a claimed message.
type OutgoingEnd struct {
	ID int
	// State is SENT, FAILED, UNKNOWN, or QUEUED for one that certainly was not sent.
	State outgoing.State
	// TelegramID is the message's id in its chat, of one that was sent.
	TelegramID int64
	// Fault is why it failed, without words of the message.
	Fault string
	// Unreachable: the person cannot be written to. Until they write again they get replies only.
	Unreachable bool
}

// EndOutgoing keeps what became of a claimed message. One that another process meanwhile took for interrupted is known better here.
func (a *App) EndOutgoing(ctx context.Context, in OutgoingEnd) error {
	if _, err := permit(ctx, "outbox", "write"); err != nil {
		return err
	}
	fault := clip(in.Fault, 300)
	if in.State == outgoing.StateQueued {
		// One of a broadcast that ended meanwhile stays unknown: its report has gone out.
		_, err := a.db.ExecContext(ctx, `
UPDATE outgoings SET state = 'QUEUED', fault = $2, ended_at = NULL WHERE id = $1 AND (state = 'SENDING' OR state = 'UNKNOWN' AND broadcast_id IS NULL)`, in.ID, fault)
		return err
	}
	const q = `
UPDATE outgoings SET state = $2, telegram_id = NULLIF($3, 0), fault = $4, ended_at = $5 WHERE id = $1 AND state IN ('SENDING', 'UNKNOWN')`
	end := []any{in.ID, string(in.State), in.TelegramID, fault, a.now()}
	if !in.Unreachable {
		_, err := a.db.ExecContext(ctx, q, end...)
		return err
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.sql.ExecContext(ctx, q, end...); err != nil {
			return err
		}
		var person handover
		err := t.each(ctx, `SELECT chat, COALESCE(user_id, 0) FROM outgoings WHERE id = $1`, []any{in.ID}, func(scan scanner) error {
			return scan(&person.TelegramID, &person.User)
		})
		if err != nil {
			return err
		}
		return t.unreachable(ctx, person)
	})
}

// unreachable notes that a person cannot be written to where they have this Telegram id, and fails what waits for them but replies.
func (t *tx) unreachable(ctx context.Context, who handover) error {
	const q = `
WITH who AS (
  UPDATE employments e SET unreachable_at = COALESCE(e.unreachable_at, $3) WHERE e.user_id = $2 AND e.telegram_id = $1 RETURNING e.user_id, e.telegram_id)
UPDATE outgoings q SET state = 'FAILED', fault = $4, ended_at = $3 FROM who
WHERE q.chat = who.telegram_id AND q.user_id = who.user_id AND q.state = 'QUEUED' AND q.priority > 0`
	_, err := t.sql.ExecContext(ctx, q, who.TelegramID, who.User, t.at, verdicts["unreachable"].fault)
	return err
}

// KeepReachable keeps that somebody has blocked the bot, or has started it again, as Telegram tells: what waits for somebody who blocked
// it is not tried. Accounts that are nobody's are none of its business. For the bot.
func (a *App) KeepReachable(ctx context.Context, telegramID int64, reachable bool) error {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return err
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if reachable {
			return t.reachable(ctx, telegramID)
		}
		who := handover{TelegramID: telegramID}
		err := t.each(ctx, `SELECT user_id FROM employments WHERE telegram_id = $1`, []any{telegramID}, func(scan scanner) error { return scan(&who.User) })
		if err != nil || who.User == 0 {
			return err
		}
		return t.unreachable(ctx, who)
	})
}

// reachable notes that the person of an account can be written to.
func (t *tx) reachable(ctx context.Context, telegramID int64) error {
	_, err := t.sql.ExecContext(ctx, `UPDATE employments SET unreachable_at = NULL WHERE telegram_id = $1 AND unreachable_at IS NOT NULL`, telegramID)
	return err
}

// RecoverOutgoing ends what another sender left half-way: nobody can tell whether it arrived, so it is unknown and not sent again.
// An edit is tried again, because twice is the same as once. It returns how many are unknown. For the bot's sender, before it claims.
func (a *App) RecoverOutgoing(ctx context.Context) (int, error) {
	if _, err := permit(ctx, "outbox", "write"); err != nil {
		return 0, err
	}
	n := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.sql.ExecContext(ctx, `UPDATE outgoings SET state = 'QUEUED' WHERE state = 'SENDING' AND method LIKE 'edit%'`); err != nil {
			return err
		}
		ids, err := t.ids(ctx, `UPDATE outgoings SET state = 'UNKNOWN', fault = 'the server ended while it was being sent', ended_at = $1 WHERE state = 'SENDING' RETURNING id`, t.at)
		n = len(ids)
		return err
	})
	return n, err
}

// MoveOutgoing gives what waits for a group to the supergroup that it has become.
func (a *App) MoveOutgoing(ctx context.Context, from, to int64) error {
	if _, err := permit(ctx, "outbox", "write"); err != nil {
		return err
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.sql.ExecContext(ctx, `UPDATE outgoings SET chat = $2 WHERE chat = $1 AND state = 'QUEUED'`, from, to)
		return err
	})
}

// OpenOutgoing yields the file of a message that is to be sent. The caller closes it.
func (a *App) OpenOutgoing(ctx context.Context, sha256 string) (io.ReadCloser, error) {
	if _, err := permit(ctx, "outbox", "read"); err != nil {
		return nil, err
	}
	return a.files.Open(ctx, sha256)
}

// How long a message that has ended is kept: what it said, and that it was. Its key must outlast whatever could put it once more.
const (
	outgoingWordsFor = 30 * 24 * time.Hour
	outgoingFor      = 180 * 24 * time.Hour
)

// PruneOutbox forgets what was said 30 days ago, and after 180 days that anything was. What broadcasts came to stays.
func (a *App) PruneOutbox(ctx context.Context) error {
	if _, err := permit(ctx, "outbox", "write"); err != nil {
		return err
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		const words = `
UPDATE outgoings SET params = NULL, file = NULL, file_name = NULL
WHERE ended_at < $1 AND (params IS NOT NULL OR COALESCE(file, '') <> '' OR COALESCE(file_name, '') <> '')`
		if _, err := t.sql.ExecContext(ctx, words, t.at.Add(-outgoingWordsFor)); err != nil {
			return err
		}
		_, err := t.sql.ExecContext(ctx, `DELETE FROM outgoings WHERE ended_at < $1 AND broadcast_id IS NULL`, t.at.Add(-outgoingFor))
		return err
	})
}
