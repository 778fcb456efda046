package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app/apptest"
)

func TestTodaySaysWhoWaits(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Say(-1001234, 501, apptest.At("2026-09-14 17:00"), "Salom")
	d.Say(-1001234, apptest.JasurTelegram, apptest.At("2026-09-14 17:01"), "Salom")
	question := d.Say(-1001234, 501, apptest.At("2026-09-15 11:50"), "<b>Narxi</b> & rangi?")
	d.RunJobs()
	got := one(t, d.write(apptest.JasurTelegram, "/today"))
	for _, want := range []string{
		"<b>Bugun, 15-sentabr</b> · 12:00 holatiga koʻra", "Ish vaqti: 09:00–13:00, 14:00–18:00", "keldi-ketdi belgisi yoʻq",
		"<b>Javob kutmoqda: 1</b>", `1. <a href="https://t.me/c/1234/` + itoa(question) + `">Chat</a> — 11:50 dan beri, muddatgacha 5 daqiqa ish vaqti`,
		"<i>«&lt;b&gt;Narxi&lt;/b&gt; &amp; rangi?»</i>",
	} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("no %q in\n%s", want, got.Text)
		}
	}
	if len(got.Buttons) != 3 || got.Buttons[0].Data != "punch:in" || got.Buttons[2].Data != "today:0" {
		t.Errorf("buttons: %+v", got.Buttons)
	}
	d.Clock.Set(apptest.At("2026-09-15 19:00"))
	late := one(t, d.press(apptest.JasurTelegram, "today:0", 77))
	if late.Method != "editMessageText" || !strings.Contains(late.Text, "muddatdan 4 soat 55 daqiqa ish vaqti oʻtdi") ||
		!strings.Contains(late.Text, "Ish vaqti tugadi (09:00–13:00, 14:00–18:00). Keyingisi: 16-sentabr, 09:00–13:00, 14:00–18:00") {
		t.Errorf("in the evening:\n%s", late.Text)
	}
	d.Clock.Set(apptest.At("2026-09-16 02:20"))
	if got := one(t, d.press(apptest.JasurTelegram, "today:0", 77)); !strings.HasPrefix(got.Text, "<b>Ish kuni: 15-sentabr</b> · hozir 16-sentabr, 02:20\n") {
		t.Errorf("after midnight:\n%s", got.Text)
	}
	if got := one(t, d.write(apptest.MalikaTelegram, "/today")); !strings.Contains(got.Text, "hech kim kutmayapti") {
		t.Errorf("with nobody waiting:\n%s", got.Text)
	}
	if got := one(t, d.press(apptest.JasurTelegram, "today:9", 77)); !strings.Contains(got.Text, "1. ") {
		t.Errorf("a page that is none any more:\n%s", got.Text)
	}
	d.press(apptest.JasurTelegram, "today:x", 77)
	d.press(apptest.JasurTelegram, "today:-1", 77)
}

func TestTodayIsPagedAndFits(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range int64(11) {
		m := d.Message(-1002000-i, 501, apptest.At("2026-09-14 17:00"), strings.Repeat("<&>ъ", 2000))
		m.Chat.Title = strings.Repeat("<&>ъ", 100)
		d.Record(m)
		d.Say(-1002000-i, apptest.JasurTelegram, apptest.At("2026-09-14 17:01"), "Salom")
		again := d.Message(-1002000-i, 501, apptest.At("2026-09-15 11:50"), strings.Repeat("<&>ъ", 2000))
		again.Chat.Title = m.Chat.Title
		d.Record(again)
	}
	d.RunJobs()
	first := one(t, d.write(apptest.JasurTelegram, "/today"))
	if n := len([]rune(plain(first.Text))); n > 4096 || first.Buttons[0].Data != "today:1" {
		t.Errorf("%d characters, %+v", n, first.Buttons)
	}
	second := one(t, d.press(apptest.JasurTelegram, "today:1", 5))
	if !strings.Contains(second.Text, "\n11. ") || strings.Contains(second.Text, "\n8. ") || second.Buttons[0].Data != "today:0" {
		t.Errorf("the second page: %+v\n%s", second.Buttons, second.Text)
	}
}

func TestOpenIsPagedToItsEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const customers = 3*waitsShown + 2
	for i := range int64(customers) {
		d.Say(-1002000-i, 501, apptest.At("2026-09-14 17:00").Add(time.Duration(i)*time.Second), "Salom")
	}
	d.RunJobs()
	first := one(t, d.write(botirTelegram, "/open"))
	if !strings.Contains(first.Text, "1–15, jami 47") || !strings.Contains(first.Text, "\n15. ") || strings.Contains(first.Text, "\n16. ") {
		t.Fatalf("the first page:\n%s", first.Text)
	}
	seen := map[string]bool{}
	at := first
	for page := range 4 {
		for _, b := range at.Buttons {
			if strings.HasPrefix(b.Data, "take:") {
				seen[b.Data] = true
			}
		}
		if page < 3 {
			at = one(t, d.press(botirTelegram, at.button(t, "›").Data, 5))
		}
	}
	if len(seen) != customers || !strings.Contains(at.Text, "\n47. ") || at.Method != "editMessageText" {
		t.Errorf("%d customers on all pages, the last:\n%s", len(seen), at.Text)
	}
	if last := one(t, d.press(botirTelegram, first.button(t, "4 »").Data, 5)); last.Text != at.Text || last.button(t, "« 1").Data != "open:0:0" {
		t.Errorf("the last page at once:\n%s", last.Text)
	}
	if gone := one(t, d.press(botirTelegram, "open:0:9", 5)); gone.Text != first.Text {
		t.Errorf("a page that is none any more:\n%s", gone.Text)
	}
	for _, wrong := range []string{"open:0:-1", "open:0", "open:x:1", "open:0:100000"} {
		if got := d.press(botirTelegram, wrong, 5); len(got) > 0 {
			t.Errorf("%s says %+v", wrong, got)
		}
	}
}

func TestHoursEndAtMidnight(t *testing.T) {
	t.Parallel()
	day := apptest.At("2026-09-15 00:00")
	for want, to := range map[string]time.Time{"00:00–24:00": day.Add(24 * time.Hour), "00:00–18:30": day.Add(18*time.Hour + 30*time.Minute)} {
		if got := formatHours(day.Location(), day, to); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
