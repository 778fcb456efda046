package telegramexport

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// seen is everything a read handed over.
type seen struct {
	chats    []Chat
	messages []Message
	skipped  []Skipped
	sum      Summary
}

func (s *seen) ids() string {
	var out []string
	for _, m := range s.messages {
		out = append(out, fmt.Sprintf("%d:%d", m.ChatID, m.ID))
	}
	return strings.Join(out, " ")
}

func (s *seen) message(t *testing.T, id int64) Message {
	t.Helper()
	for _, m := range s.messages {
		if m.ID == id {
			return m
		}
	}
	t.Fatalf("message %d was not read", id)
	return Message{}
}

func (s *seen) handler() Handler {
	return Handler{
		Chat: func(c Chat) error { s.chats = append(s.chats, c); return nil },
		Messages: func(_ Chat, batch []Message) error {
			s.messages = append(s.messages, batch...)
			return nil
		},
		Skipped: func(k Skipped) error { s.skipped = append(s.skipped, k); return nil },
	}
}

// inMemory is an export without a folder, read in small pieces.
func inMemory(text string) *Export {
	return &Export{size: int64(len(text)), source: func(offset int64) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte(text)[offset:])), nil
	}}
}

func readText(t *testing.T, text string, opts Options) *seen {
	t.Helper()
	s := &seen{}
	sum, err := inMemory(text).Read(t.Context(), opts, s.handler())
	if err != nil {
		t.Fatal(err)
	}
	s.sum = sum
	return s
}

func readFile(t *testing.T, path string, opts Options) *seen {
	t.Helper()
	e, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s := &seen{}
	if s.sum, err = e.Read(t.Context(), opts, s.handler()); err != nil {
		t.Fatal(err)
	}
	return s
}

// chatText writes a chat as Telegram does, around the given messages.
func chatText(kind string, id int64, messages ...string) string {
	return fmt.Sprintf("{\n \"name\": \"Chat\",\n \"type\": %q,\n \"id\": %d,\n \"messages\": [\n  %s\n ]\n}", kind, id, strings.Join(messages, ",\n  "))
}

func messageText(id int64, sender, text string) string {
	return fmt.Sprintf("{\n   \"id\": %d,\n   \"type\": \"message\",\n   \"date_unixtime\": \"1747310460\",\n   \"from\": \"S\",\n   \"from_id\": %q,\n   \"text\": %s\n  }", id, sender, text)
}
