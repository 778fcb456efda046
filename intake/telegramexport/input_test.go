package telegramexport

import (
	"testing"

	"github.com/fincokpi/finco/app"
)

func TestInputs(t *testing.T) {
	t.Parallel()
	s := readFile(t, "testdata/single_supergroup.json", Options{})
	in := Inputs(s.chats[0], s.messages)
	if len(in) != 20 {
		t.Fatalf("%d inputs", len(in))
	}
	byID := map[int64]app.MessageInput{}
	for _, m := range in {
		byID[m.TelegramID] = m
	}
	if m := byID[1001]; m.Kind != "SERVICE" || m.Sender.Kind != app.FromNobody {
		t.Errorf("service: %+v", m)
	}
	m := byID[1007]
	if m.Kind != "TEXT" || m.Chat != (app.ChatInput{TelegramID: -1002100000077, Kind: "SUPERGROUP", Title: "Mijozlar bilan aloqa"}) ||
		*m.ReplyTo != 1006 || m.EditedAt == nil || m.Sender != (app.SenderInput{Kind: app.FromUser, TelegramID: 5000000002, Name: "Operator Bekzod"}) {
		t.Errorf("reply: %+v", m)
	}
	if m := byID[1009]; m.Kind != "VOICE" || string(m.Attachments) != `[{"type":"voice","mime_type":"audio/ogg","duration":7,"missing":"not_included"}]` {
		t.Errorf("voice: %s", m.Attachments)
	}
	account := readFile(t, "testdata/full_account.json", Options{})
	for i, m := range account.messages {
		kind := Inputs(account.chats[0], account.messages[i:i+1])[0].Sender.Kind
		want := app.FromUser
		switch m.ID {
		case 1105:
			want = app.FromNobody
		case 1108:
			want = app.FromChat
		}
		if kind != want {
			t.Errorf("sender of %d: %s", m.ID, kind)
		}
	}
}

func TestInputOfSomebodyWithAChannelOfTheirOwn(t *testing.T) {
	t.Parallel()
	m := Message{Kind: KindMessage, From: Sender{Kind: SenderChannel, ID: 9, Name: "Mine"}}
	if got := m.senderInput(); got.Kind != app.FromUser || got.TelegramID != -1000000000009 {
		t.Errorf("%+v", got)
	}
	m.AutomaticForward = true
	if got := m.senderInput(); got.Kind != app.FromNobody {
		t.Errorf("%+v", got)
	}
}
