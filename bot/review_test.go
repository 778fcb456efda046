package bot

import (
	"strconv"
	"strings"
	"testing"

	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// judged has a customer and Jasur write in a group, and machines judge it: the mood at 0.4, the need of a reply at 0.6, quality at 0.9.
func judged(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.Register("sentiment", []string{"SENTIMENT"}, []string{"CUSTOMER"}, map[string][]string{"SENTIMENT": {"positive", "neutral", "negative"}})
	d.Register("question", []string{"NEEDS_REPLY"}, []string{"CUSTOMER"}, map[string][]string{"NEEDS_REPLY": {"yes", "no"}})
	d.Register("quality", []string{"QUALITY"}, []string{"STAFF"}, nil)
	mood, needs := apptest.Label(analyzer.Sentiment, "negative", "uz-Latn"), apptest.Label(analyzer.NeedsReply, "no", "uz-Latn")
	mood.Confidence, needs.Confidence = 0.4, 0.6
	good := apptest.Score(analyzer.Quality, 62.5, "uz-Latn")
	good.Details = []byte(`{"criteria":[{"key":"answers","score":50,"weight":1},{"key":"tone","score":100,"weight":1}],"reason":"Most points were lost.","evidence":["45 <ming>"]}`)
	d.Analyzers.Default("sentiment", mood)
	d.Analyzers.Default("question", needs)
	d.Analyzers.Default("quality", good)
	m := d.Message(group, 5, apptest.At("2026-09-15 10:00"), "Narxi & yetkazish qancha?")
	m.Chat.Title = "Bahor"
	d.Record(m)
	m = d.Message(group, apptest.JasurTelegram, apptest.At("2026-09-15 10:02"), "45 <ming>")
	m.Chat.Title = "Bahor"
	d.Record(m)
	d.RunJobs()
	return d
}

// analysis is the id of what was said of a kind.
func (d *desk) analysis(kind string) int {
	return d.count(`SELECT id FROM analyses WHERE kind = $1`, kind)
}

func TestASupervisorReviewsWithOneTap(t *testing.T) {
	t.Parallel()
	d := judged(t)
	card := one(t, d.write(apptest.AzizaTelegram, "/review"))
	mood, needs, quality := d.analysis("SENTIMENT"), d.analysis("NEEDS_REPLY"), d.analysis("QUALITY")
	for _, part := range []string{"Bahor", "Narxi &amp; yetkazish qancha?", "norozi", "40 %", d.in("uz", "review.left", "Count", 3)} {
		if !strings.Contains(card.Text, part) {
			t.Errorf("the card lacks %s: %s", part, card.Text)
		}
	}
	for _, data := range []string{press("review", "agree", mood), press("review", "label", mood, "positive"), press("review", "label", mood, "neutral"), press("review", "skip", mood)} {
		if !hasButton(card, data) {
			t.Errorf("no button %s in %+v", data, card.Buttons)
		}
	}
	if hasButton(card, press("review", "label", mood, "negative")) {
		t.Error("what the machine said is offered as a correction")
	}
	next := one(t, d.press(apptest.AzizaTelegram, press("review", "label", mood, "positive"), 900))
	if next.Method != "editMessageText" || !hasButton(next, press("review", "agree", needs)) || d.toast != plain(d.in("uz", "review.saved")) {
		t.Errorf("the next card is %+v, %q", next, d.toast)
	}
	last := one(t, d.press(apptest.AzizaTelegram, press("review", "skip", needs), 900))
	for _, part := range []string{"63", "savolga javob", "45 &lt;ming&gt;", "<blockquote>"} {
		if !strings.Contains(last.Text, part) {
			t.Errorf("the card lacks %s: %s", part, last.Text)
		}
	}
	if strings.Contains(last.Text, "Most points") || strings.Contains(last.Text, "muomala") || !hasButton(last, press("review", "score", quality, 75)) {
		t.Errorf("the card is %+v", last)
	}
	end := one(t, d.press(apptest.AzizaTelegram, press("review", "agree", quality), 900))
	if end.Text != d.in("uz", "review.skipped", "Count", 1) || !hasButton(end, "review:again") {
		t.Errorf("the end is %+v", end)
	}
	if again := one(t, d.press(apptest.AzizaTelegram, "review:again", 900)); !hasButton(again, press("review", "agree", needs)) {
		t.Errorf("from the beginning comes %+v", again)
	}
	done := one(t, d.press(apptest.AzizaTelegram, press("review", "agree", needs), 900))
	if done.Text != d.in("uz", "review.done") {
		t.Errorf("it ends with %s", done.Text)
	}
	var label string
	d.One(`SELECT string_agg(COALESCE(label, score::text), ',' ORDER BY id) FROM feedbacks`, nil, &label)
	if label != "positive,62.5,no" {
		t.Errorf("given: %s", label)
	}
}

// An impatient finger, and an update that is handled again after a kill, give one word.
func TestAReviewIsStoredOnce(t *testing.T) {
	t.Parallel()
	d := judged(t)
	agree := press("review", "agree", d.analysis("QUALITY"))
	d.press(apptest.AzizaTelegram, agree, 900)
	d.press(apptest.AzizaTelegram, agree, 900)
	_, err := d.DB.Exec(`UPDATE telegram_updates SET state = 'NEW'`)
	d.must(err)
	d.press(apptest.AzizaTelegram, agree, 900)
	if n := d.count(`SELECT count(*) FROM feedbacks`); n != 1 {
		t.Errorf("%d are stored", n)
	}
	if d.press(botirTelegram, agree, 901); d.toast != plain(d.in("uz", "review.other")) {
		t.Errorf("another person is told %q", d.toast)
	}
}

func TestReviewsAreForLeadersAndTheirTeams(t *testing.T) {
	t.Parallel()
	d := judged(t)
	denied := d.in("uz", "error.denied")
	d.expect(d.write(apptest.JasurTelegram, "/review"), denied)
	if d.press(apptest.JasurTelegram, press("review", "agree", d.analysis("QUALITY")), 900); d.toast != plain(d.in("uz", "error.denied")) {
		t.Errorf("an employee is told %q", d.toast)
	}
	d.expect(d.write(apptest.SardorTelegram, "/review"), d.in("uz", "review.done"))
	got := one(t, d.press(apptest.SardorTelegram, press("review", "agree", d.analysis("QUALITY")), 900))
	if d.toast == plain(d.in("uz", "review.saved")) || strings.Contains(got.Text, "45") {
		t.Errorf("another team's supervisor is told %q, %s", d.toast, got.Text)
	}
	d.expect(d.press(apptest.AzizaTelegram, "review:stop", 900), d.in("uz", "review.stopped"))
	if d.press(apptest.AzizaTelegram, "review:whatever:1", 900); d.toast != plain(d.in("uz", "error.old_button")) {
		t.Errorf("a strange button says %q", d.toast)
	}
	if n := d.count(`SELECT count(*) FROM feedbacks`); n != 0 {
		t.Errorf("%d are stored", n)
	}
}

// The longest texts, all of characters that HTML writes longer, stay below Telegram's length.
func TestACardIsNeverTooLong(t *testing.T) {
	t.Parallel()
	d := judged(t)
	for range 3 {
		d.Say(group, 5, apptest.At("2026-09-15 10:05"), strings.Repeat("<&> ", 1000))
	}
	d.RunJobs()
	after := 0
	for range 9 {
		s := one(t, d.press(apptest.AzizaTelegram, press("review", "skip", after), 900))
		if n := len([]rune(plain(s.Text))); n > 4096 || strings.Contains(s.Text, "review.") {
			t.Errorf("%d characters: %.300s", n, s.Text)
		}
		fields := strings.Split(s.Buttons[0].Data, ":")
		if len(fields) == 3 {
			after, _ = strconv.Atoi(fields[2])
		}
	}
	if after == 0 {
		t.Error("no card was shown")
	}
}

// What a machine heard in a voice note is shown as such.
func TestACardOfAVoiceNote(t *testing.T) {
	t.Parallel()
	d := judged(t)
	m := d.Message(group, 5, apptest.At("2026-09-15 10:30"), "")
	m.Kind = "VOICE"
	d.Record(m)
	d.RunJobs()
	_, err := d.DB.Exec(`UPDATE message_contents SET transcript = 'Qachon kelasiz?' WHERE message_id = (SELECT max(id) FROM messages)`)
	d.must(err)
	_, err = d.DB.Exec(`
INSERT INTO analyses (message_id, content_id, analyzer_id, kind, label, confidence, language, shadow, created_at)
SELECT c.message_id, c.id, a.id, 'NEEDS_REPLY', 'yes', 0.1, 'uz-Latn', false, now() FROM message_contents c, analyzers a
WHERE c.transcript = 'Qachon kelasiz?' AND a.name = 'question'`)
	d.must(err)
	card := one(t, d.write(apptest.AzizaTelegram, "/review"))
	d.contains(card, d.in("uz", "review.heard")+" Qachon kelasiz?", "javob kerak")
}

func TestACardShowsWhatWasDeletedAsDeleted(t *testing.T) {
	t.Parallel()
	d := judged(t)
	_, err := d.Database.OwnerPool(t).Exec(`UPDATE messages SET deleted_at = now() WHERE side = 'CUSTOMER'`)
	d.must(err)
	card := one(t, d.write(apptest.AzizaTelegram, "/review"))
	d.contains(card, "45 &lt;ming&gt;", "🗑 <i>xabar oʻchirilgan</i>")
	if strings.Contains(card.Text, "Narxi") || strings.Contains(card.Text, d.in("uz", "review.no_words")) {
		t.Errorf("the card:\n%s", card.Text)
	}
}
