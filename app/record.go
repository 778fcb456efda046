package app

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"
)

// recording is one batch of messages on its way into the records.
type recording struct {
	*tx
	how  pace
	done Recorded

	roster    *roster
	chats     map[chatKey]int
	customers map[int64]int
	members   []memberRow
	touched   touched
}

// memberRow is a customer who wrote in a chat.
type memberRow struct {
	ChatID     int  `json:"chat_id"`
	CustomerID *int `json:"customer_id"`
}

type chatKey struct {
	mailbox    string
	telegramID int64
}

func (in MessageInput) chatKey() chatKey { return chatKey{in.Chat.Mailbox, in.Chat.TelegramID} }

// run takes its locks in one order (chats by key), so that two batches never wait for each other in a circle.
func (r *recording) run(ctx context.Context, in []MessageInput) error {
	if err := r.writeFacts(ctx); err != nil {
		return err
	}
	in, err := r.moved(ctx, in)
	if err != nil {
		return err
	}
	in = oncePerMessage(in)
	if r.roster, err = r.tx.roster(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context, []MessageInput) error{r.putChats, r.putCustomers, r.putMessages, r.putFiles} {
		if err := step(ctx, in); err != nil {
			return err
		}
	}
	if len(r.touched) == 0 {
		return nil
	}
	if err := r.assignChats(ctx); err != nil {
		return err
	}
	return settle(ctx, r.tx, r.roster, r.touched)
}

// oncePerMessage keeps the last of each message, in the order of the chats' keys and the messages' times.
func oncePerMessage(in []MessageInput) []MessageInput {
	type key struct {
		chatKey
		id int64
	}
	newest := make(map[key]MessageInput, len(in))
	for _, m := range in {
		newest[key{m.chatKey(), m.TelegramID}] = m
	}
	out := make([]MessageInput, 0, len(newest))
	for _, m := range newest {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b MessageInput) int {
		return cmp.Or(cmp.Compare(a.Chat.Mailbox, b.Chat.Mailbox), cmp.Compare(a.Chat.TelegramID, b.Chat.TelegramID),
			a.SentAt.Compare(b.SentAt), cmp.Compare(a.TelegramID, b.TelegramID))
	})
	return out
}

// putChats makes the chats that are missing and holds the rows until commit: whoever settles a chat does it alone.
func (r *recording) putChats(ctx context.Context, in []MessageInput) error {
	type row struct {
		Mailbox    string `json:"mailbox"`
		TelegramID int64  `json:"telegram_id"`
		Kind       string `json:"kind"`
		Title      string `json:"title"`
		Holder     *int   `json:"holder"`
	}
	var rows []row
	r.chats = map[chatKey]int{}
	for _, m := range in {
		if _, ok := r.chats[m.chatKey()]; !ok {
			r.chats[m.chatKey()] = 0
			rows = append(rows, row{m.Chat.Mailbox, m.Chat.TelegramID, m.Chat.Kind, clip(m.Chat.Title, 512), r.holder(m.Chat)})
		}
	}
	const q = `
WITH input AS (SELECT * FROM jsonb_to_recordset($1) AS x(mailbox text, telegram_id bigint, kind text, title text, holder bigint)),
made AS (
  INSERT INTO chats (mailbox, telegram_id, kind, title, team_set, assignee_set, assignee_id)
  SELECT mailbox, telegram_id, kind, title, false, holder IS NOT NULL, holder FROM input ORDER BY mailbox, telegram_id
  ON CONFLICT (mailbox, telegram_id) DO UPDATE SET title = COALESCE(NULLIF(EXCLUDED.title, ''), chats.title),
    assignee_set = chats.assignee_set OR EXCLUDED.assignee_set,
    assignee_id = CASE WHEN EXCLUDED.assignee_set AND (NOT chats.assignee_set
        OR EXISTS (SELECT 1 FROM employments e WHERE e.user_id = chats.assignee_id AND e.status = 'LEFT'))
      THEN EXCLUDED.assignee_id ELSE chats.assignee_id END
  RETURNING id, mailbox, telegram_id)
SELECT id, mailbox, telegram_id FROM made`
	return r.each(ctx, q, []any{asJSON(rows)}, func(scan scanner) error {
		var id int
		var key chatKey
		if err := scan(&id, &key.mailbox, &key.telegramID); err != nil {
			return err
		}
		r.chats[key] = id
		return nil
	})
}

// holder is whom a chat of somebody's own account is assigned to; nil if it is none.
func (r *recording) holder(chat ChatInput) *int {
	if p := r.roster.byTelegram[chat.Holder]; p != nil {
		return &p.ID
	}
	return nil
}

func (r *recording) putCustomers(ctx context.Context, in []MessageInput) error {
	type row struct {
		TelegramID int64  `json:"telegram_id"`
		Name       string `json:"name"`
		Username   string `json:"username"`
	}
	seen := map[int64]row{}
	for _, m := range in {
		if side, _ := r.roster.sideOf(m); side == sideCustomer {
			seen[m.Sender.TelegramID] = row{m.Sender.TelegramID, clip(m.Sender.Name, 512), clip(m.Sender.Username, 64)}
		}
	}
	rows := make([]row, 0, len(seen))
	for _, c := range seen {
		rows = append(rows, c)
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.TelegramID, b.TelegramID) })
	r.customers = map[int64]int{}
	const q = `
WITH input AS (SELECT * FROM jsonb_to_recordset($1) AS x(telegram_id bigint, name text, username text))
INSERT INTO customers (telegram_id, name, username) SELECT telegram_id, name, username FROM input ORDER BY telegram_id
ON CONFLICT (telegram_id) DO UPDATE SET
  name = COALESCE(NULLIF(EXCLUDED.name, ''), customers.name), username = COALESCE(NULLIF(EXCLUDED.username, ''), customers.username)
RETURNING id, telegram_id, xmax = 0`
	return r.each(ctx, q, []any{asJSON(rows)}, func(scan scanner) error {
		var id int
		var telegramID int64
		var isNew bool
		if err := scan(&id, &telegramID, &isNew); err != nil {
			return err
		}
		r.customers[telegramID] = id
		if isNew {
			r.done.Customers++
		}
		return nil
	})
}

// messageRow is a message as the statement below takes it.
type messageRow struct {
	ChatID      int             `json:"chat_id"`
	TelegramID  int64           `json:"telegram_id"`
	Thread      int64           `json:"thread"`
	Side        string          `json:"side"`
	Kind        string          `json:"kind"`
	SenderID    *int            `json:"sender_id"`
	CustomerID  *int            `json:"customer_id"`
	SenderTgID  *int64          `json:"sender_telegram_id"`
	SentAt      time.Time       `json:"sent_at"`
	EditedAt    *time.Time      `json:"edited_at"`
	ReplyTo     *int64          `json:"reply_to_telegram_id"`
	Text        string          `json:"text"`
	Transcript  *string         `json:"transcript"`
	Entities    json.RawMessage `json:"entities"`
	Attachments json.RawMessage `json:"attachments"`
	Edit        bool            `json:"edit"`
}

func (r *recording) row(m MessageInput) messageRow {
	side, person := r.roster.sideOf(m)
	row := messageRow{
		ChatID: r.chats[m.chatKey()], TelegramID: m.TelegramID, Thread: m.Thread, Side: side, Kind: m.Kind,
		SentAt: m.SentAt.UTC().Truncate(time.Second), EditedAt: m.EditedAt, ReplyTo: m.ReplyTo,
		Text: cleanText(m.Text), Entities: cleanJSON(m.Entities), Attachments: cleanJSON(m.Attachments), Edit: m.Edit,
	}
	if m.Transcript != "" {
		words := cleanText(m.Transcript)
		row.Transcript = &words
	}
	if m.EditedAt != nil && !believable(*m.EditedAt) {
		row.EditedAt = nil
	}
	if person != 0 {
		row.SenderID = &person
	}
	if id, ok := r.customers[m.Sender.TelegramID]; ok && side == sideCustomer {
		row.CustomerID = &id
	}
	if m.Sender.Kind == FromUser {
		row.SenderTgID = &m.Sender.TelegramID
	}
	return row
}

// putMessagesSQL stores new messages with their first version, and another version of those whose newest words differ and are
// older: what was edited before them (an old export after a newer one, an update that comes twice) is not a change, and of two
// edits in the same second one with words known before is not. Words that say nothing of an edit are those before any.
const putMessagesSQL = `
WITH input AS (
  SELECT * FROM jsonb_to_recordset($1) AS x(chat_id bigint, telegram_id bigint, thread bigint, side text, kind text,
    sender_id bigint, customer_id bigint, sender_telegram_id bigint, sent_at timestamptz, edited_at timestamptz,
    reply_to_telegram_id bigint, text text, transcript text, entities jsonb, attachments jsonb, edit boolean)),
made AS (
  INSERT INTO messages (chat_id, telegram_id, thread, side, kind, sender_id, customer_id, sender_telegram_id, sent_at, edited_at,
    received_at, reply_to_telegram_id, version)
  SELECT chat_id, telegram_id, thread, side, kind, sender_id, customer_id, sender_telegram_id, sent_at, edited_at, $2, reply_to_telegram_id, 1
  FROM input i WHERE NOT edit OR EXISTS (SELECT 1 FROM messages o WHERE o.chat_id = i.chat_id AND o.telegram_id <= i.telegram_id)
  ON CONFLICT (chat_id, telegram_id) DO NOTHING
  RETURNING id, chat_id, telegram_id),
known AS (
  SELECT m.id, m.version, i.*, EXISTS (SELECT 1 FROM message_contents c WHERE c.message_id = m.id AND c.text = i.text) AS seen
  FROM input i JOIN messages m ON m.chat_id = i.chat_id AND m.telegram_id = i.telegram_id
  JOIN message_contents newest ON newest.message_id = m.id AND newest.version = m.version
  WHERE newest.text <> i.text),
edited AS (
  UPDATE messages m SET version = k.version + 1, edited_at = COALESCE(k.edited_at, $2)
  FROM known k
  WHERE m.id = k.id AND CASE WHEN k.edited_at IS NULL THEN m.edited_at IS NULL AND NOT k.seen
    ELSE k.edited_at > COALESCE(m.edited_at, m.sent_at) OR (k.edited_at = COALESCE(m.edited_at, m.sent_at) AND NOT k.seen) END
  RETURNING m.id, m.chat_id, m.telegram_id, m.version),
stored AS (
  SELECT id, chat_id, telegram_id, 1 AS version FROM made UNION ALL SELECT id, chat_id, telegram_id, version FROM edited),
contents AS (
  INSERT INTO message_contents (message_id, version, text, transcript, entities, attachments, written_at, received_at)
  SELECT s.id, s.version, i.text, i.transcript, i.entities, i.attachments,
    CASE WHEN s.version = 1 THEN i.sent_at ELSE COALESCE(i.edited_at, $2) END, $2
  FROM stored s JOIN input i USING (chat_id, telegram_id)
  RETURNING id, message_id, version, text <> '' OR transcript IS NOT NULL AS worded)
SELECT s.id, c.id, c.version, c.worded, i.chat_id, i.thread, i.telegram_id, i.sent_at,
  COALESCE((SELECT m.side FROM messages m WHERE m.id = s.id), i.side), COALESCE(i.sender_id, 0)
FROM stored s JOIN input i USING (chat_id, telegram_id) JOIN contents c ON c.message_id = s.id
ORDER BY i.chat_id, i.sent_at, i.telegram_id`

func (r *recording) putMessages(ctx context.Context, in []MessageInput) error {
	rows := make([]messageRow, len(in))
	r.members = make([]memberRow, len(in))
	for i, m := range in {
		rows[i] = r.row(m)
		r.members[i] = memberRow{rows[i].ChatID, rows[i].CustomerID}
	}
	var messages []int
	var words []wordedContent
	err := r.each(ctx, putMessagesSQL, []any{asJSON(rows), r.at}, func(scan scanner) error {
		var messageID, version, sender int
		var content wordedContent
		var place place
		var worded bool
		if err := scan(&messageID, &content.id, &version, &worded, &place.chat, &place.thread, &place.telegramID, &place.at, &content.side, &sender); err != nil {
			return err
		}
		if version == 1 {
			r.done.New++
			r.touched = append(r.touched, place)
			r.stale(r.roster, place.at, sender) // what somebody sent counts even if it closes nothing
		} else {
			r.done.Edited++
		}
		messages = append(messages, messageID)
		if worded && content.side != sideNone {
			words = append(words, content)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.emit(MessageReceived, messages...)
	r.done.Analyses, err = askAnalyzers(ctx, r.tx, r.roster, words, r.how)
	return err
}

// assignChatsSQL gives chats their team and assignee where nobody set them.
const assignChatsSQL = `
WITH touched AS (SELECT DISTINCT unnest($1::bigint[]) AS id)
UPDATE chats c SET
  team_id = CASE WHEN c.team_set THEN c.team_id ELSE COALESCE(
    (SELECT u.team_id FROM messages m JOIN users u ON u.id = m.sender_id
     WHERE m.chat_id = c.id AND m.side = 'STAFF' AND u.team_id IS NOT NULL ORDER BY m.sent_at, m.telegram_id LIMIT 1),
    (SELECT u.team_id FROM users u WHERE u.id = c.assignee_id AND c.assignee_set AND c.kind = 'PRIVATE'), $2) END,
  assignee_id = CASE WHEN c.assignee_set THEN c.assignee_id ELSE
    (SELECT m.sender_id FROM messages m WHERE m.chat_id = c.id AND m.side = 'STAFF' AND m.sender_id IS NOT NULL
     ORDER BY m.sent_at DESC, m.telegram_id DESC LIMIT 1) END
FROM touched t WHERE t.id = c.id`

func (r *recording) assignChats(ctx context.Context) error {
	if _, err := r.sql.ExecContext(ctx, assignChatsSQL, idArray(r.touched.chats()), r.roster.firstTeam()); err != nil {
		return err
	}
	_, err := r.sql.ExecContext(ctx, `
INSERT INTO chat_customers (chat_id, customer_id)
SELECT DISTINCT chat_id, customer_id FROM jsonb_to_recordset($1) AS x(chat_id bigint, customer_id bigint) WHERE customer_id IS NOT NULL
ORDER BY 1, 2 ON CONFLICT DO NOTHING`, asJSON(r.members))
	return err
}
