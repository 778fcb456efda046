package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
)

// payroll runs the payroll of a month as far as review.
func (d *desk) payroll(period string) *gen.PayrollRun {
	d.t.Helper()
	accountant := d.As(apptest.Nodira)
	run, err := d.App.RunPayroll(accountant, app.RunPayrollInput{Period: period})
	d.must(err)
	return run
}

func (d *desk) approve(run int) {
	d.t.Helper()
	_, err := d.App.ReviewPayroll(d.As(apptest.Nodira), run)
	d.must(err)
	_, err = d.App.ApprovePayroll(d.As(apptest.Botir), run)
	d.must(err)
}

// august is a month that is over, with answers in time, one that never came, and a birthday.
func (d *desk) august() *gen.PayrollRun {
	d.t.Helper()
	d.talk(-1001234, apptest.JasurTelegram, "2026-08-10 10:00", 5, 5)
	d.Say(-1001234, 501, apptest.At("2026-08-20 10:00"), "Qachon <keladi>?")
	d.RunJobs()
	_, err := d.App.AddAdjustment(d.As(apptest.Nodira), app.AddAdjustmentInput{
		UserID: d.ID(apptest.Jasur), Period: "2026-08", Kind: "BONUS", Key: "birthday", Amount: *apptest.Money("100000.50"), Reason: "tugʻilgan kun <3",
	})
	d.must(err)
	return d.payroll("2026-08")
}

func plainAmount(text string) string { return strings.ReplaceAll(text, noBreak, " ") }

func TestAPayslipIsExplainedDownToTheMessages(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if got := one(t, d.write(apptest.JasurTelegram, "/payslip")); !strings.Contains(got.Text, "oylik varagʻingiz yoʻq") {
		t.Errorf("without any: %s", got.Text)
	}
	run := d.august()
	draft := one(t, d.write(apptest.JasurTelegram, "/payslip"))
	tidy(t, draft)
	if got := draft.button(t, "2026-yil avgust — qoralama"); !strings.HasPrefix(got.Data, "slip:") {
		t.Errorf("got %+v", got)
	}
	d.approve(run.ID)
	list := one(t, d.write(apptest.JasurTelegram, "/payslip"))
	slip := one(t, d.press(apptest.JasurTelegram, list.button(t, "2026-yil avgust — tasdiqlangan").Data, 5))
	tidy(t, slip)
	// 12 % of 6 000 000 + 9.333 % of it + 100 000.50 − 50 000 is 793 197.66.
	for _, want := range []string{
		"Oylik varagʻi — 2026-yil avgust", "Holati: tasdiqlangan", "1. Asosiy ish haqi: 6 000 000 soʻm", "Mukofot (kpi bonus): 559 980 soʻm", "Mukofot (birthday): 100 000,50 soʻm",
		"Jarima (slow reply): −50 000 soʻm", "Daromad soligʻi: −793 197,66 soʻm", "Yaxlitlash: 0,16 soʻm", "Qoʻlga tegadi: 5 816 783 soʻm",
	} {
		if !strings.Contains(plainAmount(slip.Text), want) {
			t.Errorf("no %q in\n%s", want, slip.Text)
		}
	}
	var sum, payable int64
	d.One(`SELECT payable, (SELECT sum(amount) FROM payslip_lines WHERE slip_id = p.id) FROM payslips p WHERE user_id = $1`, []any{d.ID(apptest.Jasur)}, &payable, &sum)
	if want := "Qoʻlga tegadi: " + formatMoney("uz", domain.Money{Minor: payable, Currency: "UZS"}); sum != payable || !strings.Contains(slip.Text, want) {
		t.Errorf("%d is payable, the lines sum to %d:\n%s", payable, sum, slip.Text)
	}
	d.everyLine(slip)
	fine := one(t, d.press(apptest.JasurTelegram, d.line("slow_reply"), 5))
	tidy(t, fine)
	for _, want := range []string{"Qoida: <code>", "muddati oʻtgan, javobsiz murojaatlar: 1", "KPI natijasi:", "holatiga koʻra"} {
		if !strings.Contains(fine.Text, want) {
			t.Errorf("no %q in\n%s", want, fine.Text)
		}
	}
	records := one(t, d.press(apptest.JasurTelegram, fine.button(t, "Yozuvlar (1)").Data, 5))
	tidy(t, records)
	if !strings.Contains(records.Text, "20-avgust, 10:00 — muddat oʻtdi, javob yoʻq") || !strings.Contains(records.Text, "«Qachon &lt;keladi&gt;?»") ||
		!strings.Contains(records.Text, "https://t.me/c/1234/") {
		t.Errorf("the records:\n%s", records.Text)
	}
	result := one(t, d.press(apptest.JasurTelegram, fine.button(t, "KPI natijasi").Data, 5))
	tidy(t, result)
	behind := one(t, d.press(apptest.JasurTelegram, result.button(t, "nega").Data, 5))
	tidy(t, behind)
	back := one(t, d.press(apptest.JasurTelegram, behind.button(t, "Orqaga").Data, 5))
	if again := one(t, d.press(apptest.JasurTelegram, back.button(t, "Orqaga").Data, 5)); again.Text != fine.Text {
		t.Errorf("the way back ends at\n%s", again.Text)
	}
	if got := one(t, d.press(apptest.JasurTelegram, d.line("birthday"), 5)); !strings.Contains(got.Text, "Nodira Rahimova") || !strings.Contains(got.Text, "tugʻilgan kun &lt;3") {
		t.Errorf("the birthday:\n%s", got.Text)
	}
}

// line is the button of Jasur's line of a key.
func (d *desk) line(key string) string {
	d.t.Helper()
	var id int
	d.One(`SELECT l.id FROM payslip_lines l JOIN payslips p ON p.id = l.slip_id WHERE l.key = $1 AND p.user_id = $2`, []any{key, d.ID(apptest.Jasur)}, &id)
	return press("pline", id)
}

// everyLine opens why of each line and comes back, in all languages.
func (d *desk) everyLine(slip said) {
	d.t.Helper()
	for _, lang := range languages {
		if err := d.App.SetPreferences(d.as(apptest.JasurTelegram), app.PreferencesInput{Language: &lang}); err != nil {
			d.t.Fatal(err)
		}
		for _, b := range slip.Buttons {
			got := one(d.t, d.press(apptest.JasurTelegram, b.Data, 5))
			tidy(d.t, got)
			if strings.HasPrefix(b.Data, "pline:") && (strings.Contains(got.Text, "days") && lang != "en" || strings.Contains(got.Text, "rounded") && lang != "en") {
				d.t.Errorf("a reason is English in %s:\n%s", lang, got.Text)
			}
		}
	}
	uz := "uz"
	d.must(d.App.SetPreferences(d.as(apptest.JasurTelegram), app.PreferencesInput{Language: &uz}))
}

func TestAPayslipIsItsPersonsAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	run := d.august()
	d.approve(run.ID)
	var slip int
	d.One(`SELECT id FROM payslips WHERE user_id = $1`, []any{d.ID(apptest.Jasur)}, &slip)
	for _, data := range []string{press("slip", slip, 0), d.line("slow_reply"), "slip:x:0", "slip:1:-1", "pline", "pwhy:1", "kres:1:0", "kwhy:0:0:0", "payslips:99999999"} {
		for _, who := range []int64{apptest.MalikaTelegram, apptest.AzizaTelegram, botirTelegram} { // the admin may, but these are one's own
			if got := d.press(who, data, 5); len(got) != 0 || d.toast == "" {
				t.Errorf("%d, %s: %+v, %q", who, data, got, d.toast)
			}
		}
	}
}

func TestPeopleHearOfTheirPayslipOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	run := d.august()
	tell := func() []said {
		t.Helper()
		before := d.last()
		d.must(d.bot.tellPayslips(context.Background()))
		return d.since(before)
	}
	if got := tell(); len(got) != 0 {
		t.Fatalf("of a draft: %+v", got)
	}
	d.approve(run.ID)
	mute := "11:00-13:00"
	d.must(d.App.SetPreferences(d.as(apptest.MalikaTelegram), app.PreferencesInput{Mute: &mute}))
	got := tell()
	if len(got) != 5 { // six with an account, one of them muted; the accountant has none
		t.Errorf("%d notices: %+v", len(got), got)
	}
	for _, s := range got {
		tidy(t, s)
		if s.UserID == d.ID(apptest.Jasur) && (s.Text != "✅ 2026-yil avgust uchun oylik varagʻingiz tasdiqlandi." || !strings.HasPrefix(s.Buttons[0].Data, "slip:")) {
			t.Errorf("got %+v", s)
		}
	}
	if again := tell(); len(again) != 0 {
		t.Errorf("again: %+v", again)
	}
	d.Clock.Set(apptest.At("2026-09-15 13:00"))
	if late := one(t, tell()); late.UserID != d.ID(apptest.Malika) {
		t.Errorf("after the rest: %+v", late)
	}
	if _, err := d.App.PayPayroll(d.As(apptest.Nodira), run.ID); err != nil {
		t.Fatal(err)
	}
	d.Clock.Advance(15 * 24 * time.Hour)
	if old := tell(); len(old) != 0 {
		t.Errorf("of long ago: %+v", old)
	}
	d.Clock.Set(apptest.At("2026-09-15 13:00"))
	if paid := tell(); len(paid) != 6 || !strings.Contains(paid[0].Text, "toʻlandi") {
		t.Errorf("when paid: %+v", paid)
	}
}

func TestTheLoopTellsAtItsStart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.approve(d.august().ID)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	before := d.last()
	go func() { ended <- d.bot.payslips(ctx) }()
	for len(d.since(before)) < 6 && len(ended) == 0 {
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
