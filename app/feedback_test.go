package app_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// analysisOf is the analysis of a kind of a text.
func analysisOf(w *apptest.World, kind, text string) int {
	var id int
	w.One(`SELECT a.id FROM analyses a JOIN message_contents c ON c.id = a.content_id WHERE a.kind = $1 AND c.text = $2`, []any{kind, text}, &id)
	return id
}

func label(text string) *string { return &text }
func score(n float64) *float64  { return &n }
func stateOf(w *apptest.World, text string) (state string) {
	w.One(`SELECT w.state FROM waits w JOIN message_contents c ON c.message_id = w.first_message_id WHERE c.text = $1`, []any{text}, &state)
	return state
}

func TestTheNewestFeedbackHolds(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 09:30"), "Salom")
	w.Say(-1, 5, apptest.At("2026-09-15 11:55"), "Rahmat")
	w.RunJobs()
	if got := stateOf(w, "Rahmat"); got != "OPEN" {
		t.Fatalf("the wait is %s", got)
	}
	id := analysisOf(w, "NEEDS_REPLY", "Rahmat")
	for _, c := range []struct{ label, state string }{{"no", "NO_REPLY_NEEDED"}, {"yes", "OPEN"}, {"no", "NO_REPLY_NEEDED"}} {
		if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), app.GiveFeedbackInput{AnalysisID: id, Label: label(c.label), Comment: "shunday"}); err != nil {
			t.Fatal(err)
		}
		if got := stateOf(w, "Rahmat"); got != c.state {
			t.Errorf("after %s the wait is %s", c.label, got)
		}
		w.Clock.Advance(time.Second)
	}
	var given, audited, marks int
	w.One(`SELECT count(*) FROM feedbacks`, nil, &given)
	w.One(`SELECT count(*) FROM audit_events WHERE verb = 'give_feedback' AND actor_id = $1`, []any{w.ID(apptest.Aziza)}, &audited)
	w.One(`SELECT count(*) FROM kpi_refreshes WHERE user_id = $1`, []any{w.ID(apptest.Jasur)}, &marks)
	if given != 3 || audited != 3 || marks == 0 {
		t.Errorf("%d given, %d audited, %d marked", given, audited, marks)
	}
}

// A judgement is of one version of a message: what people said of the words before an edit does not hold for those after it.
func TestAnEditLeavesFeedbackBehind(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	m := w.Message(-1, 5, apptest.At("2026-09-15 11:55"), "Rahmat")
	w.Record(m)
	w.RunJobs()
	in := app.GiveFeedbackInput{AnalysisID: analysisOf(w, "NEEDS_REPLY", "Rahmat"), Label: label("no")}
	if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), in); err != nil {
		t.Fatal(err)
	}
	if got := stateOf(w, "Rahmat"); got != "NO_REPLY_NEEDED" {
		t.Fatalf("the wait is %s", got)
	}
	m.Text = "Rahmat, lekin narxi qancha?"
	w.Record(m)
	w.RunJobs()
	if got := stateOf(w, "Rahmat"); got != "OPEN" {
		t.Errorf("after the edit the wait is %s", got)
	}
}

func TestWhoMayGiveWhichFeedback(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Narxi qancha?")
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:01"), "50 ming")
	w.Say(-1, apptest.AzizaTelegram, apptest.At("2026-09-15 10:02"), "Yoki 45 ming")
	w.RunJobs()
	sentiment, his, hers := analysisOf(w, "SENTIMENT", "Narxi qancha?"), analysisOf(w, "QUALITY", "50 ming"), analysisOf(w, "QUALITY", "Yoki 45 ming")
	for name, c := range map[string]struct {
		who  string
		in   app.GiveFeedbackInput
		kind domain.Kind
	}{
		"her team's":               {apptest.Aziza, app.GiveFeedbackInput{AnalysisID: his, Score: score(60)}, ""},
		"her own":                  {apptest.Aziza, app.GiveFeedbackInput{AnalysisID: hers, Score: score(100)}, domain.KindDenied},
		"where she wrote too":      {apptest.Aziza, app.GiveFeedbackInput{AnalysisID: sentiment, Label: label("positive")}, domain.KindDenied},
		"hers, by an admin":        {apptest.Botir, app.GiveFeedbackInput{AnalysisID: hers, Score: score(70)}, ""},
		"another team's":           {apptest.Sardor, app.GiveFeedbackInput{AnalysisID: his, Score: score(60)}, domain.KindNotFound},
		"none there":               {apptest.Botir, app.GiveFeedbackInput{AnalysisID: 7, Score: score(60)}, domain.KindNotFound},
		"an employee":              {apptest.Jasur, app.GiveFeedbackInput{AnalysisID: sentiment, Label: label("positive")}, domain.KindDenied},
		"an accountant":            {apptest.Nodira, app.GiveFeedbackInput{AnalysisID: sentiment, Label: label("positive")}, domain.KindDenied},
		"neither label nor score":  {apptest.Botir, app.GiveFeedbackInput{AnalysisID: sentiment}, domain.KindInvalid},
		"no such label":            {apptest.Botir, app.GiveFeedbackInput{AnalysisID: sentiment, Label: label("angry")}, domain.KindInvalid},
		"an empty label":           {apptest.Botir, app.GiveFeedbackInput{AnalysisID: sentiment, Label: label("")}, domain.KindInvalid},
		"a score out of range":     {apptest.Aziza, app.GiveFeedbackInput{AnalysisID: his, Score: score(101)}, domain.KindInvalid},
		"no number":                {apptest.Aziza, app.GiveFeedbackInput{AnalysisID: his, Score: score(math.NaN())}, domain.KindInvalid},
		"a label of a known label": {apptest.Botir, app.GiveFeedbackInput{AnalysisID: sentiment, Label: label("negative")}, ""},
	} {
		if _, err := w.App.GiveFeedback(w.As(c.who), c.in); domain.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.App.GiveFeedback(t.Context(), app.GiveFeedbackInput{AnalysisID: his, Score: score(60)}); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("nobody: %v", err)
	}
}

// Thirty people's words that agree open the gate for an analyzer's needs-reply; the waits of the open months follow.
func TestTheReplyGateSettlesWaits(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-14 09:00"), "Salom")
	var history []app.MessageInput
	for i := range 31 {
		text := fmt.Sprint("Rahmat ", i)
		w.Analyzers.Answer("question", text, apptest.Label(analyzer.NeedsReply, "no", "uz-Latn"))
		history = append(history, w.Message(-1, 5, apptest.At("2026-09-14 10:00").Add(time.Duration(2*i)*time.Minute), text),
			w.Message(-1, apptest.JasurTelegram, apptest.At("2026-09-14 10:01").Add(time.Duration(2*i)*time.Minute), "Arzimaydi"))
	}
	w.Import(history...)
	w.RunJobs()
	refresh := func() int {
		t.Helper()
		if _, err := w.App.RefreshReplyGate(w.System("scheduler")); err != nil {
			t.Fatal(err)
		}
		return w.Settle()
	}
	give := func(i int) {
		t.Helper()
		in := app.GiveFeedbackInput{AnalysisID: analysisOf(w, "NEEDS_REPLY", fmt.Sprint("Rahmat ", i)), Label: label("no")}
		if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), in); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 29 {
		give(i)
	}
	if n := refresh(); n != 0 || stateOf(w, "Rahmat 30") != "WITHIN" {
		t.Errorf("below the gate: %d chats, %s", n, stateOf(w, "Rahmat 30"))
	}
	give(29)
	if n := refresh(); n != 1 || stateOf(w, "Rahmat 30") != "NO_REPLY_NEEDED" {
		t.Errorf("through the gate: %d chats, %s", n, stateOf(w, "Rahmat 30"))
	}
	if n := refresh(); n != 0 {
		t.Errorf("again: %d chats", n)
	}
	w.Clock.Set(apptest.At("2026-10-05 12:00"))
	w.Say(-1, 5, apptest.At("2026-10-05 11:00"), "Rahmat 30")
	w.RunJobs()
	w.Clock.Set(apptest.At("2026-12-31 12:00")) // the words of September have aged out
	if n := refresh(); n != 0 {
		t.Errorf("nothing is open by then, but %d chats were settled", n)
	}
}
