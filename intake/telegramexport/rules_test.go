package telegramexport

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAccountRule(t *testing.T) {
	t.Parallel()
	staff := func(id int64) bool { return id == 7 || id == 8 }
	personal := chatText("personal_chat", 100, messageText(1, "user100", `"hi"`), messageText(2, "user7", `"hello"`))
	stranger := chatText("personal_chat", 100, messageText(1, "user100", `"hi"`), messageText(2, "user55", `"hello"`))
	group := chatText("private_group", 300, messageText(1, "user100", `"hi"`), messageText(2, "user8", `"hello"`))
	silent := chatText("personal_chat", 100, messageText(1, "user100", `"hi"`))
	account := func(info string, chats ...string) string {
		return "{" + info + `"chats":{"list":[` + strings.Join(chats, ",") + "]}}"
	}
	for name, c := range map[string]struct {
		text  string
		given int64
		want  int64
	}{
		"personal information":        {account(`"personal_information":{"user_id":9},`, personal), 5, 9},
		"staff who is not the peer":   {personal, 5, 7},
		"given":                       {stranger, 5, 5},
		"the other one of two":        {stranger, 0, 55},
		"staff in a group":            {group, 0, 8},
		"a given one before a guess":  {group, 5, 5},
		"a personal chat before that": {account("", group, personal), 0, 7},
		"nothing tells":               {silent, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := readText(t, c.text, Options{IsStaff: staff, Account: c.given})
			if s.sum.Account != c.want {
				t.Fatalf("account %d, want %d", s.sum.Account, c.want)
			}
			if c.want == 0 {
				if len(s.messages) != 0 || len(s.sum.LeftOut) != 1 || s.sum.LeftOut[0].Expected || !s.sum.Damaged() {
					t.Fatalf("%+v", s.sum)
				}
				return
			}
			for _, m := range s.messages {
				if m.Mailbox != fmt.Sprint(c.want) {
					t.Fatalf("mailbox %q", m.Mailbox)
				}
			}
		})
	}
}

func TestOldFormat(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("UTC+5", 5*3600)
	text := chatText("private_supergroup", 5,
		`{"id":1,"type":"message","date":"2019-03-04T10:00:00","edited":"1970-01-01T05:00:00","from":"A","from_id":77,"text":["see ",{"type":"bold","text":"𝄞 this"}," now"]}`,
		`{"id":2,"type":"message","date":"2019-03-04T10:05:00","edited":"2019-03-04T10:06:00","from":"B","from_id":78,"text":"plain"}`)
	s := readText(t, text, Options{Zone: zone})
	if len(s.messages) != 2 {
		t.Fatalf("%+v", s.sum)
	}
	m := s.messages[0]
	if want := time.Date(2019, 3, 4, 5, 0, 0, 0, time.UTC); !m.At.Equal(want) || !m.EditedAt.IsZero() {
		t.Errorf("times: %v, %v", m.At, m.EditedAt)
	}
	if m.Text != "see 𝄞 this now" || string(m.Entities) != `[{"type":"bold","offset":4,"length":7}]` || m.From.ID != 77 || m.From.Kind != SenderUser {
		t.Errorf("%+v %s", m, m.Entities)
	}
	if got := s.messages[1].EditedAt.Sub(s.messages[1].At); got != time.Minute {
		t.Errorf("edited after %v", got)
	}
}

func TestNamesOfChatAndLinkedChannel(t *testing.T) {
	t.Parallel()
	channel := func(id int64, from int64, extra string) string {
		return fmt.Sprintf(`{"id":%d,"type":"message","date_unixtime":"1747310460","from":"News","from_id":"channel%d",%s"text":"x"}`, id, from, extra)
	}
	text := chatText("private_supergroup", 5,
		channel(1, 5, ""),
		channel(2, 6, `"forwarded_from":"News",`),
		channel(3, 6, ""),
		channel(4, 9, ""),
		channel(5, 6, `"forwarded_from":"Other",`),
		channel(6, 9, `"forwarded_from":"Other","forwarded_from_id":"channel9",`),
		`{"id":7,"type":"service","date_unixtime":"1747310460","actor":"News","actor_id":"channel5","action":"migrate_from_group","title":"Old","text":""}`)
	s := readText(t, text, Options{})
	for id, want := range map[int64][2]bool{1: {true, false}, 2: {false, true}, 3: {true, false}, 4: {false, false}, 5: {true, false}, 6: {false, true}} {
		if m := s.message(t, id); m.AsChat != want[0] || m.AutomaticForward != want[1] {
			t.Errorf("message %d: as chat %v, automatic %v", id, m.AsChat, m.AutomaticForward)
		}
	}
	if m := s.message(t, 7); m.Service.Migration != FromGroup || m.Service.Title != "Old" {
		t.Errorf("migration: %+v", m.Service)
	}
}

func TestMessagesFromBeforeMigrationBelongToTheAccount(t *testing.T) {
	t.Parallel()
	text := chatText("private_supergroup", 5, messageText(-999999990, "user7", `"old"`), messageText(3, "user7", `"new"`))
	s := readText(t, text, Options{Account: 7})
	if old, now := s.messages[0], s.messages[1]; old.Mailbox != "7" || old.ID != 10 || !old.BeforeMigration || now.Mailbox != "" || now.BeforeMigration {
		t.Errorf("%+v, %+v", old, now)
	}
	s = readText(t, text, Options{})
	if len(s.messages) != 1 || s.sum.Skipped != 1 || s.skipped[0].MessageID != -999999990 {
		t.Errorf("%+v", s.sum)
	}
}

func TestFieldsInAnotherOrder(t *testing.T) {
	t.Parallel()
	m := `{"date_unixtime":"1747310460","from":"S","from_id":"user7","id":1,"text":"\x0B","type":"message"}`
	text := `{"chats":{"list":[{"messages":[` + m + `],"type":"public_supergroup","name":"Sorted","id":5}]},"personal_information":{"user_id":7}}`
	s := readText(t, "\ufeff"+text, Options{})
	if s.ids() != "-1000000000005:1" || s.chats[0].Title != "Sorted" || !s.chats[0].Public || s.sum.Damaged() {
		t.Fatalf("%+v %+v", s.chats, s.sum)
	}
}

func TestNullBytesAndOddFields(t *testing.T) {
	t.Parallel()
	text := chatText("private_supergroup", 5,
		`{"id":1,"type":"message","date_unixtime":1747310460,"from":"S\x00","from_id":"user7","text":"a\x00b","text_entities":[{"type":"plain","text":"a\x00b"}],"reply_to_message_id":"x","duration_seconds":"long","file":"../../etc/passwd","reactions":[{"type":"emoji","count":2,"emoji":"👍"},{"count":"?"}]}`,
		`{"id":2,"type":"message","date_unixtime":"1747310460","from":"S","from_id":"user7","text":"r","reply_to_message_id":1,"reply_to_peer_id":"channel99"}`,
		`{"id":3,"type":"message","date_unixtime":"1747310460","from":"S","from_id":"user7","text":"r","reactions":"none"}`)
	s := readText(t, text, Options{})
	if s.sum.Damaged() || len(s.messages) != 3 {
		t.Fatalf("%+v", s.sum)
	}
	m := s.messages[0]
	if m.Text != "ab" || m.From.Name != "S" || m.ReplyTo != 0 || m.Media.Missing != "outside" || m.Media.Path != "" || m.Media.Duration != 0 {
		t.Errorf("%+v %+v", m, m.Media)
	}
	if len(m.Reactions) != 1 || m.Reactions[0] != (Reaction{Type: "emoji", Emoji: "👍", Count: 2}) {
		t.Errorf("reactions: %+v", m.Reactions)
	}
	if s.messages[1].ReplyTo != 0 {
		t.Error("a reply to another chat names a message of this one")
	}
}

func TestStopping(t *testing.T) {
	t.Parallel()
	text := chatText("private_supergroup", 5, messageText(1, "user7", `"a"`))
	want := errors.New("enough")
	_, err := inMemory(text).Read(t.Context(), Options{}, Handler{Messages: func(Chat, []Message) error { return want }})
	if !errors.Is(err, want) {
		t.Errorf("handler's error: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := inMemory(text).Read(ctx, Options{}, Handler{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
