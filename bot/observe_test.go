package bot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/intake/telegramexport"
)

// A business chat is both directions of an employee's talk with a customer.
func TestBusinessBothWays(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	d.come("connection", "business, from the customer")
	var holder string
	d.One(`SELECT u.name FROM waits w JOIN users u ON u.id = w.assignee_id`, nil, &holder)
	if holder != "Jasur Toshev" {
		t.Errorf("before he answers, the wait is of %q", holder)
	}
	d.come("business, from a bot for the owner", "business, from the owner", "disconnection", "business, edited")
	var chat, sides, wait, words string
	d.One(`SELECT mailbox || '/' || telegram_id || ' ' || title FROM chats`, nil, &chat)
	d.One(`SELECT string_agg(telegram_id || ' ' || side, ', ' ORDER BY telegram_id) FROM messages`, nil, &sides)
	d.One(`SELECT state || ' ' || wall_seconds || ' ' || u.name FROM waits w JOIN users u ON u.id = w.responder_id`, nil, &wait)
	d.One(`SELECT c.text FROM messages m JOIN message_contents c ON c.message_id = m.id AND c.version = m.version WHERE m.telegram_id = 60`, nil, &words)
	if chat != "100002/9001 Olim" || sides != "60 CUSTOMER, 61 STAFF, 62 NONE" || wait != "WITHIN 60 Jasur Toshev" || words != "Jasur aka, narxi qancha?" {
		t.Errorf("chat %s; %s; %s; %s", chat, sides, wait, words)
	}
	if n := d.calls.Load(); n != 0 {
		t.Errorf("%d calls", n)
	}
	var enabled bool
	d.One(`SELECT enabled FROM business_connections WHERE connection_id = 'bc1'`, nil, &enabled)
	if enabled {
		t.Error("it is still connected")
	}
}

// A connection that we were never told of is asked for once, and is kept for the next process.
func TestAnUnknownConnectionIsAskedFor(t *testing.T) {
	t.Parallel()
	d := newDoor(t, map[string]string{"getBusinessConnection": `{"id":"bc1","user":{"id":100002,"is_bot":false,"first_name":"Jasur"},"user_chat_id":100002,"date":1789450000,"is_enabled":true}`})
	d.come("business, from the customer", "business, from the owner")
	d.bot.seen = seen{}
	d.come("business, edited")
	var n int
	d.One(`SELECT count(*) FROM messages`, nil, &n)
	if calls := d.calls.Load(); n != 2 || calls != 1 {
		t.Errorf("%d messages, %d calls", n, calls)
	}
}

// While Telegram wants silence, what has to be asked for waits in its place and keeps no recorder, which has others to record.
func TestSilenceKeepsNoRecorder(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	d.bot.calls.hold(time.Hour)
	if _, _, err := d.read("business, from the customer"); !passing(err) || !unsent(err) {
		t.Errorf("%v", err)
	}
	if _, err := d.bot.linkedChannel(t.Context(), -1001); !passing(err) || !unsent(err) {
		t.Errorf("%v", err)
	}
	if n := d.calls.Load(); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// Where Telegram does not know a connection, its messages are put aside rather than lost.
func TestAConnectionThatNobodyKnowsIsInvalid(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	for _, name := range []string{"business, from the customer", "deletion"} {
		if _, _, err := d.read(name); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADeletionInABusinessChatHidesTheWords(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	d.come("connection", "business, from the customer", "deletion", "business, from the owner", "deletion")
	n, err := d.App.Client().MessageContent.Query().Count(d.As(apptest.Jasur))
	var wait string
	d.One(`SELECT state || ' ' || wall_seconds FROM waits`, nil, &wait)
	if err != nil || n != 1 || wait != "WITHIN 60" {
		t.Errorf("the words of %d messages, %v; the wait: %s", n, err, wait)
	}
}

func TestReactionsAreKept(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	d.come("reaction", "text in a supergroup", "reaction of the chat", "reaction", "reaction of staff in private")
	var got string
	var open int
	d.One(`SELECT string_agg(r.telegram_id || ' ' || r.emoji, ', ' ORDER BY r.telegram_id) FROM reactions r
JOIN messages m ON m.chat_id = r.chat_id AND m.telegram_id = r.message_telegram_id`, nil, &got)
	d.One(`SELECT count(*) FROM waits WHERE closes_with_id IS NULL`, nil, &open)
	if want := `-1002000000001 ["paid"], 100002 ["👍", "custom:5368"]`; got != want || open != 1 {
		t.Errorf("got %s, want %s; %d open waits", got, want, open)
	}
	var all int
	d.One(`SELECT count(*) FROM reactions`, nil, &all)
	if all != 2 {
		t.Errorf("%d reactions", all)
	}
}

// A group becomes a supergroup: a wait opened before is answered after, whichever of Telegram's two messages comes first.
func TestAGroupMoves(t *testing.T) {
	t.Parallel()
	for _, order := range [][]string{
		{"moved, said in the old group", "moved, said in the new one", "after the move"},
		{"moved, said in the new one", "after the move", "moved, said in the old group"},
		{"after the move", "moved, said in the old group", "moved, said in the new one", "moved, said in the old group"},
	} {
		d := newDoor(t, nil)
		d.come("basic group")
		d.come(order...)
		d.come("basic group", "new title") // again, and what came late
		var chat, messages, wait string
		d.One(`SELECT string_agg(mailbox || '/' || telegram_id || ' ' || kind || ' ' || title, ', ') FROM chats`, nil, &chat)
		d.One(`SELECT string_agg(telegram_id || ' ' || side, ', ' ORDER BY sent_at, telegram_id) FROM messages`, nil, &messages)
		d.One(`SELECT state || ' ' || wall_seconds FROM waits WHERE state <> 'DISSOLVED'`, nil, &wait)
		if chat != "/-1002000000009 SUPERGROUP Old buyers" || wait != "WITHIN 460" ||
			messages != "-999999974 CUSTOMER, -999999972 NONE, -999999930 NONE, 1 NONE, 2 STAFF" {
			t.Errorf("%v:\n%s\n%s\n%s", order, chat, messages, wait)
		}
	}
}

func TestTheBotComesAndGoes(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	d.come("the bot comes", "the bot goes", "somebody goes")
	var chat string
	d.One(`SELECT telegram_id || ' ' || kind || ' ' || title FROM chats`, nil, &chat)
	if chat != "-1002000000005 SUPERGROUP New shop" {
		t.Errorf("%s", chat)
	}
}

// exported is what Telegram Desktop writes of the same messages that are in testdata/updates.json.
const exported = `{"name": "Buyers", "type": "private_supergroup", "id": 2000000001, "messages": [
 {"id": 11, "type": "message", "date": "2026-09-15T12:00:00", "date_unixtime": "1789455600", "from": "Olim Xaridor", "from_id": "user9001",
  "text": ["Salom, narxi qancha? ", {"type": "link", "text": "https://shop.example"}],
  "text_entities": [{"type": "plain", "text": "Salom, narxi qancha? "}, {"type": "link", "text": "https://shop.example"}]},
 {"id": 12, "type": "message", "date": "2026-09-15T12:01:00", "date_unixtime": "1789455660", "from": "Jasur", "from_id": "user100002", "reply_to_message_id": 11,
  "text": "100 000", "text_entities": [{"type": "plain", "text": "100 000"}]},
 {"id": 13, "type": "message", "date": "2026-09-15T12:02:00", "date_unixtime": "1789455720", "from": "Buyers", "from_id": "channel2000000001",
  "text": "Ertaga keladi", "text_entities": [{"type": "plain", "text": "Ertaga keladi"}]},
 {"id": 14, "type": "message", "date": "2026-09-15T12:02:10", "date_unixtime": "1789455730", "from": "Olim's blog", "from_id": "channel3000000009",
  "text": "Va yetkazish?", "text_entities": [{"type": "plain", "text": "Va yetkazish?"}]},
 {"id": 15, "type": "message", "date": "2026-09-15T12:02:20", "date_unixtime": "1789455740", "from": "Our shop", "from_id": "channel3000000001", "forwarded_from": "Our shop",
  "forwarded_from_id": "channel3000000001", "text": "Yangi mahsulot", "text_entities": [{"type": "plain", "text": "Yangi mahsulot"}]},
 {"id": 16, "type": "message", "date": "2026-09-15T12:02:30", "date_unixtime": "1789455750", "from": "Lola", "from_id": "user9002", "reply_to_message_id": 15,
  "text": "Bormi?", "text_entities": [{"type": "plain", "text": "Bormi?"}]},
 {"id": 17, "type": "message", "date": "2026-09-15T12:02:40", "date_unixtime": "1789455760", "from": "Our shop", "from_id": "channel3000000001",
  "text": "Bor", "text_entities": [{"type": "plain", "text": "Bor"}]},
 {"id": 21, "type": "message", "date": "2026-09-15T12:03:20", "date_unixtime": "1789455800", "from": "Jasur", "from_id": "user100002", "via_bot": "@price_bot",
  "text": "Narx: 100 000", "text_entities": [{"type": "plain", "text": "Narx: 100 000"}]},
 {"id": 29, "type": "service", "date": "2026-09-15T12:04:40", "date_unixtime": "1789455880", "actor": "Aziza", "actor_id": "user100001", "action": "pin_message", "message_id": 11, "text": "", "text_entities": []},
 {"id": 40, "type": "message", "date": "2026-09-15T12:06:40", "date_unixtime": "1789456000", "from": "Olim Xaridor", "from_id": "user9001",
  "file": "(File not included. Change data exporting settings to download.)", "media_type": "voice_message", "mime_type": "audio/ogg", "duration_seconds": 7, "text": "", "text_entities": []},
 {"id": 42, "type": "message", "date": "2026-09-15T12:06:42", "date_unixtime": "1789456002", "from": "Olim Xaridor", "from_id": "user9001",
  "photo": "(File not included. Change data exporting settings to download.)", "width": 1280, "height": 1280,
  "text": [{"type": "bold", "text": "Shu"}, " bormi?"], "text_entities": [{"type": "bold", "text": "Shu"}, {"type": "plain", "text": " bormi?"}]},
 {"id": 47, "type": "message", "date": "2026-09-15T12:06:47", "date_unixtime": "1789456007", "from": "Olim Xaridor", "from_id": "user9001",
  "file": "(File not included. Change data exporting settings to download.)", "media_type": "animation", "mime_type": "video/mp4", "duration_seconds": 3, "text": "", "text_entities": []},
 {"id": 50, "type": "message", "date": "2026-09-15T12:06:50", "date_unixtime": "1789456010", "from": "Olim Xaridor", "from_id": "user9001", "place_name": "Do'kon", "address": "Amir Temur 1",
  "location_information": {"latitude": 41.3, "longitude": 69.2}, "text": "", "text_entities": []},
 {"id": 55, "type": "message", "date": "2026-09-15T12:06:55", "date_unixtime": "1789456015", "from": "Jasur", "from_id": "user100002", "forwarded_from": "Our shop", "forwarded_from_id": "channel3000000001",
  "text": "Yangi mahsulot", "text_entities": [{"type": "plain", "text": "Yangi mahsulot"}]}
]}`

var inBoth = []string{
	"text in a supergroup", "answer of staff", "anonymous admin", "channel of somebody else", "post of the linked channel", "comment",
	"in the name of the linked channel", "via a bot", "pinned", "voice", "photo with a caption, of an album", "animation", "venue", "forward of somebody's channel",
}

// The same messages by the bot and by an export are the same rows, whichever comes first.
func TestTheBotAndAnExportBringTheSameRows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "result.json")
	if err := os.WriteFile(path, []byte(exported), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, order := range []string{"bot", "export", "bot export", "export bot"} {
		d := newDoor(t, map[string]string{"getChat": `{"id":-1002000000001,"type":"supergroup","linked_chat_id":-1003000000001}`})
		for _, door := range strings.Fields(order) {
			if door == "bot" {
				d.come(inBoth...)
			} else {
				d.importExport(path)
			}
		}
		var got string
		d.One(`SELECT string_agg(concat_ws(' ', m.telegram_id, m.thread, m.side, m.kind, u.name, cu.telegram_id, extract(epoch FROM m.sent_at)::bigint, m.reply_to_telegram_id,
  m.version, c.text, (SELECT jsonb_agg(e - 'user') FROM jsonb_array_elements(c.entities) e)), E'\n' ORDER BY m.telegram_id)
FROM messages m JOIN message_contents c ON c.message_id = m.id LEFT JOIN users u ON u.id = m.sender_id LEFT JOIN customers cu ON cu.id = m.customer_id`, nil, &got)
		var chats string
		d.One(`SELECT string_agg(mailbox || '/' || telegram_id || ' ' || kind || ' ' || title, ', ') FROM chats`, nil, &chats)
		rows[order] = chats + "\n" + got
		if rows[order] != rows["bot"] {
			t.Errorf("%s:\n%s\nbot alone:\n%s", order, rows[order], rows["bot"])
		}
	}
	if n := strings.Count(rows["bot"], "\n"); n != len(inBoth) {
		t.Errorf("%d rows of %d messages", n, len(inBoth))
	}
}

func (d *door) importExport(path string) {
	d.t.Helper()
	export, err := telegramexport.Open(path)
	d.must(err)
	defer func() { _ = export.Close() }()
	summary, err := export.Read(d.t.Context(), telegramexport.Options{}, telegramexport.Handler{Messages: func(chat telegramexport.Chat, batch []telegramexport.Message) error {
		d.Import(telegramexport.Inputs(chat, batch)...)
		return nil
	}})
	d.must(err)
	if summary.Damaged() {
		d.t.Fatalf("%+v", summary)
	}
}

// Whoever blocks the bot is known to have done so at once, not when the next message to them fails; and so is whoever starts it again.
func TestABlockedBotIsNoticed(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	_, err := d.App.Send(d.System("telegram"), app.OutgoingInput{
		Key: "notice", Chat: apptest.JasurTelegram, UserID: d.ID(apptest.Jasur), Priority: app.PriorityNotice, Method: "sendMessage", Params: []byte(`{"text":"x"}`),
	})
	d.must(err)
	is := func(want, queued int) {
		t.Helper()
		var barred, left int
		d.One(`SELECT (SELECT count(*) FROM employments WHERE unreachable_at IS NOT NULL), (SELECT count(*) FROM outgoings WHERE state = 'QUEUED')`, nil, &barred, &left)
		if barred != want || left != queued {
			t.Errorf("%d people cannot be written to, want %d; %d are queued, want %d", barred, want, left, queued)
		}
	}
	is(0, 1)
	for range 2 {
		d.come("a stranger blocks the bot", "staff block the bot")
		is(1, 0)
	}
	d.come("staff start the bot again")
	is(0, 0)
}
