package bot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

// buyer is a customer of the updates in testdata, and shop a group there.
const (
	buyer int64 = 9001
	shop  int64 = -1002000000001
)

// door is a desk that updates of testdata/updates.json come to, and that records them.
type door struct {
	*desk
	updates map[string]json.RawMessage
	// calls are how often the Bot API was called.
	calls atomic.Int64
}

// newDoor is a door behind which the Bot API answers as given, by method; it knows nothing else.
func newDoor(t testing.TB, answers map[string]string) *door {
	t.Helper()
	d := &door{desk: newDesk(t)}
	raw, err := os.ReadFile("testdata/updates.json")
	d.must(err)
	d.must(json.Unmarshal(raw, &d.updates))
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.calls.Add(1)
		result, ok := answers[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]]
		if !ok {
			w.WriteHeader(http.StatusBadRequest)
			result = `{"ok":false,"error_code":400,"description":"Bad Request: not found"}`
		} else {
			result = `{"ok":true,"result":` + result + `}`
		}
		_, _ = w.Write([]byte(result))
	}))
	t.Cleanup(api.Close)
	cfg := d.bot.cfg
	cfg.App, cfg.URL = d.App, api.URL
	d.bot, err = New(cfg)
	d.must(err)
	return d
}

func (d *door) update(name string) *models.Update {
	d.t.Helper()
	raw, ok := d.updates[name]
	if !ok {
		d.t.Fatalf("there is no update %q", name)
	}
	u, err := decode(raw)
	d.must(err)
	return u
}

// read is what the bot makes of an update; false if it is not to be recorded.
func (d *door) read(name string) (app.MessageInput, bool, error) {
	d.t.Helper()
	u := d.update(name)
	done, err := d.bot.observe(d.t.Context(), u)
	if err != nil || done {
		return app.MessageInput{}, false, err
	}
	return d.bot.message(d.t.Context(), u)
}

// come has updates come in, one after the other.
func (d *door) come(names ...string) {
	d.t.Helper()
	for _, name := range names {
		in, ok, err := d.read(name)
		if err != nil {
			d.t.Fatalf("%s: %v", name, err)
		}
		if ok {
			d.Record(in)
		}
	}
}

// line is a message in short: chat#message~thread, kind, sender, words, and what else there is.
func line(in app.MessageInput) string {
	var out strings.Builder
	_, _ = fmt.Fprintf(&out, "%s/%d#%d", in.Chat.Mailbox, in.Chat.TelegramID, in.TelegramID)
	if in.Thread != 0 {
		_, _ = fmt.Fprintf(&out, "~%d", in.Thread)
	}
	_, _ = fmt.Fprintf(&out, " %s %s %s:%d %q", in.Chat.Kind, in.Kind, in.Sender.Kind, in.Sender.TelegramID, in.Text)
	if in.ReplyTo != nil {
		_, _ = fmt.Fprintf(&out, " re %d", *in.ReplyTo)
	}
	if in.Edit {
		_, _ = fmt.Fprintf(&out, " edited %d", in.EditedAt.Unix())
	}
	var attachments []attachment
	_ = json.Unmarshal(in.Attachments, &attachments)
	for _, a := range attachments {
		out.WriteString(" +" + a.Type)
		if a.Album != "" {
			out.WriteString("(" + a.Album + ")")
		}
	}
	for _, f := range in.Files {
		_, _ = fmt.Fprintf(&out, " file %s %s %s %d s %d bytes", f.Kind, f.Source, f.MIME, f.Seconds, f.Bytes)
	}
	return out.String()
}

const nothing = "nothing"

var translations = []struct{ name, want string }{
	{"text in a supergroup", `/-1002000000001#11 SUPERGROUP TEXT user:9001 "Salom, narxi qancha? https://shop.example"`},
	{"answer of staff", `/-1002000000001#12 SUPERGROUP TEXT user:100002 "100 000" re 11 +quote`},
	{"edit", `/-1002000000001#11 SUPERGROUP TEXT user:9001 "Salom, qachon keladi?" edited 1789455700`},
	{"anonymous admin", `/-1002000000001#13 SUPERGROUP TEXT chat:-1002000000001 "Ertaga keladi"`},
	{"post of the linked channel", `/-1002000000001#15 SUPERGROUP TEXT nobody:-1003000000001 "Yangi mahsulot" +forward`},
	{"channel of somebody else", `/-1002000000001#14 SUPERGROUP TEXT user:-1003000000009 "Va yetkazish?"`},
	{"comment", `/-1002000000001#16 SUPERGROUP TEXT user:9002 "Bormi?" re 15`},
	{"in the name of the linked channel", `/-1002000000001#17 SUPERGROUP TEXT chat:-1003000000001 "Bor"`},
	{"topic", `/-1002000000002#18~4 SUPERGROUP TEXT user:9001 "Kuryer qayerda?"`},
	{"direct message to a channel", `/-1002000000003#19~9001 SUPERGROUP TEXT user:9001 "Savol bor"`},
	{"bot", `/-1002000000001#20 SUPERGROUP TEXT nobody:5005 "+30"`},
	{"via a bot", `/-1002000000001#21 SUPERGROUP TEXT user:100002 "Narx: 100 000" +via_bot`},
	{"command for the bot", `/-1002000000001#22 SUPERGROUP TEXT nobody:100002 "/open@finco_demo_bot"`},
	{"command for another bot", `/-1002000000001#23 SUPERGROUP TEXT user:100002 "/ban@rose_bot"`},
	{"command of a customer", `/-1002000000001#24 SUPERGROUP TEXT nobody:9001 "/open@finco_demo_bot"`},
	{"command of an anonymous admin", `/-1002000000001#25 SUPERGROUP TEXT nobody:-1002000000001 "/open@finco_demo_bot"`},
	{"basic group", `700700/-4001#26 GROUP TEXT user:9001 "Salom"`},
	{"somebody came", `700700/-4001#27 GROUP SERVICE nobody:9001 ""`},
	{"new title", `700700/-4001#28 GROUP SERVICE nobody:100001 ""`},
	{"pinned", `/-1002000000001#29 SUPERGROUP SERVICE nobody:100001 ""`},
	{"of a sort still to be invented", `/-1002000000001#30 SUPERGROUP SERVICE nobody:9001 ""`},
	{"stranger in private", `700700/9001#31 PRIVATE TEXT nobody:9001 "Ish vaqti qanday?"`},
	{"stranger's edit in private", `700700/9001#31 PRIVATE TEXT nobody:9001 "Ish vaqtingiz qanday?" edited 1789455910`},
	{"stranger's command", nothing},
	{"stranger's path", `700700/9001#33 PRIVATE TEXT nobody:9001 "/home/olim ochilmayapti"`},
	{"stranger's contact", nothing},
	{"stranger's location", nothing},
	{"staff in private", nothing},
	{"voice", `/-1002000000001#40 SUPERGROUP VOICE user:9001 "" +voice file VOICE AwACAgIAAx0voice audio/ogg 7 s 12345 bytes`},
	{"video note", `/-1002000000001#41 SUPERGROUP VIDEO_NOTE user:9001 "" +video_note file VIDEO_NOTE DQACAgIAAx0round video/mp4 5 s 54321 bytes`},
	{"photo with a caption, of an album", `/-1002000000001#42 SUPERGROUP PHOTO user:9001 "Shu bormi?" +photo(13000)`},
	{"video", `/-1002000000001#43 SUPERGROUP VIDEO user:9001 "" +video`},
	{"audio", `/-1002000000001#44 SUPERGROUP AUDIO user:9001 "" +audio`},
	{"document", `/-1002000000001#45 SUPERGROUP DOCUMENT user:9001 "Shartnoma" +document`},
	{"sticker", `/-1002000000001#46 SUPERGROUP STICKER user:9001 "" +sticker`},
	{"animation", `/-1002000000001#47 SUPERGROUP ANIMATION user:9001 "" +animation`},
	{"contact", `/-1002000000001#48 SUPERGROUP CONTACT user:9001 "" +contact`},
	{"location", `/-1002000000001#49 SUPERGROUP LOCATION user:9001 "" +location`},
	{"venue", `/-1002000000001#50 SUPERGROUP LOCATION user:9001 "" +venue`},
	{"poll", `/-1002000000001#51 SUPERGROUP POLL user:9001 "" +poll`},
	{"story", `/-1002000000001#52 SUPERGROUP OTHER user:9001 "" +story`},
	{"dice", `/-1002000000001#53 SUPERGROUP OTHER user:9001 "" +dice`},
	{"forward", `/-1002000000001#54 SUPERGROUP TEXT user:9001 "Eski narx" +forward`},
	{"forward of somebody's channel", `/-1002000000001#55 SUPERGROUP TEXT user:100002 "Yangi mahsulot" +forward`},
	{"answer to another chat", `/-1002000000001#56 SUPERGROUP TEXT user:9001 "Shumi?" +external_reply`},
	{"channel post", `/-1003000000001#57 CHANNEL TEXT chat:-1003000000001 "Aksiya"`},
	{"connection", nothing},
	{"connection of a stranger", nothing},
	{"business, from the customer", `100002/9001#60 PRIVATE TEXT user:9001 "Jasur aka, narxi?"`},
	{"business, from the owner", `100002/9001#61 PRIVATE TEXT user:100002 "100 000" re 60`},
	{"business, from a bot for the owner", `100002/9001#62 PRIVATE TEXT nobody:100002 "Hozir javob beramiz"`},
	{"business, edited", `100002/9001#60 PRIVATE TEXT user:9001 "Jasur aka, narxi qancha?" edited 1789456180`},
	{"business, a contact", `100002/9001#65 PRIVATE CONTACT user:9001 "" +contact`},
	{"business, a code of Telegram", nothing},
	{"business, of a stranger", nothing},
	{"the bot comes", nothing},
	{"the bot goes", nothing},
	{"somebody goes", nothing},
}

func TestTranslation(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	for _, c := range translations {
		in, ok, err := d.read(c.name)
		got := nothing
		if ok {
			got = line(in)
		}
		if err != nil || got != c.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", c.name, got, err, c.want)
		}
		if ok {
			d.Record(in) // which says whether it is valid, too
		}
	}
}

func TestEntitiesAndAttachmentsAreKept(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	for name, want := range map[string][2]string{
		"text in a supergroup":              {`[{"type":"url","offset":21,"length":20}]`, ``},
		"photo with a caption, of an album": {`[{"type":"bold","offset":0,"length":3}]`, `[{"type":"photo","file_id":"large","file_unique_id":"l","file_size":90000,"media_group_id":"13000"}]`},
		"document":                          {``, `[{"type":"document","file_id":"BQACdoc","file_unique_id":"d","file_name":"shartnoma.pdf","mime_type":"application/pdf","file_size":2000}]`},
		"sticker":                           {``, `[{"type":"sticker","file_id":"CAACsticker","file_unique_id":"st","file_size":20000,"emoji":"👍"}]`},
		"poll":                              {``, `[{"type":"poll","data":{"id":"77","options":["Oq","Qora"],"question":"Qaysi rang?"}}]`},
		"forward":                           {``, `[{"type":"forward","data":{"type":"hidden_user","date":1789000000,"sender_user_name":"Nobody"}}]`},
		"answer of staff":                   {``, `[{"type":"quote","data":{"position":7,"text":"narxi"}}]`},
	} {
		in, ok, err := d.read(name)
		if !ok || err != nil || string(in.Entities) != want[0] || string(in.Attachments) != want[1] {
			t.Errorf("%s: %v %v\n%s\n%s", name, ok, err, in.Entities, in.Attachments)
		}
	}
}

// An edit is a version, and the clock stays where the first one put it.
func TestAnEditInTelegramIsAVersion(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	d.come("text in a supergroup", "edit", "text in a supergroup", "edit")
	var versions int
	var text string
	var opened int64
	d.One(`SELECT max(m.version), max(c.text) FILTER (WHERE c.version = m.version) FROM messages m JOIN message_contents c ON c.message_id = m.id`, nil, &versions, &text)
	d.One(`SELECT extract(epoch FROM opened_at)::bigint FROM waits`, nil, &opened)
	if versions != 2 || text != "Salom, qachon keladi?" || opened != 1789455600 {
		t.Errorf("%d versions, %q, opened %d", versions, text, opened)
	}
}

// Who is on which side, by what the records say in the end.
func TestSidesOfWhatTelegramBrings(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	d.come("post of the linked channel", "comment", "bot", "command for the bot", "command of a customer", "stranger in private", "in the name of the linked channel", "text in a supergroup", "pinned", "via a bot", "channel of somebody else")
	var sides string
	d.One(`SELECT string_agg(telegram_id || ' ' || side || CASE WHEN sender_id IS NULL THEN '' ELSE '!' END, ', ' ORDER BY telegram_id) FROM messages`, nil, &sides)
	if want := "11 CUSTOMER, 14 CUSTOMER, 15 NONE, 16 CUSTOMER, 17 STAFF, 20 NONE, 21 STAFF!, 22 NONE, 24 NONE, 29 NONE, 31 NONE"; sides != want {
		t.Errorf("got  %s\nwant %s", sides, want)
	}
	if n := d.calls.Load(); n != 0 {
		t.Errorf("%d calls, though Telegram had said which channel it is", n)
	}
}

// Which channel a group belongs to is asked for once, where Telegram has not shown it yet.
func TestTheLinkedChannelIsAskedFor(t *testing.T) {
	t.Parallel()
	d := newDoor(t, map[string]string{"getChat": `{"id":-1002000000001,"type":"supergroup","linked_chat_id":-1003000000001}`})
	for range 2 {
		for name, want := range map[string]app.SenderKind{"in the name of the linked channel": app.FromChat, "channel of somebody else": app.FromUser} {
			if in, ok, err := d.read(name); !ok || err != nil || in.Sender.Kind != want {
				t.Errorf("%s: %s %v %v", name, in.Sender.Kind, ok, err)
			}
		}
	}
	if n := d.calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
	d.Clock.Set(d.Clock.Now().Add(2 * linkLife))
	if _, _, err := d.read("channel of somebody else"); err != nil || d.calls.Load() != 2 {
		t.Errorf("later: %d calls, %v", d.calls.Load(), err)
	}
}

// While Telegram cannot be reached, nobody guesses.
func TestTheLinkedChannelIsNotGuessed(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	d.bot = newDesk(t).bot // of a network without Telegram
	if _, _, err := d.read("in the name of the linked channel"); !isCall(err) || badRequest(err) {
		t.Errorf("%v", err)
	}
	if _, _, err := d.read("business, from the customer"); !isCall(err) || badRequest(err) {
		t.Errorf("%v", err)
	}
}

// Nothing of the talk between the bot and people of the company is recorded, whoever writes; with customers all is.
func TestWhatTheBotWritesToCustomersIsRecordedOnNoSide(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	d.come("text in a supergroup")
	own := func(chat models.Chat, id int) {
		t.Helper()
		me := models.User{ID: botID, IsBot: true, FirstName: "FinCo", Username: "finco_demo_bot"}
		d.must(d.bot.logOwn(t.Context(), &models.Message{ID: id, From: &me, Chat: chat, Date: 1789455700, Text: "/open kutmoqda"}))
	}
	group := models.Chat{ID: shop, Type: models.ChatTypeSupergroup, Title: "Buyers"}
	own(group, 100)
	own(group, 100)
	own(models.Chat{ID: buyer, Type: models.ChatTypePrivate, FirstName: "Olim"}, 101)
	own(models.Chat{ID: apptest.JasurTelegram, Type: models.ChatTypePrivate, FirstName: "Jasur"}, 102)
	var got string
	d.One(`SELECT string_agg(m.telegram_id || ' ' || m.side || ' ' || m.kind, ', ' ORDER BY m.telegram_id) FROM messages m`, nil, &got)
	if want := "11 CUSTOMER TEXT, 100 NONE TEXT, 101 NONE TEXT"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var open int
	d.One(`SELECT count(*) FROM waits WHERE closes_with_id IS NULL`, nil, &open)
	if open != 1 {
		t.Errorf("%d open waits", open)
	}
}

func TestAChatOfAnUnknownTypeIsInvalid(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	for _, u := range []*models.Update{d.update("text in a supergroup"), d.update("reaction"), d.update("the bot comes")} {
		chatOf(u).Type = "hologram"
		done, err := d.bot.observe(t.Context(), u)
		if !done && err == nil {
			_, _, err = d.bot.message(t.Context(), u)
		}
		if domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%v", err)
		}
	}
}

func chatOf(u *models.Update) *models.Chat {
	switch {
	case u.Message != nil:
		return &u.Message.Chat
	case u.MessageReaction != nil:
		return &u.MessageReaction.Chat
	}
	return &u.MyChatMember.Chat
}

func TestAMessageWithoutATimeIsInvalid(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	u := d.update("text in a supergroup")
	u.Message.Date = 0
	in, ok, err := d.bot.message(t.Context(), u)
	if !ok || err != nil {
		t.Fatalf("%v %v", ok, err)
	}
	if _, err := d.App.RecordMessage(d.System("intake"), in); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("%v", err)
	}
}

// BenchmarkTranslation is the time from decoded update to what is to be recorded: in a group nothing is asked of the database, in
// private and business chats who it is.
func BenchmarkTranslation(b *testing.B) {
	for _, name := range []string{"text in a supergroup", "stranger in private", "business, from the customer"} {
		b.Run(name, func(b *testing.B) {
			d := newDoor(b, nil)
			d.come("connection")
			u := d.update(name)
			for b.Loop() {
				if _, err := d.bot.observe(b.Context(), u); err != nil {
					b.Fatal(err)
				}
				if _, ok, err := d.bot.message(b.Context(), u); err != nil || !ok {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
