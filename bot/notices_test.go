package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
)

// group is a supergroup as Telegram counts.
const group int64 = -1001234567890

// told has the bot look whom to tell, and returns what it put into the outbox, by person.
func (d *desk) told() map[int64][]said {
	d.t.Helper()
	before := d.last()
	d.must(d.bot.tellWaits(context.Background()))
	out := map[int64][]said{}
	for _, s := range d.since(before) {
		out[s.Chat] = append(out[s.Chat], s)
	}
	return out
}

// sent has everything in the outbox arrive.
func (d *desk) sent() {
	d.t.Helper()
	_, err := d.DB.Exec(`UPDATE outgoings SET state = 'SENT', telegram_id = id + 500, ended_at = $1 WHERE state = 'QUEUED'`, d.Clock.Now())
	d.must(err)
}

// asks has a customer ask in a group of Jasur's at a time, where it has been quiet since the morning.
func (d *desk) asks(at, text string) {
	d.t.Helper()
	if first := apptest.At("2026-09-15 09:30"); d.count(`SELECT count(*) FROM chats WHERE telegram_id = $1`, group) == 0 {
		m := d.Message(group, apptest.JasurTelegram, first, "Salom")
		m.Chat.Title = "Bahor & <Savdo>"
		d.Record(m)
	}
	m := d.Message(group, 5, apptest.At(at), text)
	m.Chat.Title = "Bahor & <Savdo>"
	d.Record(m)
}

func (d *desk) count(query string, args ...any) (n int) {
	d.t.Helper()
	d.One(query, args, &n)
	return n
}

func (d *desk) waitID() int { return d.count(`SELECT max(id) FROM waits`) }

func TestASupervisorIsToldOfAWaitAndTakesIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Clock.Set(apptest.At("2026-09-15 12:05"))
	d.asks("2026-09-15 11:55", "Narxi <b>qancha</b>? "+strings.Repeat("uzun ", 60))
	got := d.told()
	if len(got) != 2 {
		t.Fatalf("told %v", got)
	}
	hers := one(t, got[apptest.AzizaTelegram])
	id := d.waitID()
	take := press("take", id)
	if hers.Method != "sendMessage" || hers.Key != fmt.Sprintf("wait:%d:near:%d", id, d.ID(apptest.Aziza)) || !hasButton(hers, take) {
		t.Errorf("the notice is %+v", hers)
	}
	for _, part := range []string{"Bahor &amp; &lt;Savdo&gt;", "11:55", "12:10", "15 daqiqa", "Narxi &lt;b&gt;qancha&lt;/b&gt;?", "https://t.me/c/1234567890/"} {
		if !strings.Contains(hers.Text, part) {
			t.Errorf("the notice lacks %s: %s", part, hers.Text)
		}
	}
	if !strings.HasPrefix(hers.Buttons[0].URL, "https://t.me/c/1234567890/") {
		t.Errorf("the link is %+v", hers.Buttons[0])
	}
	if again := d.told(); len(again) != 0 {
		t.Errorf("told again: %v", again)
	}
	d.sent()
	if out := d.press(apptest.AzizaTelegram, take, 900); len(out) != 0 || d.toast != plain(d.in("uz", "notice.toast_taken")) {
		t.Errorf("taking says %v, %q", out, d.toast)
	}
	edits := d.told()
	his, hers := one(t, edits[apptest.JasurTelegram]), one(t, edits[apptest.AzizaTelegram])
	if his.Method != "editMessageText" || his.Params["message_id"] == nil || !strings.Contains(his.Text, "Aziza Karimova") || !hasButton(his, press("take", id, "over")) {
		t.Errorf("he reads %+v", his)
	}
	if !strings.Contains(hers.Text, d.in("uz", "notice.taken_mine", "Clock", "12:05")) || hasButton(hers, take) {
		t.Errorf("she reads %+v", hers)
	}
	if d.press(apptest.JasurTelegram, take, 901); d.toast != plain(d.in("uz", "notice.toast_other", "Name", "Aziza Karimova")) {
		t.Errorf("taking it too says %q", d.toast)
	}
	d.press(apptest.JasurTelegram, press("take", id, "over"), 901)
	if his = one(t, d.told()[apptest.JasurTelegram]); !strings.Contains(his.Text, d.in("uz", "notice.taken_mine", "Clock", "12:05")) {
		t.Errorf("he reads %s", his.Text)
	}
	d.Clock.Set(apptest.At("2026-09-15 12:07"))
	d.Say(group, apptest.JasurTelegram, apptest.At("2026-09-15 12:07"), "45 ming")
	d.sent()
	edits = d.told()
	his, hers = one(t, edits[apptest.JasurTelegram]), one(t, edits[apptest.AzizaTelegram])
	if !strings.Contains(hers.Text, d.in("uz", "notice.answered", "Name", "Jasur Toshev", "Span", "12 daqiqa")) || len(hers.Buttons) != 1 {
		t.Errorf("she reads %+v", hers)
	}
	if !strings.Contains(his.Text, d.in("uz", "notice.answered_mine", "Span", "12 daqiqa")) {
		t.Errorf("he reads %s", his.Text)
	}
	if d.press(apptest.AzizaTelegram, take, 900); d.toast != plain(d.in("uz", "notice.toast_answered")) {
		t.Errorf("taking an answered one says %q", d.toast)
	}
}

func TestTakingIsForWhoSeesTheChat(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.asks("2026-09-15 11:55", "Narxi qancha?")
	for _, who := range []int64{apptest.MalikaTelegram, apptest.SardorTelegram} {
		if d.press(who, press("take", d.waitID()), 900); d.toast != plain(d.in("uz", "error.not_found")) {
			t.Errorf("%d is told %q", who, d.toast)
		}
	}
	if n := d.count(`SELECT count(*) FROM waits WHERE taken_by_id IS NOT NULL`); n != 0 {
		t.Errorf("%d are taken", n)
	}
}

// Every text of ours exists in each language, with the same values.
func TestNoticesSpeakEveryLanguage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Clock.Set(apptest.At("2026-09-15 12:20"))
	d.asks("2026-09-15 11:55", "Narxi qancha?")
	for _, lang := range languages {
		_, err := d.DB.Exec(`UPDATE employments SET language = $1`, lang)
		d.must(err)
		due, err := d.App.DueNotices(d.System("telegram"))
		d.must(err)
		zone, err := d.App.Zone(d.System("telegram"))
		d.must(err)
		for _, kind := range []app.NoticeKind{app.NoticeNear, app.NoticePast, app.NoticeTaken, app.NoticeAnswered, app.NoticeOver} {
			n := due[0]
			n.Kind = kind
			text := asText(d.bot.notice(&n, zone).Params)
			if strings.Contains(text, "notice.") || strings.Contains(text, "no value") || n.Language != lang {
				t.Errorf("%s, %s: %s", lang, kind, text)
			}
		}
	}
}

// The loop tells at once of what changes, and ends with its context.
func TestTheLoopOfNoticesTellsAndEnds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Clock.Set(apptest.At("2026-09-15 12:20"))
	d.asks("2026-09-15 11:55", "Narxi qancha?")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	up, ended := make(chan struct{}), make(chan error, 2)
	once := sync.OnceFunc(func() { close(up) })
	go func() { ended <- d.App.Listen(ctx, d.Database.DSN, func(bool) { once() }) }()
	<-up
	put := d.App.Subscribe(app.OutboxChanged)
	defer put.Close()
	go func() { ended <- d.bot.notices(ctx) }()
	<-put.C
	m := d.Message(group-1, 6, apptest.At("2026-09-15 11:55"), "Yetkazish bormi?")
	d.Record(m)
	<-put.C
	if n := d.count(`SELECT count(*) FROM outgoings WHERE key LIKE 'wait:%:past:%'`); n != 3 {
		t.Errorf("%d notices", n)
	}
	stop()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestTheRoomsOfButtonsAreFree(t *testing.T) {
	t.Parallel()
	names := []string{"take", "review", "team", "teamwaits", "fresh", "people"}
	for _, name := range names {
		if buttons()[name] == nil {
			t.Errorf("no button %s", name)
		}
	}
	if i := slices.IndexFunc(commands(), func(c command) bool { return c.name == "people" }); i < 0 || commands()[i].mayGive("supervisor") {
		t.Error("people is not an admin's alone")
	}
}
