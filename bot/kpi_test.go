package bot

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

// talk has a customer ask at a time and somebody answer some minutes later, on each of some days in a row.
func (d *desk) talk(chat, staff int64, from string, days, minutes int) {
	d.t.Helper()
	for i := range days {
		at := apptest.At(from).AddDate(0, 0, i)
		d.Say(chat, 501, at, "Narxi <qancha>?")
		d.Say(chat, staff, at.Add(time.Duration(minutes)*time.Minute), "50 ming & bepul yetkazamiz")
	}
	d.RunJobs()
}

func (d *desk) compute(period string) {
	d.t.Helper()
	_, err := d.App.ComputeKpis(d.As(apptest.Botir), app.ComputeKpisInput{Period: period})
	d.must(err)
}

// button is the first button of a message whose text has some words; none ends the test.
func (s said) button(t testing.TB, words string) button {
	t.Helper()
	for _, b := range s.Buttons {
		if strings.Contains(b.Text, words) {
			return b
		}
	}
	t.Fatalf("no button %q among %+v", words, s.Buttons)
	return button{}
}

var leak = regexp.MustCompile(`\b(kpi|why|payslip|metric|reason|flag|note|span|today|punch|format)\.[a-z_]+|<no value>|%!`)

// tidy tells of what no person should read: the names of texts, values that are missing, messages that Telegram refuses.
func tidy(t testing.TB, s said) {
	t.Helper()
	code := regexp.MustCompile(`<code>[^<]*</code>`)
	if found := leak.FindString(code.ReplaceAllString(s.Text, "")); found != "" || s.Text == "" || len([]rune(plain(s.Text))) > 4096 {
		t.Errorf("%q in\n%s", found, s.Text)
	}
	for _, b := range s.Buttons {
		if leak.MatchString(b.Text) || len(b.Data) > 64 || b.Text == "" || strings.Contains(b.Text, "&#") {
			t.Errorf("a button: %+v", b)
		}
	}
}

// What a press says is written by whoever presses: no page may be so far that its first entry is before the beginning.
func TestNumbersOfButtonsAreWithinReason(t *testing.T) {
	t.Parallel()
	if n, err := numbers([]string{"4294967296", "0"}, 2); err != nil || n[0] != 4294967296 {
		t.Errorf("%v, %v", n, err)
	}
	for _, wrong := range []string{"-1", "1152921504606846976", "9223372036854775807", "x", ""} {
		if _, err := numbers([]string{"1", wrong}, 2); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestKPIsSayWhy(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if got := one(t, d.write(apptest.JasurTelegram, "/kpi")); !strings.Contains(got.Text, "natija hali yoʻq") || len(got.Buttons) != 0 {
		t.Errorf("without results: %+v", got)
	}
	d.talk(-1001234, apptest.JasurTelegram, "2026-09-07 10:00", 5, 10)
	d.talk(-1001234, apptest.JasurTelegram, "2026-09-14 10:00", 1, 21)
	d.talk(-1001234, apptest.JasurTelegram, "2026-08-10 10:00", 3, 5)
	d.compute("2026-08")
	d.Clock.Advance(time.Minute)
	d.compute("2026-09")
	got := one(t, d.write(apptest.JasurTelegram, "/kpi"))
	tidy(t, got)
	for _, want := range []string{
		"<b>KPI — 2026-yil sentabr</b>", "12:00 holatiga koʻra", "Maʼlumot bor qism: 50 %",
		"1. Replies within target</b> — 83,33 ball", "qiymati 0,83", "muddatida javob berilgan murojaatlar ulushi: 83,33 % — 6 ta murojaatdan",
		"2. Reply quality</b> — maʼlumot yoʻq", "javoblar sifatining oʻrtacha bahosi: maʼlumot yoʻq",
		"3. Median reply time, minutes</b> — 80 ball", "javob vaqtining medianasi, ish vaqtida: 10 daqiqa — 6 ta",
	} {
		if !strings.Contains(strings.ReplaceAll(got.Text, noBreak, " "), want) {
			t.Errorf("no %q in\n%s", want, got.Text)
		}
	}
	if strings.Contains(got.Text, "vazni") {
		t.Errorf("an employee reads a rule:\n%s", got.Text)
	}
	why := one(t, d.press(apptest.JasurTelegram, got.button(t, "1 — nega?").Data, 5))
	tidy(t, why)
	if why.Method != "editMessageText" || !strings.Contains(why.Text, "1–6, jami 6") || !strings.Contains(why.Text, "javob kechikdi: ish vaqtida 21 daqiqa, jami 21 daqiqa") ||
		!strings.Contains(why.Text, "✅") || !strings.Contains(why.Text, "https://t.me/c/1234/") || !strings.Contains(why.Text, "«Narxi &lt;qancha&gt;?»") {
		t.Errorf("why:\n%s", why.Text)
	}
	back := one(t, d.press(apptest.JasurTelegram, why.button(t, "Orqaga").Data, 5))
	if !strings.Contains(back.Text, "KPI — 2026-yil sentabr") {
		t.Errorf("back:\n%s", back.Text)
	}
	august := one(t, d.press(apptest.JasurTelegram, back.button(t, "2026-yil avgust").Data, 5))
	if tidy(t, august); !strings.Contains(august.Text, "KPI — 2026-yil avgust") {
		t.Errorf("the month before:\n%s", august.Text)
	}
	august.button(t, "2026-yil sentabr")
	picture := one(t, d.press(apptest.JasurTelegram, got.button(t, "Oʻzgarish").Data, 5))
	if tidy(t, picture); picture.Method != "sendPhoto" || picture.File == "" {
		t.Errorf("the trend: %+v", picture)
	}
	if other := d.press(apptest.MalikaTelegram, got.button(t, "1 — nega?").Data, 5); len(other) != 0 || !strings.Contains(d.toast, "topilmadi") {
		t.Errorf("somebody else's: %+v, %q", other, d.toast)
	}
	_, err := d.Database.OwnerPool(t).Exec(`UPDATE messages SET deleted_at = now() WHERE side = 'CUSTOMER'`)
	d.must(err)
	gone := one(t, d.press(apptest.JasurTelegram, got.button(t, "1 — nega?").Data, 5))
	if strings.Contains(gone.Text, "Narxi") || strings.Count(gone.Text, "🗑 <i>xabar oʻchirilgan</i>") != 6 {
		t.Errorf("of deleted messages:\n%s", gone.Text)
	}
}

func TestATrendOfTheFirstMonthIsOfItsDays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.talk(-1001234, apptest.JasurTelegram, "2026-09-14 10:00", 1, 10)
	d.compute("2026-09")
	if got := d.press(apptest.JasurTelegram, "ktrend:2026-09", 5); len(got) != 0 || !strings.Contains(d.toast, "natijalar hali kam") {
		t.Errorf("with one result: %+v, %q", got, d.toast)
	}
	d.Clock.Set(apptest.At("2026-09-16 12:00"))
	d.talk(-1001234, apptest.JasurTelegram, "2026-09-16 10:00", 1, 20)
	d.compute("2026-09")
	if got := one(t, d.press(apptest.JasurTelegram, "ktrend:2026-09", 5)); got.Method != "sendPhoto" {
		t.Errorf("got %+v", got)
	}
}

func TestManyKPIsWithBadTitlesArePaged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	company := apptest.ExampleCompany()
	usual := company.KPIs[0]
	for i := range 12 {
		more := usual
		more.Key, more.Title = fmt.Sprintf("k%02d", i), strings.Repeat("<b>&", 45)
		more.Value = "wait.median_business + wait.p90_business + wait.median_wall + wait.p90_wall + wait.count + sentiment.mean"
		company.KPIs = append(company.KPIs, more)
	}
	d.Apply(company)
	d.talk(-1001234, apptest.SardorTelegram, "2026-09-14 10:00", 1, 10)
	d.compute("2026-09")
	page := one(t, d.write(apptest.SardorTelegram, "/kpi"))
	for range 3 {
		tidy(t, page)
		page = one(t, d.press(apptest.SardorTelegram, page.button(t, "Keyingi").Data, 5))
	}
	tidy(t, page)
	if !strings.Contains(page.Text, "vazni 30") || !strings.Contains(page.Text, "va yana 3 ta") {
		t.Errorf("a supervisor may read the rules:\n%s", page.Text)
	}
}
