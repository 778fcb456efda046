package app_test

import (
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
)

func TestEvidenceIsWhatTheActorMaySeeAsOfThen(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Analyzers.Default("quality", apptest.Score(analyzer.Quality, 80, "uz-Latn"))
	w.Say(-1, 501, apptest.At("2026-09-15 11:00"), "Narxi?")
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 11:05"), "50 ming")
	w.RunJobs()
	var wait, quality int
	w.One(`SELECT id FROM waits`, nil, &wait)
	w.One(`SELECT id FROM analyses WHERE kind = 'QUALITY'`, nil, &quality)
	before := w.Clock.Now()
	w.Clock.Advance(time.Minute)
	low := 40.0
	if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), app.GiveFeedbackInput{AnalysisID: quality, Score: &low}); err != nil {
		t.Fatal(err)
	}
	in := app.EvidenceInput{Waits: []int{wait, 1}, Analyses: []int{quality}, At: before}
	got, err := w.App.Evidence(w.As(apptest.Jasur), in)
	if err != nil || len(got) != 2 || got[0].Wait.ID != wait || got[0].Words.Text != "Narxi?" || got[1].Words.Text != "50 ming" || got[1].Feedback != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	in.At = w.Clock.Now()
	if got, err = w.App.Evidence(w.As(apptest.Jasur), in); err != nil || got[1].Feedback == nil || *got[1].Feedback.Score != 40 {
		t.Errorf("as of now: %+v, %v", got, err)
	}
	if got, err = w.App.Evidence(w.As(apptest.Malika), in); err != nil || len(got) != 0 {
		t.Errorf("who may not see the chat: %+v, %v", got, err)
	}
	if got, err = w.App.Evidence(w.As(apptest.Nodira), in); err != nil || len(got) != 2 || got[0].Words.Text != "" || got[1].Feedback != nil {
		t.Errorf("the accountant reads no words: %+v, %v", got, err)
	}
	in.Waits = make([]int, 101)
	if _, err = w.App.Evidence(w.As(apptest.Jasur), in); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("too many: %v", err)
	}
}

func TestKpisOfAMonthAreOnesOwn(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.RunJobs()
	jasur := w.As(apptest.Jasur)
	now, err := w.App.KpiMonth(jasur, "")
	if err != nil || now.Result == nil || now.Period.String() != "2026-09" || now.Earlier.String() != "2026-08" || !now.Later.IsZero() {
		t.Fatalf("%+v, %v", now, err)
	}
	if _, err := w.App.KpiResult(w.As(apptest.Aziza), now.Result.ID); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("the supervisor's own: %v", err)
	}
	if _, _, err := w.App.KpiScore(w.As(apptest.Botir), now.Result.Edges.Scores[0].ID); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("the admin's own: %v", err)
	}
	for _, period := range []string{"2026-W36", "2026-09-02", "x"} {
		if _, err := w.App.KpiMonth(jasur, period); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%s: %v", period, err)
		}
	}
	if old, err := w.App.KpiMonth(jasur, "2020-01"); err != nil || old.Result != nil || old.Later.String() != "2026-08" {
		t.Errorf("long ago: %+v, %v", old, err)
	}
}
