package telegramexport

import (
	"encoding/json"
	"time"

	"github.com/fincokpi/finco/app"
)

// chatKinds and mediaKinds are the records' names for what the export calls otherwise.
var chatKinds = map[ChatType]string{
	Personal:   "PRIVATE",
	Bot:        "PRIVATE",
	Group:      "GROUP",
	Supergroup: "SUPERGROUP",
	Channel:    "CHANNEL",
}

var mediaKinds = map[string]string{
	"photo":      "PHOTO",
	"voice":      "VOICE",
	"video_note": "VIDEO_NOTE",
	"audio":      "AUDIO",
	"video":      "VIDEO",
	"animation":  "ANIMATION",
	"sticker":    "STICKER",
	"document":   "DOCUMENT",
	"contact":    "CONTACT",
	"location":   "LOCATION",
	"venue":      "LOCATION",
	"poll":       "POLL",
}

// Inputs turns a batch into what app records. Entries that Telegram itself could not export are left out: they
// have neither time nor sender.
func Inputs(c Chat, batch []Message) []app.MessageInput {
	out := make([]app.MessageInput, 0, len(batch))
	for i := range batch {
		if batch[i].Kind != KindUnsupported {
			out = append(out, batch[i].input(c))
		}
	}
	return out
}

func (m *Message) input(c Chat) app.MessageInput {
	in := app.MessageInput{
		Chat:        app.ChatInput{Mailbox: m.Mailbox, TelegramID: m.ChatID, Kind: chatKinds[c.Type], Title: c.Title},
		TelegramID:  m.ID,
		Kind:        m.recordKind(),
		Sender:      m.senderInput(),
		SentAt:      m.At,
		Text:        m.Text,
		Entities:    m.Entities,
		Attachments: m.Media.attachments(),
	}
	if !m.EditedAt.IsZero() {
		at := m.EditedAt
		in.EditedAt = &at
	}
	if m.ReplyTo != 0 {
		to := m.ReplyTo
		in.ReplyTo = &to
	}
	return in
}

func (m *Message) recordKind() string {
	switch {
	case m.Kind == KindService:
		return "SERVICE"
	case m.Media == nil:
		return "TEXT"
	}
	if kind, ok := mediaKinds[m.Media.Kind]; ok {
		return kind
	}
	return "OTHER"
}

// senderInput: somebody who writes in the name of a channel of their own is known by that channel's id.
func (m *Message) senderInput() app.SenderInput {
	in := app.SenderInput{Kind: app.FromUser, TelegramID: m.From.ID, Name: m.From.Name}
	switch m.From.Kind {
	case SenderChannel:
		in.TelegramID = botAPIID(Channel, m.From.ID)
	case SenderChat:
		in.TelegramID = botAPIID(Group, m.From.ID)
	}
	switch {
	case m.Kind == KindService || m.AutomaticForward || m.From.Bot || m.From.Kind == SenderUnknown:
		in.Kind = app.FromNobody
	case m.AsChat:
		in.Kind = app.FromChat
	}
	return in
}

// attachment is how an attachment is kept with a message.
type attachment struct {
	Type     string `json:"type"`
	Path     string `json:"path,omitempty"`
	FileName string `json:"file_name,omitempty"`
	MIME     string `json:"mime_type,omitempty"`
	Size     int64  `json:"file_size,omitempty"`
	Duration int64  `json:"duration,omitempty"` // seconds
	Emoji    string `json:"emoji,omitempty"`
	Missing  string `json:"missing,omitempty"`
}

// attachments is a JSON array of one attachment, nil without.
func (m *Media) attachments() json.RawMessage {
	if m == nil {
		return nil
	}
	raw, err := json.Marshal([]attachment{{
		Type: m.Kind, Path: m.Path, FileName: m.Name, MIME: m.MIME, Size: m.Size,
		Duration: int64(m.Duration / time.Second), Emoji: m.Emoji, Missing: m.Missing,
	}})
	if err != nil {
		return nil // plain texts and numbers always marshal
	}
	return raw
}
