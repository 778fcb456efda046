package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/fincokpi/finco/domain"
)

// ChatInput is where a message was written.
type ChatInput struct {
	// Mailbox is the account whose message ids count; empty for supergroups and channels, whose ids are global.
	Mailbox    string
	TelegramID int64
	// Kind is PRIVATE, GROUP, SUPERGROUP or CHANNEL.
	Kind  string
	Title string
	// Holder is the Telegram id of whose account it is a chat of, where only they can answer: the chat is assigned to them, unless it was
	// assigned before to somebody who has not left. 0: whoever answers is the assignee.
	Holder int64
}

// SenderKind says in whose name a message was written.
type SenderKind string

// The kinds of sender.
const (
	FromUser SenderKind = "user"
	// FromChat is the chat itself or its linked channel: an anonymous admin, staff without a person.
	FromChat SenderKind = "chat"
	// FromNobody is a bot, a service message or an automatic forward: on no side.
	FromNobody SenderKind = "nobody"
)

// SenderInput is who wrote a message.
type SenderInput struct {
	Kind       SenderKind
	TelegramID int64
	Name       string
	Username   string
}

// MessageInput is one message as it came in, from whichever door.
type MessageInput struct {
	Chat       ChatInput
	TelegramID int64
	Thread     int64
	// Kind is a kind of the message record: TEXT, VOICE, …
	Kind   string
	Sender SenderInput
	SentAt time.Time
	// EditedAt is when these words were written, nil for the first ones; a time that cannot be is taken for nil.
	EditedAt *time.Time
	// Edit tells that it came because it was edited. Where nothing older than it is known of its chat, it is from before anybody
	// listened there: whether it was answered cannot be known, and it is not recorded.
	Edit    bool
	ReplyTo *int64
	Text    string
	// Transcript is what a voice note says, where the door knows it; else speech to text will find out.
	Transcript string
	// Entities and Attachments are JSON as the door found them; nil without.
	Entities    json.RawMessage
	Attachments json.RawMessage
	// Files are those of its attachments that the store has; see KeepFile.
	Files []FileInput
}

// maxTextBytes is far above Telegram's 4 096 characters; what is longer did not come from it.
const maxTextBytes = 1 << 20

func (m MessageInput) validate() error {
	switch {
	case m.Chat.TelegramID == 0:
		return domain.Errorf(domain.KindInvalid, "a message without a chat id")
	case m.TelegramID <= 0:
		return domain.Errorf(domain.KindInvalid, "a message without an id")
	case !believable(m.SentAt):
		return domain.Errorf(domain.KindInvalid, "message %d has no believable time", m.TelegramID)
	case m.Sender.Kind == FromUser && m.Sender.TelegramID == 0:
		return domain.Errorf(domain.KindInvalid, "message %d has no sender id", m.TelegramID)
	case len(m.Text) > maxTextBytes:
		return domain.Errorf(domain.KindInvalid, "message %d has a text of more than 1 MiB", m.TelegramID)
	}
	for _, f := range m.Files {
		if err := f.validate(); err != nil {
			return err
		}
	}
	return nil
}

// Telegram began in 2013; Postgres and the clock rules have no use for years beyond 2200.
var (
	earliest = time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

func believable(at time.Time) bool { return !at.Before(earliest) && !at.After(latest) }

// Recorded counts what RecordMessages did.
type Recorded struct {
	// New are messages not known before, Edited those that got another version.
	New, Edited int
	// Customers are customers not known before.
	Customers int
	// Analyses are the judgements asked for, one a message and analyzer.
	Analyses int
	// Files are messages with a voice or video note not known before.
	Files int
}

// RecordMessage stores one live message, opens or closes its wait and asks every analyzer for its judgement, in one
// transaction. The same message again changes nothing; the same with another text is an edit.
func (a *App) RecordMessage(ctx context.Context, in MessageInput) (Recorded, error) {
	return a.record(ctx, []MessageInput{in}, live)
}

// RecordMessages does the same for a batch of history (at most 2 000). Subscribers get one event for it.
func (a *App) RecordMessages(ctx context.Context, in []MessageInput) (Recorded, error) {
	return a.record(ctx, in, bulk)
}

func (a *App) record(ctx context.Context, in []MessageInput, how pace) (Recorded, error) {
	if _, err := permit(ctx, "message", "write"); err != nil {
		return Recorded{}, err
	}
	for _, m := range in {
		if err := m.validate(); err != nil {
			return Recorded{}, err
		}
	}
	var out Recorded
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		r := recording{tx: t, how: how}
		if err := r.run(ctx, in); err != nil {
			return err
		}
		out = r.done
		return nil
	})
	return out, err
}
