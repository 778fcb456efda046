package telegramexport

import (
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/fincokpi/finco/domain"
)

func TestSupergroupFixture(t *testing.T) {
	t.Parallel()
	s := readFile(t, "testdata/single_supergroup.json", Options{})
	if s.sum.Chats != 1 || s.sum.Messages != 21 || s.sum.Damaged() {
		t.Fatalf("summary: %+v", s.sum)
	}
	want := Chat{ID: -1002100000077, BareID: 2100000077, Title: "Mijozlar bilan aloqa", Type: Supergroup}
	if s.chats[0] != want {
		t.Errorf("chat: %+v", s.chats[0])
	}
	m := s.message(t, 1005)
	if m.Text != "Raqami #45812, telefonim +998 90 000 00 00, havola: https://example.com/o/45812" {
		t.Errorf("text: %q", m.Text)
	}
	if got := string(m.Entities); got != `[{"type":"hashtag","offset":7,"length":6},{"type":"phone_number","offset":25,"length":17},{"type":"url","offset":52,"length":27}]` {
		t.Errorf("entities: %s", got)
	}
	m = s.message(t, 1007)
	if m.ReplyTo != 1006 || !m.At.Equal(time.Unix(1747310820, 0)) || !m.EditedAt.Equal(time.Unix(1747310865, 0)) || m.At.Location() != time.UTC {
		t.Errorf("edited reply: %+v", m)
	}
	if m.From != (Sender{Kind: SenderUser, ID: 5000000002, Name: "Operator Bekzod"}) {
		t.Errorf("sender: %+v", m.From)
	}
	for id, want := range map[int64]Media{
		1009: {Kind: "voice", MIME: "audio/ogg", Duration: 7 * time.Second, Missing: "not_included"},
		1010: {Kind: "photo", Missing: "not_included", Size: 84211},
		1011: {Kind: "sticker", Missing: "not_found", Emoji: "👍"},
		1016: {Kind: "video", MIME: "video/mp4", Duration: 31 * time.Second, Missing: "too_large"},
		1017: {Kind: "contact"},
		1018: {Kind: "location"},
		1019: {Kind: "poll"},
	} {
		if got := s.message(t, id).Media; got == nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("media of %d: %+v, want %+v", id, got, want)
		}
	}
	if m := s.message(t, 1012); m.From.Name != "" || m.From.ID != 5000000003 {
		t.Errorf("deleted account: %+v", m.From)
	}
	if m := s.message(t, 1014); m.Forwarded == nil || m.Forwarded.From != "Канал магазина" || m.AutomaticForward {
		t.Errorf("forwarded by a person: %+v", m)
	}
	if m := s.message(t, 1001); m.Kind != KindService || m.Service.Action != "create_channel" || m.From.ID != 5000000002 {
		t.Errorf("service: %+v", m)
	}
	if m := s.message(t, 1900); m.Kind != KindUnsupported || !m.At.IsZero() {
		t.Errorf("unsupported: %+v", m)
	}
}

func TestAccountFixture(t *testing.T) {
	t.Parallel()
	s := readFile(t, "testdata/full_account.json", Options{BatchSize: 1})
	if got, want := s.ids(), "5000000001:1101 5000000001:1102 5000000003:1103 5000000009:1105 -4000000001:1106 -4000000001:1107 -1002100000088:1108"; got != want {
		t.Errorf("messages: %s", got)
	}
	if s.sum.Account != 5000000002 || s.sum.Damaged() {
		t.Errorf("summary: %+v", s.sum)
	}
	if len(s.sum.LeftOut) != 1 || s.sum.LeftOut[0].Type != "saved_messages" || !s.sum.LeftOut[0].Expected {
		t.Errorf("left out: %+v", s.sum.LeftOut)
	}
	for _, m := range s.messages {
		want := "5000000002"
		if m.ChatID == -1002100000088 {
			want = ""
		}
		if m.Mailbox != want {
			t.Errorf("mailbox of %d is %q", m.ID, m.Mailbox)
		}
	}
	if m := s.message(t, 1105); !m.From.Bot {
		t.Errorf("the bot is not marked: %+v", m.From)
	}
	if m := s.message(t, 1108); !m.AsChat {
		t.Errorf("a channel's post is in its own name: %+v", m)
	}
}

func TestBadEscapeFixture(t *testing.T) {
	t.Parallel()
	s := readFile(t, "testdata/invalid_x_escape.json", Options{})
	if len(s.messages) != 1 || s.messages[0].Text != "vertical tab here:\vend, bell:\aend" || s.sum.Damaged() {
		t.Fatalf("%+v, %+v", s.messages, s.sum)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text, err := os.ReadFile("testdata/single_supergroup.json")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(folder); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("empty folder: %v", err)
	}
	write("messages.html", nil)
	if _, err := Open(folder); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("HTML export: %v", err)
	}
	write("result.json", text)
	write("stickers/sticker.webp", []byte("image"))
	s := readFile(t, folder, Options{})
	if m := s.message(t, 1011).Media; m.Path != "stickers/sticker.webp" || m.Missing != "" {
		t.Errorf("media beside the file: %+v", m)
	}
	e, err := Open(filepath.Join(folder, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	f, err := e.OpenMedia("stickers/sticker.webp")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := os.Symlink("/etc", filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"../result.json", "/etc/hostname", "link/hostname", "", ".", "stickers", "pipe"} {
		if _, err := e.OpenMedia(path); err == nil {
			t.Errorf("%q was opened", path)
		}
	}
	for _, text := range []string{"", "[]", "{}", "hello", `{"about":"x"}`} {
		write("result.json", []byte(text))
		e, err := Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Read(t.Context(), Options{}, Handler{}); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%q: %v", text, err)
		}
		e.Close()
	}
}
