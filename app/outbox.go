package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/domain"
)

// Priority is which of the messages that wait goes first.
type Priority int

// The priorities; a lower one goes before all of the higher ones.
const (
	// PriorityReply is an answer to what somebody just did.
	PriorityReply Priority = iota
	// PriorityNotice is something that somebody should know soon.
	PriorityNotice
	// PriorityBroadcast is one of many.
	PriorityBroadcast
)

// OutgoingInput is something that the bot is to send.
type OutgoingInput struct {
	// Key is what it is: the same key again is the same message, and is sent once.
	Key string
	// Chat is where to, as the Bot API counts.
	Chat int64
	// UserID is the person it is for, who gets nothing once they have left; 0: whoever reads the chat.
	UserID int
	// BroadcastID is the broadcast it is part of; 0: none.
	BroadcastID int
	Priority    Priority
	// Method is the Bot API's: sendMessage, sendPhoto, sendDocument, editMessageText.
	Method string
	// Params are the method's, without chat_id, as JSON.
	Params json.RawMessage
	// File is what is uploaded with it as the parameter FileField, under FileName; nil: nothing.
	File                *StoredFile
	FileField, FileName string
	// NotBefore and ExpiresAt are when it may go and when it is no longer worth sending; zero: now, and always.
	NotBefore, ExpiresAt time.Time
}

func (in OutgoingInput) validate() error {
	switch {
	case in.Key == "" || len(in.Key) > 200:
		return domain.Errorf(domain.KindInvalid, "what is to be sent needs a key of at most 200 bytes")
	case in.Chat == 0:
		return domain.Errorf(domain.KindInvalid, "what is to be sent needs a chat")
	}
	field, known := methods[in.Method]
	switch {
	case !known:
		return domain.Errorf(domain.KindInvalid, "the outbox does not send by %s", clip(in.Method, 64))
	case (field != "") != (in.File != nil) || in.FileField != field:
		return domain.Errorf(domain.KindInvalid, "%s is sent with a file as its %q, and with no other", in.Method, field)
	}
	return nil
}

// outgoingRow is what is to be sent as the statement takes it.
type outgoingRow struct {
	Key         string          `json:"key"`
	Chat        int64           `json:"chat"`
	UserID      *int            `json:"user_id"`
	BroadcastID *int            `json:"broadcast_id"`
	Priority    Priority        `json:"priority"`
	Method      string          `json:"method"`
	Params      json.RawMessage `json:"params"`
	File        string          `json:"file"`
	FileField   string          `json:"file_field"`
	FileName    string          `json:"file_name"`
	NotBefore   time.Time       `json:"not_before"`
	ExpiresAt   *time.Time      `json:"expires_at"`
}

const putOutgoingSQL = `
INSERT INTO outgoings (key, chat, user_id, broadcast_id, priority, method, params, file, file_field, file_name, state, attempts, not_before, expires_at, fault, created_at)
SELECT key, chat, user_id, broadcast_id, priority, method, params, file, file_field, file_name, 'QUEUED', 0, not_before, expires_at, '', $2
FROM ROWS FROM (jsonb_to_recordset($1) AS (key text, chat bigint, user_id bigint, broadcast_id bigint, priority bigint, method text, params jsonb,
  file text, file_field text, file_name text, not_before timestamptz, expires_at timestamptz)) WITH ORDINALITY
  AS x(key, chat, user_id, broadcast_id, priority, method, params, file, file_field, file_name, not_before, expires_at, n)
ORDER BY n ON CONFLICT (key) DO NOTHING RETURNING id`

// Send puts messages into the outbox, from where they are sent as soon as Telegram's limits allow. It returns how many were new.
// For the bot.
func (a *App) Send(ctx context.Context, in ...OutgoingInput) (int, error) {
	if _, err := permit(ctx, "outbox", "write"); err != nil {
		return 0, err
	}
	n := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		var err error
		n, err = t.putOutgoing(ctx, in)
		return err
	})
	return n, err
}

func (t *tx) putOutgoing(ctx context.Context, in []OutgoingInput) (int, error) {
	var rows []outgoingRow
	for _, whole := range in {
		parts, err := whole.parts()
		if err != nil {
			return 0, err
		}
		for _, part := range parts {
			rows = append(rows, part.row(t.at))
		}
	}
	if len(rows) == 0 {
		return 0, nil
	}
	if err := t.mayWriteThere(ctx, in); err != nil {
		return 0, err
	}
	ids, err := t.ids(ctx, putOutgoingSQL, asJSON(rows), t.at)
	t.emit(OutboxChanged, ids...)
	return len(ids), err
}

func (in OutgoingInput) row(now time.Time) outgoingRow {
	row := outgoingRow{
		Key: in.Key, Chat: in.Chat, UserID: optional(in.UserID), BroadcastID: optional(in.BroadcastID), Priority: in.Priority, Method: in.Method,
		Params: cleanJSON(in.Params), FileField: in.FileField, FileName: clip(in.FileName, 200), NotBefore: in.NotBefore,
	}
	if in.NotBefore.IsZero() {
		row.NotBefore = now
	}
	if !in.ExpiresAt.IsZero() {
		row.ExpiresAt = &in.ExpiresAt
	}
	if in.File != nil {
		row.File = in.File.SHA256
	}
	return row
}

// unsent leaves out what is in the outbox already, whatever became of it.
func unsent[T any](ctx context.Context, t *tx, drafts []T, key func(T) string) ([]T, error) {
	if len(drafts) == 0 {
		return nil, nil
	}
	keys := make(pq.StringArray, len(drafts))
	for i, d := range drafts {
		keys[i] = key(d)
	}
	known, err := t.texts(ctx, `SELECT key FROM outgoings WHERE key = ANY($1)`, keys)
	if err != nil {
		return nil, err
	}
	sent := make(map[string]bool, len(known))
	for _, one := range known {
		sent[one] = true
	}
	var out []T
	for _, d := range drafts {
		if !sent[key(d)] {
			out = append(out, d)
		}
	}
	return out, nil
}
