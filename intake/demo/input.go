package demo

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/fincokpi/finco/app"
)

// Sent gives a message of the live replay the moment at which it is sent.
func (m Message) Sent(now time.Time) Message {
	if !m.EditedAt.IsZero() {
		m.EditedAt = now.UTC()
	}
	m.At = now.UTC()
	return m
}

// Input is what app records. A first version and its edit must not go into one batch, which keeps only the last.
func (m Message) Input() app.MessageInput {
	in := app.MessageInput{
		Chat:       app.ChatInput{TelegramID: m.Dialogue.ChatID, Kind: "SUPERGROUP", Title: m.Dialogue.Title},
		TelegramID: m.ID,
		Kind:       strings.ToUpper(m.Kind),
		Sender:     app.SenderInput{Kind: app.FromUser, TelegramID: m.Sender.TelegramID, Name: m.Sender.Name},
		SentAt:     m.At,
		Text:       m.Text,
		Transcript: m.Transcript,
	}
	if !m.EditedAt.IsZero() {
		at := m.EditedAt
		in.EditedAt = &at
	}
	if m.ReplyTo != 0 {
		to := m.ReplyTo
		in.ReplyTo = &to
	}
	if m.Kind != "text" {
		file := struct {
			Type     string `json:"type"`
			Duration int64  `json:"duration,omitempty"`
			Missing  string `json:"missing"`
		}{m.Kind, int64(m.Duration / time.Second), "not_included"}
		in.Attachments, _ = json.Marshal([]any{file}) // plain texts and numbers always marshal
	}
	return in
}
