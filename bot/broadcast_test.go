package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app/apptest"
)

// pressed presses the button of a message whose text begins so.
func (d *desk) pressed(from int64, on said, text string) []said {
	d.t.Helper()
	i := slices.IndexFunc(on.Buttons, func(b button) bool { return strings.HasPrefix(b.Text, text) })
	if i < 0 {
		d.t.Fatalf("there is no button %q: %+v", text, on.Buttons)
	}
	return d.press(from, on.Buttons[i].Data, on.ID)
}

// inEnglish has the admin read English.
func (d *desk) inEnglish() *desk {
	d.t.Helper()
	_, err := d.DB.Exec(`UPDATE employments SET language = 'en' WHERE telegram_id = $1`, botirTelegram)
	d.must(err)
	return d
}

// sendsAll plays the sender: everything that waits is sent.
func (d *desk) sendsAll() {
	d.t.Helper()
	_, err := d.DB.Exec(`UPDATE outgoings SET state = 'SENT', ended_at = now() WHERE state = 'QUEUED'`)
	d.must(err)
}

func TestTheAdminWritesToATeam(t *testing.T) {
	t.Parallel()
	d := newDesk(t).inEnglish()
	whom := one(t, d.write(botirTelegram, "/broadcast"))
	if got := one(t, d.write(botirTelegram, "To all")); !strings.HasPrefix(got.Text, "First choose with one of the buttons") {
		t.Errorf("at once: %q", got.Text)
	}
	teams := one(t, d.pressed(botirTelegram, whom, "By team"))
	if d.pressed(botirTelegram, teams, "Next"); d.toast != "Choose at least one." {
		t.Errorf("the toast says %q", d.toast)
	}
	ticked := one(t, d.pressed(botirTelegram, teams, "Support"))
	if got := asText(ticked.Buttons); !strings.Contains(got, "✅ Support") || strings.Contains(got, "✅ Sales") {
		t.Fatalf("the buttons are %s", got)
	}
	if got := one(t, d.write(botirTelegram, "too early")); !strings.HasPrefix(got.Text, "First choose who should get it") {
		t.Errorf("before the choice: %q", got.Text)
	}
	write := one(t, d.pressed(botirTelegram, ticked, "Next"))
	if !strings.HasPrefix(write.Text, "Write the text") {
		t.Fatalf("asked %q", write.Text)
	}
	shown := d.write(botirTelegram, "Ertaga <yig'ilish>\nsoat 9 da")
	if len(shown) != 2 || shown[0].Text != "Ertaga &lt;yig&#39;ilish&gt;\nsoat 9 da" || !strings.Contains(shown[1].Text, "Will get it: <b>3</b>") {
		t.Fatalf("the preview is %+v", shown)
	}
	d.sendsAll()
	status := d.pressed(botirTelegram, shown[1], "✅ Send (3)")
	if len(status) != 4 || status[3].Method != "editMessageText" || !strings.Contains(status[3].Text, "Delivered: <b>0</b> of 3") {
		t.Fatalf("after sending: %+v", status)
	}
	for _, to := range status[:3] {
		if to.Text != "Ertaga <yig'ilish>\nsoat 9 da" || to.Params["parse_mode"] != nil {
			t.Errorf("people get %+v", to)
		}
	}
	paused := one(t, d.pressed(botirTelegram, status[3], "⏸ Pause"))
	if !strings.Contains(paused.Text, "paused") {
		t.Errorf("paused: %q", paused.Text)
	}
	if again := one(t, d.write(botirTelegram, "/broadcast")); !strings.Contains(asText(again.Buttons), "⏳ Ertaga") {
		t.Errorf("what is under way is not offered: %+v", again.Buttons)
	}
	going := one(t, d.pressed(botirTelegram, paused, "▶️ Continue"))
	d.sendsAll()
	d.must(d.bot.settleBroadcasts(d.System("telegram")))
	d.must(d.bot.settleBroadcasts(d.System("telegram")))
	all := d.since(status[2].ID)
	report := all[0]
	for _, shown := range all[1:] {
		if shown.Method != "editMessageText" || shown.Text != report.Text || len(shown.Buttons) > 0 {
			t.Errorf("what showed the progress becomes %+v", shown)
		}
	}
	if edited := all[len(all)-1].Params["message_id"]; len(all) < 2 || edited != float64(paused.ID) {
		t.Errorf("%d messages at the end, the last in place of %v", len(all), edited)
	}
	if !strings.Contains(report.Text, "finished") || !strings.Contains(report.Text, "Delivered: <b>3</b> of 3") || report.Chat != botirTelegram {
		t.Errorf("the report is %+v", report)
	}
	if d.pressed(botirTelegram, going, "⏹ Stop"); d.toast == "" {
		t.Error("a finished broadcast is stopped without a word")
	}
}

func TestABroadcastIsDroppedAtEveryStep(t *testing.T) {
	t.Parallel()
	d := newDesk(t).inEnglish()
	cancelled := func(all []said) {
		t.Helper()
		if got := one(t, all); got.Text != "Cancelled." {
			t.Errorf("said %q", got.Text)
		}
		if got := one(t, d.write(botirTelegram, "what now")); strings.Contains(got.Text, "preview") || len(got.Buttons) > 0 && strings.HasPrefix(got.Buttons[0].Text, "✅ Send") {
			t.Errorf("the dialog goes on: %+v", got)
		}
	}
	whom := one(t, d.write(botirTelegram, "/broadcast"))
	cancelled(d.pressed(botirTelegram, whom, "Cancel"))
	roles := one(t, d.pressed(botirTelegram, whom, "By role"))
	cancelled(d.pressed(botirTelegram, roles, "Cancel"))
	write := one(t, d.pressed(botirTelegram, whom, "👥 Everybody"))
	cancelled(d.pressed(botirTelegram, write, "Cancel"))
	d.pressed(botirTelegram, whom, "👥 Everybody")
	shown := d.write(botirTelegram, "text")
	cancelled(d.pressed(botirTelegram, shown[1], "Cancel"))
	var states string
	d.One(`SELECT string_agg(state, ' ') FROM broadcasts`, nil, &states)
	if states != "CANCELLED" {
		t.Errorf("broadcasts are %s", states)
	}
	if d.pressed(botirTelegram, shown[1], "✅ Send"); d.toast == "" {
		t.Error("a dropped draft is sent without a word")
	}
}

func TestABroadcastWithAPhotoAndADocument(t *testing.T) {
	t.Parallel()
	d := newDesk(t).inEnglish()
	d.Downloads.Keep("large", "a picture")
	d.Downloads.Keep("pdf", "a document")
	for name, message := range map[string]func(*models.Message){
		"sendPhoto": func(m *models.Message) {
			m.Photo, m.Caption = []models.PhotoSize{{FileID: "small"}, {FileID: "large"}}, "Look & read"
		},
		"sendDocument": func(m *models.Message) {
			m.Document, m.Caption = &models.Document{FileID: "pdf", FileName: "rules.pdf"}, "Look & read"
		},
	} {
		d.pressed(botirTelegram, one(t, d.write(botirTelegram, "/broadcast")), "👥 Everybody")
		shown := d.send(botirTelegram, message)
		if len(shown) != 2 || shown[0].Method != name || shown[0].Text != "Look &amp; read" || shown[0].File == "" {
			t.Fatalf("the preview is %+v", shown)
		}
		sent := d.pressed(botirTelegram, shown[1], "✅ Send (6)")
		if len(sent) != 7 || sent[0].Method != name || sent[0].Text != "Look & read" || sent[0].File != shown[0].File {
			t.Errorf("sent %+v", sent)
		}
	}
	d.pressed(botirTelegram, one(t, d.write(botirTelegram, "/broadcast")), "👥 Everybody")
	for _, message := range []func(*models.Message){
		func(m *models.Message) { m.Voice = &models.Voice{FileID: "v"} },
		func(m *models.Message) {
			m.Photo, m.Caption = []models.PhotoSize{{FileID: "large"}}, strings.Repeat("x", 1025)
		},
	} {
		refused := one(t, d.send(botirTelegram, message))
		if len(refused.Buttons) != 1 || refused.Buttons[0].Text != "Cancel" {
			t.Errorf("said %+v", refused)
		}
	}
	if shown := d.write(botirTelegram, "a text then"); len(shown) != 2 {
		t.Errorf("the dialog has ended: %+v", shown)
	}
}

func TestOnlyAdminsBroadcast(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, from := range []int64{apptest.JasurTelegram, apptest.AzizaTelegram} {
		if got := one(t, d.write(from, "/broadcast")); len(got.Buttons) > 0 {
			t.Errorf("%d is asked %+v", from, got)
		}
		d.press(from, press("news", "all"), 5)
		for _, got := range d.write(from, "to all") {
			if len(got.Buttons) > 0 && strings.Contains(got.Buttons[0].Data, "send") {
				t.Errorf("%d prepared a broadcast", from)
			}
		}
	}
	var n int
	d.One(`SELECT count(*) FROM broadcasts`, nil, &n)
	if n != 0 {
		t.Errorf("%d broadcasts", n)
	}
}

func TestEveryReasonAndStateHasWords(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, language := range languages {
		for _, known := range reasonTexts {
			if got := d.bot.reason(language, known.part); got == known.text {
				t.Errorf("%s has no %s", language, known.text)
			}
		}
		for _, id := range []string{"state.draft", "state.running", "state.paused", "state.done", "state.cancelled", "role.employee", "role.supervisor", "role.accountant", "role.admin"} {
			if got := d.bot.texts.in(language, "broadcast."+id, nil); got == "broadcast."+id {
				t.Errorf("%s has no %s", language, id)
			}
		}
	}
	if got := d.bot.reason("en", "Bad Request: something <new>"); got != "Bad Request: something <new>" {
		t.Error(got)
	}
	if got := fmt.Sprint(d.bot.texts.in("en", "broadcast.reason", values{"Reason": "<new>", "Number": 3})); got != "• &lt;new&gt;: 3" {
		t.Error(got)
	}
}
