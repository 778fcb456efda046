package app

import (
	"context"
	"time"
)

// spanRow is when a Telegram id is a person's.
type spanRow struct {
	TelegramID int64      `json:"telegram_id"`
	User       int        `json:"user_id"`
	Name       string     `json:"name"`
	From       time.Time  `json:"lo"`
	To         *time.Time `json:"hi"`
}

// relinkSQL puts messages on the side where their sender was when they wrote. Messages on no side stay there.
const relinkSQL = `
WITH spans AS (SELECT * FROM jsonb_to_recordset($2) AS x(telegram_id bigint, user_id bigint, name text, lo timestamptz, hi timestamptz)),
wanted AS (
  SELECT m.id, s.user_id FROM messages m
  LEFT JOIN spans s ON s.telegram_id = m.sender_telegram_id AND m.sent_at >= s.lo AND (s.hi IS NULL OR m.sent_at < s.hi)
  WHERE m.sender_telegram_id = ANY($1) AND m.side <> 'NONE' AND m.sender_id IS DISTINCT FROM s.user_id),
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

// relink gives the messages of Telegram ids that changed hands to whom they belong now, and settles the waits of the months
// of this month and the last; those of earlier months stay as they are.
func (p *applying) relink(ctx context.Context, r *roster) error {
	if len(p.moved) == 0 {
		return nil
	}
	ids := make([]int, len(p.moved))
	var spans []spanRow
	for i, id := range p.moved {
		ids[i] = int(id)
		if person := r.byTelegram[id]; person != nil {
			s := spanRow{TelegramID: id, User: person.ID, Name: person.Name, From: person.Joined.In(r.zone)}
			if person.Left != nil {
				end := person.Left.AddDays(1).In(r.zone)
				s.To = &end
			}
			spans = append(spans, s)
		}
	}
	moved, places, err := p.moveMessages(ctx, r, ids, spans)
	if err != nil || len(moved) == 0 {
		return err
	}
	p.note("message", "%d earlier messages changed sides", len(moved))
	if _, err := p.sql.ExecContext(ctx, relinkChatsSQL, idArray(places.chats())); err != nil {
		return err
	}
	_, err = p.sql.ExecContext(ctx, `DELETE FROM customers c WHERE telegram_id = ANY($1) AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.customer_id = c.id)`, idArray(ids))
	if err != nil {
		return err
	}
	if _, err := p.sql.ExecContext(ctx, assignChatsSQL, idArray(places.chats()), r.firstTeam()); err != nil {
		return err
	}
	p.emit(MessageReceived, moved...)
	if err := p.judgeAgain(ctx, r, moved); err != nil {
		return err
	}
	return settle(ctx, p.tx, r, places.since(p.openSince))
}

func (p *applying) moveMessages(ctx context.Context, r *roster, ids []int, spans []spanRow) (moved []int, places touched, err error) {
	err = p.each(ctx, relinkSQL, []any{idArray(ids), asJSON(spans)}, func(scan scanner) error {
		var id, sender int
		var side string
		var at place
		if err := scan(&id, &at.chat, &at.thread, &at.telegramID, &at.at, &side, &sender); err != nil {
			return err
		}
		moved = append(moved, id)
		places = append(places, at)
		p.stale(r, at.at, sender)
		return nil
	})
	return moved, places, err
}

// judgeAgain asks the analyzers of the side where messages are now.
func (p *applying) judgeAgain(ctx context.Context, r *roster, messages []int) error {
	var contents []wordedContent
	const q = `
SELECT c.id, m.side FROM messages m JOIN message_contents c ON c.message_id = m.id AND c.version = m.version
WHERE m.id = ANY($1) AND COALESCE(NULLIF(c.text, ''), c.transcript, '') <> '' ORDER BY c.id`
	err := p.each(ctx, q, []any{idArray(messages)}, func(scan scanner) error {
		var c wordedContent
		err := scan(&c.id, &c.side)
		contents = append(contents, c)
		return err
	})
	if err != nil {
		return err
	}
	_, err = askAnalyzers(ctx, p.tx, r, contents, bulk)
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
