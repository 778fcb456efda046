package bot

import (
	"strings"
	"sync"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/bot/bottest"
)

func TestTheFileOfABroadcastGoesUpOnce(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	kept, err := p.App.KeepFile(p.System("telegram"), strings.NewReader("picture"))
	p.check(err)
	id := p.broadcast(app.BroadcastInput{Text: "look", File: &kept})
	p.run()
	p.until("it is done", func() bool { return p.broadcastState(id) == "DONE" })
	var uploads, known int
	p.mu.Lock()
	for _, c := range p.calls {
		if c.file == "upload" {
			uploads++
		} else if c.file == "telegrams" && c.text == "look" {
			known++
		}
	}
	p.mu.Unlock()
	if uploads != 1 || known != 4 {
		t.Errorf("%d uploads, %d by what Telegram calls it", uploads, known)
	}
	p.Files.Forget(kept.SHA256)
	again := p.broadcast(app.BroadcastInput{Text: "once more", File: &kept, FileName: "a.png"})
	p.until("it is done", func() bool { return p.broadcastState(again) == "DONE" })
	var gone int
	p.One(`SELECT count(*) FROM outgoings WHERE broadcast_id = $1 AND state = 'FAILED' AND fault = 'the file is no longer in the store'`, []any{again}, &gone)
	if gone != 5 {
		t.Errorf("%d failed for want of the file; %s", gone, p.states())
	}
}

// broadcast starts one for everybody, as the admin.
func (p *post) broadcast(in app.BroadcastInput) int {
	p.t.Helper()
	boss := p.As(apptest.Botir)
	made, err := p.App.PrepareBroadcast(boss, in)
	p.check(err)
	_, err = p.App.StartBroadcast(boss, made.ID)
	p.check(err)
	return made.ID
}

func (p *post) broadcastState(id int) (state string) {
	p.t.Helper()
	p.One(`SELECT state FROM broadcasts WHERE id = $1`, []any{id}, &state)
	return state
}

// hire makes a company of so many people more, each with a Telegram account.
func (p *post) hire(n int) {
	p.t.Helper()
	_, err := p.DB.Exec(`
WITH people AS (INSERT INTO users (name, created_at) SELECT 'Person ' || n, now() FROM generate_series(1, $1::int) n RETURNING id)
INSERT INTO employments (user_id, email, role, status, telegram_id, joined)
SELECT id, 'p' || id || '@example.com', 'EMPLOYEE', 'ACTIVE', 5000000 + row_number() OVER (), '2026-01-01' FROM people`, n)
	p.check(err)
}

func TestABroadcastThatHangsHoldsUpNoReply(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.hire(70)
	released := make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	t.Cleanup(release)
	p.answer = func(c sending) (int, string) {
		if c.text == "all" {
			<-released
		}
		return 200, sent
	}
	id := p.broadcast(app.BroadcastInput{Text: "all"})
	p.run()
	p.until("every room is taken", func() bool { return len(p.said("")) == broadcastsAtOnce })
	p.put(9, app.PriorityReply, "reply")
	p.put(8, app.PriorityNotice, "notice")
	var n int
	p.until("replies are sent", func() bool {
		p.One(`SELECT count(*) FROM outgoings WHERE state = 'SENT'`, nil, &n)
		return n == 2
	})
	release()
	p.until("it is done", func() bool { return p.broadcastState(id) == "DONE" })
	if n := len(p.said("")); n != 77 {
		t.Errorf("%d calls", n)
	}
}

func TestABroadcastIsPausedOverARestartAndCancelled(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.hire(70)
	boss := p.As(apptest.Botir)
	stop := p.run()
	id := p.broadcast(app.BroadcastInput{Text: "all"})
	count := func(state string) (n int) {
		p.One(`SELECT count(*) FROM outgoings WHERE broadcast_id = $1 AND state = $2`, []any{id, state}, &n)
		return n
	}
	p.until("some are sent", func() bool { return count("SENT") > 5 })
	_, err := p.App.PauseBroadcast(boss, id)
	p.check(err)
	p.until("nothing is under way", func() bool { return count("SENDING") == 0 })
	stop()
	there := count("SENT")
	p.run()
	p.put(9, app.PriorityReply, "reply")
	p.until("the reply is sent", func() bool { return len(p.said("9")) == 1 })
	if now := count("SENT"); now != there || p.broadcastState(id) != "PAUSED" {
		t.Fatalf("%s, %d were sent, now %d", p.broadcastState(id), there, now)
	}
	_, err = p.App.ResumeBroadcast(boss, id)
	p.check(err)
	p.until("it goes on", func() bool { return count("SENT") > there })
	_, err = p.App.CancelBroadcast(boss, id)
	p.check(err)
	p.until("nothing is under way", func() bool { return count("SENDING") == 0 })
	if sent, cancelled := count("SENT"), count("CANCELLED"); sent+cancelled != 75 || cancelled == 0 || len(p.said("")) != sent+1 {
		t.Errorf("%d sent, %d cancelled, %d calls", sent, cancelled, len(p.said("")))
	}
}

// TestABroadcastFromQuestionToReport plays it against the emulator, with the bot really running.
func TestABroadcastFromQuestionToReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.WithLimits(30))
	if _, err := w.DB.Exec(`UPDATE employments SET telegram_id = $1, language = 'en' WHERE email = $2`, botirTelegram, apptest.Botir); err != nil {
		t.Fatal(err)
	}
	botir := w.telegram.User(botirTelegram, "Botir", "Saidov", "botir", "en")
	aziza := w.telegram.User(apptest.AzizaTelegram, "Aziza", "Karimova", "aziza", "uz").Known()
	sardor := w.telegram.User(apptest.SardorTelegram, "Sardor", "Aliyev", "sardor", "uz").Known()
	sardor.Deleted()
	w.run()
	chat := botir.Chat()
	next := func(begins string) bottest.Said {
		t.Helper()
		return chat.Until(t.Context(), func(s bottest.Said) bool { return strings.Contains(s.Text, begins) })
	}
	botir.Says(chat, "/broadcast")
	next("Who should get it?")
	botir.Presses(chat, "By role")
	next("Choose one or more")
	botir.Presses(chat, "Supervisors")
	chat.Next(t.Context())
	botir.Presses(chat, "Next →")
	next("Write the text")
	botir.Says(chat, "Ertaga <soat 9> da yig'ilish")
	next("Ertaga <soat 9> da yig'ilish")
	next("Will get it: 2")
	botir.Presses(chat, "✅ Send (2)")
	if got := aziza.Chat().Next(t.Context()); got.Text != "Ertaga <soat 9> da yig'ilish" {
		t.Errorf("Aziza got %+v", got)
	}
	report, shown := next("Broadcast: finished"), next("Broadcast: finished")
	for _, end := range []bottest.Said{report, shown} { // a message of its own, and what showed the progress
		if !strings.Contains(end.Text, "Delivered: 1 of 2") || !strings.Contains(end.Text, "the account was deleted: 1") || len(end.Buttons) > 0 {
			t.Errorf("the end is %+v", end)
		}
	}
	if report.Edited == shown.Edited {
		t.Error("the end is not told both anew and in place of the progress")
	}
	if n := w.count(`SELECT count(*) FROM employments WHERE telegram_id = $1 AND unreachable_at IS NOT NULL`, apptest.SardorTelegram); n != 1 {
		t.Error("Sardor counts as reachable")
	}
}

// TestWhatTheBotWritesToCustomersIsKeptBesideTheirWords has it on no side, once.
func TestWhatTheBotWritesToCustomersIsKeptBesideTheirWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.DB.Exec(`UPDATE companies SET writes_in_chats = true`); err != nil {
		t.Fatal(err)
	}
	jasur := w.telegram.User(apptest.JasurTelegram, "Jasur", "Toshev", "jasur", "uz").Known()
	shop := w.telegram.Supergroup(-1001234567890, "Shop", jasur)
	w.run()
	_, err := w.App.Send(w.System("telegram"),
		app.OutgoingInput{Key: "shop", Chat: shop.ID, Method: "sendMessage", Params: paramsOf(map[string]any{"text": "We are open"})},
		app.OutgoingInput{Key: "own", Chat: jasur.ID, UserID: w.ID(apptest.Jasur), Method: "sendMessage", Params: paramsOf(map[string]any{"text": "your pay"})})
	if err != nil {
		t.Fatal(err)
	}
	w.until("both are sent", func() bool { return w.count(`SELECT count(*) FROM outgoings WHERE state = 'SENT'`) == 2 })
	var side, text string
	w.One(`SELECT m.side, c.text FROM messages m JOIN message_contents c ON c.message_id = m.id`, nil, &side, &text)
	if n := w.count(`SELECT count(*) FROM messages`); n != 1 || side != "NONE" || text != "We are open" {
		t.Errorf("%d messages, one is %s on the side %s", n, text, side)
	}
}
