package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fincokpi/finco/domain"
)

// spanRow is when a Telegram id is a person's.
type spanRow struct {
	TelegramID int64      `json:"telegram_id"`
	User       int        `json:"user_id"`
	Name       string     `json:"name"`
	From       time.Time  `json:"lo"`
	To         *time.Time `json:"hi"`
}

// handover is a person and a Telegram id: which they got, lose, or never had.
type handover struct {
	TelegramID int64 `json:"telegram_id"`
	User       int   `json:"user_id"`
}

// relinkSQL puts messages on the side where their sender was when they wrote. Messages on no side stay there, and so do those of people
// who had the id before and whom this does not concern: what they wrote is theirs.
const relinkSQL = `
WITH spans AS (SELECT * FROM jsonb_to_recordset($2) AS x(telegram_id bigint, user_id bigint, name text, lo timestamptz, hi timestamptz)),
wanted AS (
  SELECT m.id, s.user_id FROM messages m
  LEFT JOIN spans s ON s.telegram_id = m.sender_telegram_id AND m.sent_at >= s.lo AND (s.hi IS NULL OR m.sent_at < s.hi)
  WHERE m.sender_telegram_id = ANY($1) AND m.side <> 'NONE' AND m.sender_id IS DISTINCT FROM s.user_id
    AND (m.sender_id IS NULL OR (m.sender_telegram_id, m.sender_id) IN (SELECT h.telegram_id, h.user_id FROM jsonb_to_recordset($3) AS h(telegram_id bigint, user_id bigint)))),
strangers AS (
  INSERT INTO customers (telegram_id, name)
  SELECT DISTINCT ON (m.sender_telegram_id) m.sender_telegram_id, COALESCE(u.name, '')
  FROM wanted w JOIN messages m ON m.id = w.id LEFT JOIN users u ON u.id = m.sender_id
  WHERE w.user_id IS NULL ORDER BY m.sender_telegram_id, m.sent_at DESC
  ON CONFLICT (telegram_id) DO UPDATE SET name = COALESCE(NULLIF(customers.name, ''), EXCLUDED.name)
  RETURNING id, telegram_id)
UPDATE messages m SET
  side = CASE WHEN w.user_id IS NULL THEN 'CUSTOMER' ELSE 'STAFF' END, sender_id = w.user_id,
  customer_id = CASE WHEN w.user_id IS NULL THEN (SELECT s.id FROM strangers s WHERE s.telegram_id = m.sender_telegram_id) END
FROM wanted w WHERE m.id = w.id
RETURNING m.id, m.chat_id, m.thread, m.telegram_id, m.sent_at, m.side, COALESCE(m.sender_id, 0)`

// relinkChatsSQL keeps who is a customer where: those who still have messages there.
const relinkChatsSQL = `
WITH gone AS (
  DELETE FROM chat_customers c WHERE c.chat_id = ANY($1)
    AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.chat_id = c.chat_id AND m.customer_id = c.customer_id))
INSERT INTO chat_customers (chat_id, customer_id)
SELECT DISTINCT chat_id, customer_id FROM messages WHERE chat_id = ANY($1) AND customer_id IS NOT NULL
ON CONFLICT DO NOTHING`

// relink does what follows when Telegram ids changed hands. See tx.relink.
func (p *applying) relink(ctx context.Context, r *roster) error {
	n, err := p.tx.relink(ctx, r, p.moved, p.openSince)
	if n > 0 {
		p.note("message", "%d earlier messages changed sides", n)
	}
	return err
}

// relinkPerson is relink for one Telegram id that somebody got or never had, with what else follows from it.
func (t *tx) relinkPerson(ctx context.Context, one handover) (int, error) {
	if err := t.revise(ctx); err != nil {
		return 0, err
	}
	r, err := t.roster(ctx)
	if err != nil {
		return 0, err
	}
	openSince := domain.MonthOf(r.day(t.at)).Prev().First().In(r.zone)
	n, err := t.relink(ctx, r, []handover{one}, openSince)
	if err != nil {
		return 0, err
	}
	people := slices.Collect(maps.Keys(r.people))
	t.stale(r, t.at, people...)
	t.stale(r, openSince, people...)
	return n, nil
}

// relink gives the messages of Telegram ids that changed hands to whom they belong now, and settles the waits of this month and
// the last; those of earlier months stay as they are. It returns how many messages changed sides. Nobody records a message
// meanwhile: one that was taken by the roster of before would stay on its old side for ever.
func (t *tx) relink(ctx context.Context, r *roster, moved []handover, openSince time.Time) (int, error) {
	if len(moved) == 0 {
		return 0, nil
	}
	if _, err := t.sql.ExecContext(ctx, `SELECT pg_advisory_xact_lock(`+factsLock+`)`); err != nil {
		return 0, err
	}
	ids := make([]int, len(moved))
	for i, one := range moved {
		ids[i] = int(one.TelegramID)
	}
	changed, places, err := t.moveMessages(ctx, r, ids, moved)
	if err != nil || len(changed) == 0 {
		return 0, err
	}
	if _, err := t.sql.ExecContext(ctx, relinkChatsSQL, idArray(places.chats())); err != nil {
		return 0, err
	}
	_, err = t.sql.ExecContext(ctx, `DELETE FROM customers c WHERE telegram_id = ANY($1) AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.customer_id = c.id)`, idArray(ids))
	if err != nil {
		return 0, err
	}
	if _, err := t.sql.ExecContext(ctx, assignChatsSQL, idArray(places.chats()), r.firstTeam()); err != nil {
		return 0, err
	}
	t.emit(MessageReceived, changed...)
	if err := t.judgeAgain(ctx, r, changed); err != nil {
		return 0, err
	}
	return len(changed), settle(ctx, t, r, places.since(openSince))
}

// spans are when Telegram ids are whose.
func (r *roster) spans(ids []int) []spanRow {
	var out []spanRow
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		person := r.byTelegram[int64(id)]
		if person == nil {
			continue
		}
		s := spanRow{TelegramID: int64(id), User: person.ID, Name: person.Name, From: person.Joined.In(r.zone)}
		if person.Left != nil {
			end := person.Left.AddDays(1).In(r.zone)
			s.To = &end
		}
		out = append(out, s)
	}
	return out
}

func (t *tx) moveMessages(ctx context.Context, r *roster, ids []int, hands []handover) (moved []int, places touched, err error) {
	err = t.each(ctx, relinkSQL, []any{idArray(ids), asJSON(r.spans(ids)), asJSON(hands)}, func(scan scanner) error {
		var id, sender int
		var side string
		var at place
		if err := scan(&id, &at.chat, &at.thread, &at.telegramID, &at.at, &side, &sender); err != nil {
			return err
		}
		moved = append(moved, id)
		places = append(places, at)
		t.stale(r, at.at, sender)
		return nil
	})
	return moved, places, err
}

// judgeAgain asks the analyzers of the side where messages are now.
func (t *tx) judgeAgain(ctx context.Context, r *roster, messages []int) error {
	var contents []wordedContent
	const q = `
SELECT c.id, m.side FROM messages m JOIN message_contents c ON c.message_id = m.id AND c.version = m.version
WHERE m.id = ANY($1) AND COALESCE(NULLIF(c.text, ''), c.transcript, '') <> '' ORDER BY c.id`
	err := t.each(ctx, q, []any{idArray(messages)}, func(scan scanner) error {
		var c wordedContent
		err := scan(&c.id, &c.side)
		contents = append(contents, c)
		return err
	})
	if err != nil {
		return err
	}
	_, err = askAnalyzers(ctx, t, r, contents, bulk)
	return err
}

// since are the places from a moment on.
func (t touched) since(at time.Time) touched {
	var out touched
	for _, p := range t {
		if !p.at.Before(at) {
			out = append(out, p)
		}
	}
	return out
}
