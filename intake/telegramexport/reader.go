package telegramexport

import (
	"encoding/json"
	"time"
)

// chatTypes are the types of chats that are yielded, as the file names them.
var chatTypes = map[string]struct {
	kind   ChatType
	public bool
}{
	"personal_chat":      {Personal, false},
	"bot_chat":           {Bot, false},
	"private_group":      {Group, false},
	"public_group":       {Group, true},
	"private_supergroup": {Supergroup, false},
	"public_supergroup":  {Supergroup, true},
	"private_channel":    {Channel, false},
	"public_channel":     {Channel, true},
}

// noConversation are the types that are left out by design.
var noConversation = map[string]string{
	"saved_messages":     "notes to oneself",
	"replies":            "Telegram's own list of replies",
	"verification_codes": "verification codes",
}

// channelShift is what the Bot API puts before the ids of supergroups and channels: -100<id>.
const channelShift = 1_000_000_000_000

// botAPIID converts a bare id.
func botAPIID(kind ChatType, bare int64) int64 {
	switch kind {
	case Supergroup, Channel:
		return -channelShift - bare
	case Group:
		return -bare
	}
	return bare
}

// reader is the visitor that decodes.
type reader struct {
	export *Export
	opts   Options
	h      Handler
	sum    Summary
	chat   *chatState
	batch  []Message
}

func newReader(e *Export, opts Options, h Handler) *reader {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.BatchSize <= 0 {
		opts.BatchSize = defaultBatchSize
	}
	return &reader{export: e, opts: opts, h: h}
}

func (r *reader) personal([]byte) error { return nil }

func (r *reader) open(h header) (bool, error) {
	kind, known := chatTypes[h.kind]
	id := botAPIID(kind.kind, h.id)
	leave := func(reason string, expected bool) (bool, error) {
		r.sum.LeftOut = append(r.sum.LeftOut, LeftOut{ChatID: id, Title: h.name, Type: h.kind, Reason: reason, Expected: expected})
		return false, nil
	}
	switch {
	case noConversation[h.kind] != "":
		return leave(noConversation[h.kind], true)
	case !known:
		return leave("a type of chat that is not known", false)
	case h.id <= 0 || h.id >= channelShift:
		return leave("it has no believable id", false)
	}
	c := Chat{ID: id, BareID: h.id, Title: h.name, Type: kind.kind, Public: kind.public}
	if c.Type != Supergroup && c.Type != Channel {
		if r.sum.Account == 0 {
			return leave(unknownAccount, false)
		}
		c.Mailbox = mailbox(r.sum.Account)
	}
	r.chat = &chatState{Chat: c}
	r.sum.Chats++
	if r.h.Chat != nil {
		return true, r.h.Chat(c)
	}
	return true, nil
}

func (r *reader) message(raw []byte, offset int64) (bool, error) {
	var rec record
	if json.Unmarshal(raw, &rec) != nil {
		if !json.Valid(raw) {
			return false, nil
		}
		return true, r.skip(0, offset, "not a message")
	}
	m, reason := r.chat.decode(&rec, r.opts.Zone)
	if reason == "" {
		reason = r.settle(&m)
	}
	if reason != "" {
		return true, r.skip(rec.ID.v, offset, reason)
	}
	if r.batch == nil {
		r.batch = make([]Message, 0, r.opts.BatchSize)
	}
	r.batch = append(r.batch, m)
	r.sum.Messages++
	if len(r.batch) == r.opts.BatchSize {
		return true, r.flush()
	}
	return true, nil
}

// settle completes a message with what only the export as a whole knows.
func (r *reader) settle(m *Message) string {
	if m.BeforeMigration {
		// The ids of the basic group that became this supergroup belong to an account.
		if r.sum.Account == 0 {
			return unknownAccount
		}
		m.Mailbox = mailbox(r.sum.Account)
	}
	if m.Media != nil && m.Media.Path != "" && !r.export.exists(m.Media.Path) {
		m.Media.Path, m.Media.Missing = "", "not_found"
	}
	return ""
}

func (r *reader) lost(raw []byte, offset int64, reason string) error {
	return r.skip(lostID(raw), offset, reason)
}

func (r *reader) skip(id, offset int64, reason string) error {
	s := Skipped{MessageID: id, Offset: offset, Reason: reason}
	if r.chat != nil {
		s.ChatID, s.ChatTitle = r.chat.ID, r.chat.Title
	}
	r.sum.Skipped++
	if len(r.sum.SkippedSample) < skippedSample {
		r.sum.SkippedSample = append(r.sum.SkippedSample, s)
	}
	if r.h.Skipped != nil {
		return r.h.Skipped(s)
	}
	return nil
}

func (r *reader) flush() error {
	batch := r.batch
	r.batch = nil
	if len(batch) == 0 || r.h.Messages == nil {
		return nil
	}
	return r.h.Messages(r.chat.Chat, batch)
}

func (r *reader) close() error {
	err := r.flush()
	r.chat = nil
	return err
}
