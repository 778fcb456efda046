package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/outgoing"
)

// outbox is a world in which the bot's sender is the test.
type outbox struct {
	*apptest.World
	t testing.TB
}

func openOutbox(t testing.TB) *outbox {
	t.Helper()
	return &outbox{World: apptest.Example(t), t: t}
}

func (o *outbox) check(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *outbox) ctx() context.Context { return o.System("telegram") }

// text is a message that says something.
func text(key string, chat int64, priority app.Priority, words string) app.OutgoingInput {
	raw, err := json.Marshal(map[string]string{"text": words})
	if err != nil {
		panic(err)
	}
	return app.OutgoingInput{Key: key, Chat: chat, Priority: priority, Method: "sendMessage", Params: raw}
}

func (o *outbox) put(in ...app.OutgoingInput) {
	o.t.Helper()
	n, err := o.App.Send(o.ctx(), in...)
	o.check(err)
	if n != len(in) {
		o.t.Fatalf("%d of %d were new", n, len(in))
	}
}

func (o *outbox) claim(broadcasts bool, limit int, except ...int64) []app.Outgoing {
	o.t.Helper()
	got, err := o.App.ClaimOutgoing(o.ctx(), app.ClaimOutgoingInput{Broadcasts: broadcasts, Limit: limit, Except: except})
	o.check(err)
	return got
}

func (o *outbox) end(in app.OutgoingEnd) {
	o.t.Helper()
	o.check(o.App.EndOutgoing(o.ctx(), in))
}

// state is how a message stands, and why.
func (o *outbox) state(key string) string {
	o.t.Helper()
	var state, fault string
	o.One(`SELECT state, fault FROM outgoings WHERE key = $1`, []any{key}, &state, &fault)
	if fault != "" {
		state += ": " + fault
	}
	return state
}

// wordsIn are what claimed messages say.
func wordsIn(all []app.Outgoing) string {
	var out []string
	for _, o := range all {
		var params struct{ Text, Caption string }
		if json.Unmarshal(o.Params, &params) != nil {
			return "no parameters"
		}
		out = append(out, params.Text+params.Caption)
	}
	return strings.Join(out, " ")
}

func TestTheOutboxIsClaimedInOrder(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	later := text("later", 5, app.PriorityReply, "later")
	later.NotBefore = apptest.Now.Add(time.Hour)
	o.put(
		text("n1", 1, app.PriorityNotice, "n1"), text("a", 1, app.PriorityReply, "a"), text("b", 1, app.PriorityReply, "b"),
		text("c", 2, app.PriorityReply, "c"), text("m", 3, app.PriorityBroadcast, "m"), text("d", 4, app.PriorityReply, "d"), later,
	)
	if got := wordsIn(o.claim(false, 2)); got != "a c" {
		t.Errorf("first went %q", got)
	}
	if got := wordsIn(o.claim(false, 10, 1, 2)); got != "d" {
		t.Errorf("beside the busy chats went %q", got)
	}
	if got := wordsIn(o.claim(false, 10, 2)); got != "b" {
		t.Errorf("then went %q", got)
	}
	if got := wordsIn(o.claim(false, 10)); got != "n1" {
		t.Errorf("the notice went with %q", got)
	}
	if got := wordsIn(o.claim(true, 10)); got != "m" {
		t.Errorf("of the last priority went %q", got)
	}
	o.Clock.Advance(time.Hour)
	if got := wordsIn(o.claim(false, 10)); got != "later" {
		t.Errorf("an hour later went %q", got)
	}
}

func TestTheSameKeyIsOneMessage(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	in := text("once", 1, app.PriorityReply, "x")
	o.put(in)
	n, err := o.App.Send(o.ctx(), in, in)
	o.check(err)
	if n != 0 {
		t.Errorf("%d were new", n)
	}
}

func TestNobodyWhoLeftGetsAnything(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	_, err := o.DB.Exec(`UPDATE companies SET writes_in_chats = true`)
	o.check(err)
	to := func(key, email string, telegram int64, priority app.Priority) app.OutgoingInput {
		in := text(key, telegram, priority, key)
		in.UserID = o.ID(email)
		return in
	}
	expired := to("expired", apptest.Aziza, apptest.AzizaTelegram, app.PriorityNotice)
	expired.ExpiresAt = apptest.Now
	farewell := text("farewell", apptest.JasurTelegram, app.PriorityReply, "farewell")
	o.put(
		to("blocked", apptest.Jasur, apptest.JasurTelegram, app.PriorityReply), farewell,
		to("old account", apptest.Malika, 999, app.PriorityReply), to("in a group", apptest.Malika, -100500, app.PriorityReply),
		to("left", apptest.Sardor, apptest.SardorTelegram, app.PriorityReply),
		to("notice", apptest.Dilya, apptest.DilyaTelegram, app.PriorityNotice), to("reply", apptest.Dilya, apptest.DilyaTelegram, app.PriorityReply),
		expired,
	)
	for _, q := range []string{
		`UPDATE employments SET status = 'BLOCKED' WHERE telegram_id = 100002`, `UPDATE employments SET "left" = '2026-09-14' WHERE telegram_id = 100004`,
		`UPDATE employments SET unreachable_at = now() WHERE telegram_id = 100005`,
	} {
		_, err := o.DB.Exec(q)
		o.check(err)
	}
	if got := wordsIn(o.claim(false, 20)); got != "farewell in a group reply" {
		t.Errorf("there went %q", got)
	}
	for key, want := range map[string]string{
		"blocked": "CANCELLED: the person has left or is blocked", "left": "CANCELLED: the person has left or is blocked",
		"old account": "CANCELLED: the person has another Telegram account now", "notice": "FAILED: the person has blocked the bot",
		"expired": "CANCELLED: it was too late to send it",
	} {
		if got := o.state(key); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
}

func TestWhatWasBeingSentIsUnknownToTheNextSender(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	edit := text("edit", 2, app.PriorityReply, "b")
	edit.Method = "editMessageText"
	o.put(text("new", 1, app.PriorityReply, "a"), edit, text("after", 1, app.PriorityReply, "c"))
	first := o.claim(false, 10)
	n, err := o.App.RecoverOutgoing(o.ctx())
	o.check(err)
	if n != 1 || !strings.HasPrefix(o.state("new"), "UNKNOWN") || !strings.HasPrefix(o.state("edit"), "QUEUED") {
		t.Errorf("%d unknown; the message is %s, the edit %s", n, o.state("new"), o.state("edit"))
	}
	if got := wordsIn(o.claim(false, 10)); got != "b c" {
		t.Errorf("there went %q", got)
	}
	// The sender before knew better.
	o.end(app.OutgoingEnd{ID: first[0].ID, State: outgoing.StateQueued, Fault: "Telegram did not answer"})
	if got := o.state("new"); got != "QUEUED: Telegram did not answer" {
		t.Errorf("the message is %s", got)
	}
	if got := wordsIn(o.claim(false, 10)); got != "a" {
		t.Errorf("there went %q", got)
	}
	_, err = o.App.RecoverOutgoing(o.ctx())
	o.check(err)
	o.end(app.OutgoingEnd{ID: first[0].ID, State: outgoing.StateSent, TelegramID: 77})
	if got := o.state("new"); got != "SENT" {
		t.Errorf("the message is %s", got)
	}
}

func TestWhoBlockedTheBotGetsNoMoreNotices(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	for i, priority := range []app.Priority{app.PriorityReply, app.PriorityReply, app.PriorityNotice} {
		in := text(fmt.Sprint("m", i), apptest.JasurTelegram, priority, "x")
		in.UserID = o.ID(apptest.Jasur)
		o.put(in)
	}
	o.end(app.OutgoingEnd{ID: o.claim(false, 1)[0].ID, State: outgoing.StateFailed, Fault: "Forbidden: bot was blocked by the user", Unreachable: true})
	if !strings.HasPrefix(o.state("m0"), "FAILED") || o.state("m1") != "QUEUED" || !strings.HasPrefix(o.state("m2"), "FAILED") {
		t.Errorf("the messages are %s, %s, %s", o.state("m0"), o.state("m1"), o.state("m2"))
	}
	var since time.Time
	o.One(`SELECT unreachable_at FROM employments WHERE telegram_id = $1`, []any{apptest.JasurTelegram}, &since)
	if !since.Equal(apptest.Now) {
		t.Errorf("unreachable since %v", since)
	}
}

func TestTheOutboxForgets(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	kept, err := o.App.KeepFile(o.ctx(), strings.NewReader("picture"))
	o.check(err)
	in := text("old", 1, app.PriorityReply, "x")
	in.Method, in.File, in.FileField, in.Params = "sendPhoto", &kept, "photo", json.RawMessage(`{"caption": "secret"}`)
	o.put(in, text("waits", 2, app.PriorityReply, "y"))
	o.end(app.OutgoingEnd{ID: o.claim(false, 1)[0].ID, State: outgoing.StateSent, TelegramID: 5})
	count := func(where string) (n int) {
		o.check(o.App.PruneOutbox(o.ctx()))
		o.One(`SELECT count(*) FROM outgoings WHERE `+where, nil, &n)
		return n
	}
	if n := count(`params IS NOT NULL`); n != 2 {
		t.Errorf("%d have words at once", n)
	}
	o.Clock.Advance(31 * 24 * time.Hour)
	if n := count(`key = 'old' AND params IS NULL AND file IS NULL`); n != 1 {
		t.Error("after a month there still are words")
	}
	o.Clock.Advance(150 * 24 * time.Hour)
	if n := count(`true`); n != 1 {
		t.Errorf("after half a year there are %d, want the one that waits", n)
	}
}

func TestNothingIsCutSilently(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	line := strings.Repeat("ш", 99) + "\n"
	long := "<b>" + strings.Repeat(line, 60) + "</b><i>" + strings.Repeat("😀", 3000) + " &amp; end</i>"
	params, err := json.Marshal(map[string]any{"text": long, "parse_mode": "HTML", "reply_markup": map[string]any{"inline_keyboard": []any{}}})
	o.check(err)
	kept, err := o.App.KeepFile(o.ctx(), strings.NewReader("picture"))
	o.check(err)
	caption, err := json.Marshal(map[string]any{"caption": strings.Repeat("x", 1025), "parse_mode": "HTML"})
	o.check(err)
	n, err := o.App.Send(o.ctx(), app.OutgoingInput{Key: "long", Chat: 1, Method: "sendMessage", Params: params},
		app.OutgoingInput{Key: "picture", Chat: 1, Method: "sendPhoto", Params: caption, File: &kept, FileField: "photo"})
	o.check(err)
	if n != 6 {
		t.Fatalf("%d messages", n)
	}
	var said string
	for i := range 6 {
		one := o.claim(false, 1)[0]
		var p struct {
			Text, Caption string
			ReplyMarkup   any `json:"reply_markup"`
		}
		o.check(json.Unmarshal(one.Params, &p))
		if i < 4 {
			said += p.Text
			if strings.Count(p.Text, "<b>") != strings.Count(p.Text, "</b>") || strings.Count(p.Text, "<i>") != strings.Count(p.Text, "</i>") {
				t.Errorf("part %d has tags open: %.40s … %s", i, p.Text, p.Text[len(p.Text)-20:])
			}
			if units := len(utf16.Encode([]rune(p.Text))); units > 4096+4*7 {
				t.Errorf("part %d has %d units", i, units)
			}
		}
		if (p.ReplyMarkup != nil) != (i == 3) {
			t.Errorf("buttons at part %d: %v", i, p.ReplyMarkup)
		}
		if (one.File != "") != (i == 4) || i == 5 && len(p.Text) != 1025 {
			t.Errorf("part %d: file %q, text of %d", i, one.File, len(p.Text))
		}
	}
	for _, tag := range []string{"<b>", "</b>", "<i>", "</i>", "\n"} {
		said = strings.ReplaceAll(said, tag, "")
	}
	if want := strings.Repeat(strings.TrimSpace(line), 60) + strings.Repeat("😀", 3000) + " &amp; end"; said != want {
		t.Error("something was lost between the parts")
	}
}

func TestWhatTelegramWouldRefuseIsRefused(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	file := &app.StoredFile{SHA256: strings.Repeat("a", 64)}
	edit := text("x", 1, 0, strings.Repeat("x", 4097))
	edit.Method = "editMessageText"
	for name, in := range map[string]app.OutgoingInput{
		"no text": text("x", 1, 0, " "), "only tags": {Key: "x", Chat: 1, Method: "sendMessage", Params: json.RawMessage(`{"text":"<b></b>","parse_mode":"HTML"}`)},
		"no key": text("", 1, 0, "x"), "no chat": text("x", 0, 0, "x"), "another method": {Key: "x", Chat: 1, Method: "banChatMember", Params: json.RawMessage(`{}`)},
		"no file":       {Key: "x", Chat: 1, Method: "sendPhoto", Params: json.RawMessage(`{}`)},
		"another field": {Key: "x", Chat: 1, Method: "sendPhoto", File: file, FileField: "document", Params: json.RawMessage(`{}`)},
		"no object":     {Key: "x", Chat: 1, Method: "sendMessage", Params: json.RawMessage(`[]`)}, "a long edit": edit,
	} {
		if _, err := o.App.Send(o.ctx(), in); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := o.App.Send(o.As(apptest.Botir), text("x", 1, 0, "x")); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("an admin sends as the bot: %v", err)
	}
}
