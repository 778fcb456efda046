package bot

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app/apptest"
)

// busy has a customer of Jasur's answered yesterday and one wait today, and one of Dilya's of Sales.
func busy(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.Clock.Set(apptest.At("2026-09-14 17:00"))
	say := func(chat, from int64, at, text string) {
		m := d.Message(chat, from, apptest.At(at), text)
		m.Chat.Title = "Bahor & <Savdo>"
		d.Record(m)
	}
	say(group, apptest.JasurTelegram, "2026-09-14 09:30", "Salom")
	say(group, 5, "2026-09-14 11:00", "Narxi qancha?")
	say(group, apptest.JasurTelegram, "2026-09-14 11:10", "45 ming")
	d.Clock.Set(apptest.At("2026-09-15 12:00"))
	say(group, 5, "2026-09-15 11:00", "Yetkazish <bormi>?")
	say(group-1, apptest.DilyaTelegram, "2026-09-15 09:30", "Salom")
	say(group-1, 6, "2026-09-15 11:50", "Sotuvda bormi?")
	return d
}

func (d *desk) contains(s said, parts ...string) {
	d.t.Helper()
	for _, part := range parts {
		if !strings.Contains(s.Text, part) {
			d.t.Errorf("the message lacks %q: %s", part, s.Text)
		}
	}
}

func TestTheTeamsDay(t *testing.T) {
	t.Parallel()
	d := busy(t)
	day := one(t, d.write(apptest.AzizaTelegram, "/team"))
	d.contains(day, "Support", "15-sentabr", "Jasur Toshev", "Malika Yusupova", d.in("uz", "team.open", "Count", 1))
	id := d.count(`SELECT id FROM teams WHERE name = 'Support'`)
	waits := press("teamwaits", d.ID(apptest.Jasur), id, "")
	if !hasButton(day, waits) || !hasButton(day, press("team", id, "2026-09-14")) || hasButton(day, "team:choose:") {
		t.Errorf("the buttons are %+v", day.Buttons)
	}
	if day.Buttons[0].Text != "⏳ Jasur Toshev: 1" {
		t.Errorf("the buttons are %+v", day.Buttons)
	}
	list := one(t, d.press(apptest.AzizaTelegram, waits, 900))
	d.contains(list, "Jasur Toshev", "Bahor &amp; &lt;Savdo&gt;", "Yetkazish &lt;bormi&gt;?", "11:00")
	if !hasButton(list, press("team", id, "")) {
		t.Errorf("no way back: %+v", list.Buttons)
	}
	yesterday := one(t, d.press(apptest.AzizaTelegram, press("team", id, "2026-09-14"), 900))
	d.contains(yesterday, "14-sentabr", "100", "10 daqiqa")
	if !hasButton(yesterday, press("team", id, "")) {
		t.Errorf("no way to today: %+v", yesterday.Buttons)
	}
	admin := one(t, d.write(botirTelegram, "/team"))
	if !hasButton(admin, "team:choose:") {
		t.Errorf("an admin's buttons are %+v", admin.Buttons)
	}
	if choice := one(t, d.press(botirTelegram, "team:choose:", 901)); !hasButton(choice, press("team", id, "")) || len(choice.Buttons) != 2 {
		t.Errorf("the choice is %+v", choice.Buttons)
	}
	d.expect(d.write(apptest.JasurTelegram, "/team"), d.in("uz", "error.denied"))
	for _, data := range []string{press("team", id, ""), press("teamwaits", d.ID(apptest.Jasur), id, "")} {
		for _, who := range []int64{apptest.SardorTelegram, apptest.DilyaTelegram} {
			for _, s := range d.press(who, data, 902) {
				if strings.Contains(s.Text, "Bahor") || strings.Contains(s.Text, "muddatida") {
					t.Errorf("%d reads %s", who, s.Text)
				}
			}
		}
	}
}

func TestOpenAnswersInPrivateWhatThePersonMaySee(t *testing.T) {
	t.Parallel()
	d := busy(t)
	hers := one(t, d.write(apptest.AzizaTelegram, "/open"))
	d.contains(hers, "Bahor &amp; &lt;Savdo&gt;", "Yetkazish &lt;bormi&gt;?", "Jasur Toshev")
	if strings.Contains(hers.Text, "Sotuvda") || !hasButton(hers, press("take", d.count(`SELECT min(id) FROM waits WHERE closes_with_id IS NULL`))) {
		t.Errorf("she reads %+v", hers)
	}
	d.expect(d.write(apptest.MalikaTelegram, "/open"), d.in("uz", "open.none"))
	asked := func(from int64) []said {
		return d.send(from, func(m *models.Message) {
			m.Text, m.Chat = "/open@finco_demo_bot", models.Chat{ID: group, Type: models.ChatTypeSupergroup, Title: "Bahor & <Savdo>"}
		})
	}
	his := one(t, asked(apptest.JasurTelegram))
	if his.Chat != apptest.JasurTelegram {
		t.Errorf("it is answered in %d", his.Chat)
	}
	d.contains(his, "Yetkazish &lt;bormi&gt;?")
	if other := one(t, asked(apptest.DilyaTelegram)); other.Text != d.in("uz", "open.none_here", "Chat", "Bahor & <Savdo>") {
		t.Errorf("who does not see the chat reads %s", other.Text)
	}
	if out := asked(strangerTelegram); len(out) != 0 {
		t.Errorf("a customer is answered: %+v", out)
	}
	_, err := d.DB.Exec(`UPDATE companies SET writes_in_chats = true`)
	d.must(err)
	both := asked(apptest.JasurTelegram)
	if len(both) != 2 || both[1].Chat != group || both[1].UserID != 0 {
		t.Fatalf("said %+v", both)
	}
	d.contains(both[1], "https://t.me/c/1234567890/", "11:00", d.in("uz", "open.group", "Count", 1))
	for _, word := range []string{"Yetkazish", "Bahor", "Jasur", "Account"} {
		if strings.Contains(both[1].Text, word) {
			t.Errorf("the group reads %s", both[1].Text)
		}
	}
	topic := d.send(apptest.JasurTelegram, func(m *models.Message) {
		m.Text, m.Chat, m.IsTopicMessage, m.MessageThreadID = "/open", models.Chat{ID: group, Type: models.ChatTypeSupergroup}, true, 17
	})
	if len(topic) != 2 || topic[1].Params["message_thread_id"] != 17.0 {
		t.Errorf("in a topic it says %+v", topic)
	}
	if both[1].Buttons != nil {
		t.Errorf("the group has buttons %+v", both[1].Buttons)
	}
}

// An accountant sees that somebody waits, and not what they said; what is for leaders is not for them.
func TestAnAccountantReadsNoWords(t *testing.T) {
	t.Parallel()
	d := busy(t)
	const nodira int64 = 100006
	_, err := d.DB.Exec(`UPDATE employments SET telegram_id = $1 WHERE email = $2`, nodira, apptest.Nodira)
	d.must(err)
	list := one(t, d.write(nodira, "/open"))
	d.contains(list, "Bahor &amp; &lt;Savdo&gt;", "11:00")
	if strings.Contains(list.Text, "bormi") || len(list.Buttons) != 0 {
		t.Errorf("an accountant reads %+v", list)
	}
	for _, command := range []string{"/team", "/review", "/people"} {
		d.expect(d.write(nodira, command), d.in("uz", "error.denied"))
	}
	if d.press(nodira, press("take", d.count(`SELECT max(id) FROM waits`)), 900); d.toast != plain(d.in("uz", "error.denied")) {
		t.Errorf("taking a wait says %q", d.toast)
	}
	for _, data := range []string{"review:again", press("people", "block", d.ID(apptest.Jasur), 0)} {
		if out := d.press(nodira, data, 900); len(out) != 0 || d.toast != plain(d.in("uz", "error.denied")) {
			t.Errorf("%s says %+v, %q", data, out, d.toast)
		}
	}
	d.Clock.Set(apptest.At("2026-09-15 09:00"))
	before := d.last()
	d.must(d.bot.sendDigests(context.Background()))
	for _, s := range d.since(before) {
		if s.Chat == nodira {
			t.Errorf("an accountant gets %s", s.Text)
		}
	}
}

func TestTheDigestIsSentOnce(t *testing.T) {
	t.Parallel()
	d := busy(t)
	d.Clock.Set(apptest.At("2026-09-15 09:00"))
	digests := func() map[int64]said {
		before, out := d.last(), map[int64]said{}
		d.must(d.bot.sendDigests(context.Background()))
		for _, s := range d.since(before) {
			out[s.Chat] = s
		}
		return out
	}
	got := digests()
	if len(got) != 3 {
		t.Fatalf("sent %v", got)
	}
	hers, his := got[apptest.AzizaTelegram], got[botirTelegram]
	d.contains(hers, "15-sentabr", "14-sentabr", "Support", d.in("uz", "digest.reviews_none"))
	if strings.Contains(hers.Text, "Sales") || strings.Contains(hers.Text, d.in("uz", "digest.in_order")) {
		t.Errorf("she reads %s", hers.Text)
	}
	d.contains(his, "Support", "Sales", d.in("uz", "digest.in_order"), d.in("uz", "digest.open", "Open", 1, "Past", 0))
	for _, s := range got {
		if strings.Contains(s.Text, "digest.") || strings.Contains(s.Text, "team.") {
			t.Errorf("a text is missing: %s", s.Text)
		}
	}
	if again := digests(); len(again) != 0 {
		t.Errorf("sent again: %v", again)
	}
	if !hasButton(hers, "fresh:team") {
		t.Errorf("the buttons are %+v", hers.Buttons)
	}
	if s := one(t, d.press(apptest.AzizaTelegram, "fresh:team", 900)); s.Method != "sendMessage" {
		t.Errorf("the digest is replaced: %+v", s)
	}
	if out := d.press(apptest.JasurTelegram, "fresh:team", 900); len(out) != 0 || d.toast != plain(d.in("uz", "error.denied")) {
		t.Errorf("an employee reads %+v, %q", out, d.toast)
	}
}

func TestAdminsReadInTheDigestWhatDidNotArrive(t *testing.T) {
	t.Parallel()
	d := busy(t)
	d.Clock.Set(apptest.At("2026-09-15 09:00"))
	for key, end := range map[string]string{
		"unknown": "'UNKNOWN', '2026-09-14 12:00+05', NULL, " + strconv.Itoa(d.ID(apptest.Jasur)), "refused": "'FAILED', '2026-09-14 12:00+05', NULL, NULL",
		"in the past": "'UNKNOWN', '2026-09-10 12:00+05', NULL, NULL", "to one who cannot be reached": "'FAILED', '2026-09-14 12:00+05', NULL, " + strconv.Itoa(d.ID(apptest.Malika)),
	} {
		_, err := d.DB.Exec(`INSERT INTO outgoings (key, chat, priority, method, attempts, not_before, fault, created_at, state, ended_at, broadcast_id, user_id)
VALUES ($1, 1, 1, 'sendMessage', 1, now(), '', now(), `+end+`)`, key)
		d.must(err)
	}
	_, err := d.DB.Exec(`UPDATE employments SET unreachable_at = now() WHERE user_id = $1`, d.ID(apptest.Malika))
	d.must(err)
	before := d.last()
	d.must(d.bot.sendDigests(context.Background()))
	for _, s := range d.since(before) {
		if told := strings.Contains(s.Text, d.in("uz", "digest.unsent", "Count", 2)); told != (s.Chat == botirTelegram) {
			t.Errorf("%d reads %s", s.Chat, s.Text)
		}
	}
}

func TestAnAdminBlocksAfterAskedTwice(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	jasur := d.ID(apptest.Jasur)
	d.must(d.App.KeepMenu(d.System("telegram"), jasur, strconv.FormatInt(apptest.JasurTelegram, 10)+":menu"))
	list := one(t, d.write(botirTelegram, "/people"))
	d.contains(list, "Jasur Toshev", d.in("uz", "admin.state.linked"), d.in("uz", "admin.state.unlinked"), d.in("uz", "admin.state.unstarted"))
	if !hasButton(list, press("people", "see", jasur, 0)) {
		t.Errorf("the buttons are %+v", list.Buttons)
	}
	card := one(t, d.press(botirTelegram, press("people", "see", jasur, 0), 900))
	d.contains(card, "jasur@demo.example", "Support")
	if !hasButton(card, press("people", "ask", jasur, 0)) {
		t.Errorf("the buttons are %+v", card.Buttons)
	}
	asked := one(t, d.press(botirTelegram, press("people", "ask", jasur, 0), 900))
	if !hasButton(asked, press("people", "block", jasur, 0)) || d.count(`SELECT count(*) FROM employments WHERE status = 'BLOCKED'`) != 0 {
		t.Errorf("asked %+v", asked)
	}
	for range 2 {
		d.contains(one(t, d.press(botirTelegram, press("people", "block", jasur, 0), 900)), d.in("uz", "admin.state.blocked"))
	}
	if d.press(apptest.JasurTelegram, "today:0", 901); d.toast != plain(d.in("en", "people.access_ended")) {
		t.Errorf("a blocked person is told %q", d.toast)
	}
	if back := one(t, d.press(botirTelegram, press("people", "see", jasur, 0), 900)); !hasButton(back, press("people", "unblock", jasur, 0)) {
		t.Errorf("the buttons are %+v", back.Buttons)
	}
	d.press(botirTelegram, press("people", "unblock", jasur, 0), 900)
	if d.count(`SELECT count(*) FROM employments WHERE status = 'BLOCKED'`) != 0 {
		t.Error("still blocked")
	}
	if d.press(botirTelegram, press("people", "block", d.ID(apptest.Botir), 0), 900); d.toast != plain(d.in("uz", "admin.not_yourself")) {
		t.Errorf("blocking oneself says %q", d.toast)
	}
	for _, who := range []int64{apptest.AzizaTelegram, apptest.JasurTelegram} {
		d.expect(d.write(who, "/people"), d.in("uz", "error.denied"))
		d.press(who, press("people", "block", d.ID(apptest.Malika), 0), 900)
		if d.count(`SELECT count(*) FROM employments WHERE status = 'BLOCKED'`) != 0 {
			t.Errorf("%d blocks people", who)
		}
	}
}

func TestAnAdminDisconnectsAnAccount(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	jasur := d.ID(apptest.Jasur)
	if card := one(t, d.press(botirTelegram, press("people", "see", jasur, 0), 900)); !hasButton(card, press("people", "part", jasur, 0)) {
		t.Errorf("the buttons are %+v", card.Buttons)
	}
	if card := one(t, d.press(botirTelegram, press("people", "see", d.ID(apptest.Botir), 0), 900)); hasButton(card, press("people", "part", d.ID(apptest.Botir), 0)) {
		t.Errorf("of oneself the buttons are %+v", card.Buttons)
	}
	for _, who := range []int64{apptest.AzizaTelegram, apptest.JasurTelegram} {
		d.press(who, press("people", "disconnect", jasur, 0), 900)
	}
	asked := one(t, d.press(botirTelegram, press("people", "part", jasur, 0), 900))
	if !hasButton(asked, press("people", "disconnect", jasur, 0)) {
		t.Errorf("asked %+v", asked)
	}
	connected := func() int {
		return d.count(`SELECT count(*) FROM employments WHERE telegram_id IS NOT NULL AND email = 'jasur@demo.example'`)
	}
	if connected() != 1 {
		t.Error("the account was taken away by somebody else, or by being asked")
	}
	for range 2 {
		d.contains(one(t, d.press(botirTelegram, press("people", "disconnect", jasur, 0), 900)), d.in("uz", "admin.state.unlinked"))
	}
	if connected() != 0 {
		t.Error("the account is there still")
	}
	if d.press(apptest.JasurTelegram, "today:0", 901); d.toast != plain(d.in("en", "error.stranger")) {
		t.Errorf("a stranger is told %q", d.toast)
	}
}
