package app

import (
	"context"
	"fmt"
)

// BroadcastProgress is how far a broadcast is.
type BroadcastProgress struct {
	// Recipients are those for whom there is a message; the other counts are of these by what became of it. Queued wait or are on
	// their way; Unknown may have arrived or not, and are not sent again.
	Recipients, Sent, Failed, Unknown, Cancelled, Queued int
}

// BroadcastProgress is how far broadcasts are, by id; a draft has no recipients yet. Absent: there is none of that id.
func (a *App) BroadcastProgress(ctx context.Context, ids ...int) (map[int]BroadcastProgress, error) {
	if _, err := permit(ctx, "broadcast", "read"); err != nil {
		return nil, err
	}
	out := map[int]BroadcastProgress{}
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		const q = `
SELECT b.id, count(o.id), count(o.id) FILTER (WHERE o.state = 'SENT'), count(o.id) FILTER (WHERE o.state = 'FAILED'), count(o.id) FILTER (WHERE o.state = 'UNKNOWN'),
  count(o.id) FILTER (WHERE o.state = 'CANCELLED'), count(o.id) FILTER (WHERE o.state IN ('QUEUED', 'SENDING'))
FROM broadcasts b LEFT JOIN outgoings o ON o.broadcast_id = b.id WHERE b.id = ANY($1) GROUP BY b.id`
		return t.each(ctx, q, []any{idArray(ids)}, func(scan scanner) error {
			var id int
			var p BroadcastProgress
			err := scan(&id, &p.Recipients, &p.Sent, &p.Failed, &p.Unknown, &p.Cancelled, &p.Queued)
			out[id] = p
			return err
		})
	})
	return out, err
}

// Reason is why some messages of a broadcast did not arrive.
type Reason struct {
	Text  string
	Count int
}

// BroadcastReasons is why messages of a broadcast failed or were cancelled, the most frequent first, at most ten.
func (a *App) BroadcastReasons(ctx context.Context, id int) ([]Reason, error) {
	if _, err := permit(ctx, "broadcast", "read"); err != nil {
		return nil, err
	}
	var out []Reason
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		const q = `
SELECT fault, count(*) FROM outgoings WHERE broadcast_id = $1 AND state IN ('FAILED', 'CANCELLED') GROUP BY fault ORDER BY count(*) DESC, fault LIMIT 10`
		return t.each(ctx, q, []any{id}, func(scan scanner) error {
			var r Reason
			err := scan(&r.Text, &r.Count)
			out = append(out, r)
			return err
		})
	})
	return out, err
}

// EndedBroadcast is one whose author has not been told yet.
type EndedBroadcast struct {
	ID int
	// TelegramID is the author's.
	TelegramID int64
	// Key is the report's in the outbox.
	Key string
}

// SettleBroadcasts ends the broadcasts of which nothing is left to send, and returns those whose report is still to be put into
// the outbox. For the bot's sender, every now and then.
func (a *App) SettleBroadcasts(ctx context.Context) ([]EndedBroadcast, error) {
	if _, err := permit(ctx, "broadcast", "write"); err != nil {
		return nil, err
	}
	var out []EndedBroadcast
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		if err := t.cancelQueued(ctx); err != nil {
			return err
		}
		const end = `
UPDATE broadcasts b SET state = 'DONE', ended_at = $1
WHERE b.state = 'RUNNING' AND NOT EXISTS (SELECT FROM outgoings o WHERE o.broadcast_id = b.id AND o.state IN ('QUEUED', 'SENDING'))`
		if _, err := t.sql.ExecContext(ctx, end, t.at); err != nil {
			return err
		}
		const ended = `
SELECT b.id, e.telegram_id FROM broadcasts b JOIN employments e ON e.user_id = b.author_id
WHERE b.state IN ('DONE', 'CANCELLED') AND b.started_at IS NOT NULL AND b.ended_at > $1 AND e.telegram_id IS NOT NULL AND e.status = 'ACTIVE'
  AND NOT EXISTS (SELECT FROM outgoings o WHERE o.key = 'broadcast:' || b.id || ':report')
  AND NOT EXISTS (SELECT FROM outgoings o WHERE o.broadcast_id = b.id AND o.state IN ('QUEUED', 'SENDING')) ORDER BY b.id`
		return t.each(ctx, ended, []any{t.at.Add(-reportWithin)}, func(scan scanner) error {
			var b EndedBroadcast
			err := scan(&b.ID, &b.TelegramID)
			b.Key = fmt.Sprintf("broadcast:%d:report", b.ID)
			out = append(out, b)
			return err
		})
	})
	return out, err
}

// SentMessage is a message of the bot's in a chat.
type SentMessage struct{ Chat, ID int64 }

// MessagesWithButton are the messages that the bot wrote or changed since a broadcast began, and that had a button with such data then.
func (a *App) MessagesWithButton(ctx context.Context, broadcastID int, data string) ([]SentMessage, error) {
	if _, err := permit(ctx, "broadcast", "write"); err != nil {
		return nil, err
	}
	var out []SentMessage
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		const q = `
SELECT DISTINCT chat, id FROM (
  SELECT chat, CASE method WHEN 'sendMessage' THEN telegram_id ELSE (params->>'message_id')::bigint END AS id FROM outgoings
  WHERE id > (SELECT min(id) FROM outgoings WHERE broadcast_id = $1) AND broadcast_id IS NULL AND method IN ('sendMessage', 'editMessageText')
    AND position($2 IN params->>'reply_markup') > 0
) x WHERE id IS NOT NULL ORDER BY chat, id`
		return t.each(ctx, q, []any{broadcastID, `"` + data + `"`}, func(scan scanner) error {
			var m SentMessage
			err := scan(&m.Chat, &m.ID)
			out = append(out, m)
			return err
		})
	})
	return out, err
}
