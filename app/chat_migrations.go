package app

import (
	"context"

	"github.com/fincokpi/finco/domain"
)

// migratedShift is what is taken from the message ids of a basic group when it becomes a supergroup, whose own ids begin at 1.
// Telegram Desktop takes the same in its exports.
const migratedShift = 1_000_000_000

// supergroupIDs begin below this one, as the Bot API counts; between it and 0 are basic groups.
const supergroupIDs int64 = -1_000_000_000_000

// basicGroup tells whether a chat can be one that becomes a supergroup.
func (k chatKey) basicGroup() bool {
	return k.mailbox != "" && k.telegramID < 0 && k.telegramID > supergroupIDs
}

// MigrateChat makes a basic group of a mailbox the supergroup that Telegram made of it: its messages, waits, team and assignee go
// on there. What still comes with the old id belongs there from now on. Telling it again changes nothing. For the bot.
func (a *App) MigrateChat(ctx context.Context, mailbox string, oldID, newID int64) error {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return err
	}
	if !(chatKey{mailbox, oldID}).basicGroup() || newID >= supergroupIDs {
		return domain.Errorf(domain.KindInvalid, "chat %d of %q cannot have become chat %d", oldID, mailbox, newID)
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		known, err := t.migrations(ctx, []chatKey{{mailbox, oldID}})
		if err != nil || len(known) > 0 {
			return err
		}
		// Alone, so that nobody who looked for the migration before it was there writes to the old chat after.
		if _, err := t.sql.ExecContext(ctx, `SELECT pg_advisory_xact_lock(`+factsLock+`)`); err != nil {
			return err
		}
		t.at = t.app.now()
		made, err := t.ids(ctx, `
INSERT INTO chat_migrations (mailbox, telegram_id, new_telegram_id, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (mailbox, telegram_id) DO NOTHING RETURNING id`, mailbox, oldID, newID, t.at)
		if err != nil || len(made) == 0 {
			return err
		}
		// What waits to be sent goes to where the group is now.
		if _, err := t.sql.ExecContext(ctx, `UPDATE outgoings SET chat = $2 WHERE chat = $1 AND state = 'QUEUED'`, oldID, newID); err != nil {
			return err
		}
		return t.moveGroup(ctx, chatKey{mailbox, oldID}, newID)
	})
}

// moveGroup gives a chat its new key; a chat that has this key already becomes part of it.
func (t *tx) moveGroup(ctx context.Context, key chatKey, newID int64) error {
	var group, super int
	err := t.each(ctx, `
SELECT id, mailbox = '' FROM chats WHERE (mailbox, telegram_id) IN (($1, $2), ('', $3)) ORDER BY mailbox, telegram_id FOR UPDATE`,
		[]any{key.mailbox, key.telegramID, newID}, func(scan scanner) error {
			var id int
			var isNew bool
			err := scan(&id, &isNew)
			if isNew {
				super = id
			} else {
				group = id
			}
			return err
		})
	if err != nil || group == 0 {
		return err // nothing came from the group before
	}
	for _, q := range []string{
		`UPDATE messages SET telegram_id = telegram_id - $2, reply_to_telegram_id = reply_to_telegram_id - $2 WHERE chat_id = $1`,
		`UPDATE reactions SET message_telegram_id = message_telegram_id - $2 WHERE chat_id = $1`,
	} {
		if _, err := t.sql.ExecContext(ctx, q, group, migratedShift); err != nil {
			return err
		}
	}
	var places touched
	if super != 0 {
		if places, err = t.absorb(ctx, group, super); err != nil {
			return err
		}
	}
	if _, err := t.sql.ExecContext(ctx, `UPDATE chats SET mailbox = '', telegram_id = $2, kind = 'SUPERGROUP' WHERE id = $1`, group, newID); err != nil {
		return err
	}
	if len(places) == 0 {
		return nil
	}
	r, err := t.roster(ctx)
	if err != nil {
		return err
	}
	if _, err := t.sql.ExecContext(ctx, assignChatsSQL, idArray([]int{group}), r.firstTeam()); err != nil {
		return err
	}
	return settle(ctx, t, r, places)
}

// absorb moves everything of one chat into another and removes it. The places returned are those moved and the last one before
// them: a wait opened on one side may be answered on the other.
func (t *tx) absorb(ctx context.Context, into, from int) (touched, error) {
	var places touched
	add := func(scan scanner) error {
		p := place{chat: into}
		err := scan(&p.thread, &p.at, &p.telegramID)
		places = append(places, p)
		return err
	}
	const last = `SELECT thread, sent_at, telegram_id FROM messages WHERE chat_id = $1 AND side <> 'NONE' ORDER BY sent_at DESC, telegram_id DESC LIMIT 1`
	if err := t.each(ctx, last, []any{into}, add); err != nil {
		return nil, err
	}
	const moved = `UPDATE messages SET chat_id = $1 WHERE chat_id = $2 RETURNING thread, sent_at, telegram_id`
	if err := t.each(ctx, moved, []any{into, from}, add); err != nil {
		return nil, err
	}
	for _, q := range []string{
		`UPDATE waits SET chat_id = $1 WHERE chat_id = $2`,
		`UPDATE reactions SET chat_id = $1 WHERE chat_id = $2`,
		`INSERT INTO chat_customers (chat_id, customer_id) SELECT $1, customer_id FROM chat_customers WHERE chat_id = $2 ORDER BY customer_id ON CONFLICT DO NOTHING`,
		`UPDATE chats o SET title = COALESCE(NULLIF(n.title, ''), o.title),
  team_id = CASE WHEN n.team_set AND NOT o.team_set THEN n.team_id ELSE o.team_id END, team_set = o.team_set OR n.team_set,
  assignee_id = CASE WHEN n.assignee_set AND NOT o.assignee_set THEN n.assignee_id ELSE o.assignee_id END, assignee_set = o.assignee_set OR n.assignee_set
FROM chats n WHERE o.id = $1 AND n.id = $2`,
	} {
		if _, err := t.sql.ExecContext(ctx, q, into, from); err != nil {
			return nil, err
		}
	}
	_, err := t.sql.ExecContext(ctx, `DELETE FROM chats WHERE id = $1`, from) // and with it its list of customers
	return places, err
}

// migrations are the supergroups that basic groups have become.
func (t *tx) migrations(ctx context.Context, keys []chatKey) (map[chatKey]int64, error) {
	type row struct {
		Mailbox    string `json:"mailbox"`
		TelegramID int64  `json:"telegram_id"`
	}
	var rows []row
	asked := map[chatKey]bool{}
	for _, k := range keys {
		if k.basicGroup() && !asked[k] {
			asked[k] = true
			rows = append(rows, row{k.mailbox, k.telegramID})
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	out := map[chatKey]int64{}
	const q = `
SELECT m.mailbox, m.telegram_id, m.new_telegram_id
FROM chat_migrations m JOIN jsonb_to_recordset($1) AS x(mailbox text, telegram_id bigint) USING (mailbox, telegram_id)`
	err := t.each(ctx, q, []any{asJSON(rows)}, func(scan scanner) error {
		var key chatKey
		var to int64
		err := scan(&key.mailbox, &key.telegramID, &to)
		out[key] = to
		return err
	})
	return out, err
}

// moved gives messages of basic groups that have become supergroups the place where they belong now.
func (t *tx) moved(ctx context.Context, in []MessageInput) ([]MessageInput, error) {
	keys := make([]chatKey, len(in))
	for i, m := range in {
		keys[i] = m.chatKey()
	}
	to, err := t.migrations(ctx, keys)
	if err != nil || len(to) == 0 {
		return in, err
	}
	out := make([]MessageInput, len(in))
	for i, m := range in {
		if newID, ok := to[m.chatKey()]; ok {
			m.Chat = ChatInput{TelegramID: newID, Kind: "SUPERGROUP"} // its title may be an old one
			m.TelegramID -= migratedShift
			if m.ReplyTo != nil {
				before := *m.ReplyTo - migratedShift
				m.ReplyTo = &before
			}
		}
		out[i] = m
	}
	return out, nil
}

// movedChat is where the messages of a chat are now, and what is to be added to their ids.
func (t *tx) movedChat(ctx context.Context, key chatKey) (chatKey, int64, error) {
	to, err := t.migrations(ctx, []chatKey{key})
	if newID, ok := to[key]; ok {
		return chatKey{telegramID: newID}, -migratedShift, err
	}
	return key, 0, err
}
