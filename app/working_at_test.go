package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/plugins/analyzer"
)

func TestAsOfThenItIsTheSame(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 09:30"), "Salom")
	w.Say(-1, 5, apptest.At("2026-09-15 11:55"), "Rahmat")
	w.RunJobs()
	for _, in := range []app.GiveFeedbackInput{
		{AnalysisID: analysisOf(w, "NEEDS_REPLY", "Rahmat"), Label: label("no")}, {AnalysisID: analysisOf(w, "QUALITY", "Salom"), Score: score(40)},
	} {
		if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), in); err != nil {
			t.Fatal(err)
		}
	}
	w.RunJobs()
	w.Clock.Advance(time.Minute)
	toy := plugin("toy", "1", "d")
	toy.Kinds, toy.Sides = []string{"NEEDS_REPLY", "QUALITY"}, nil
	w.Analyzers.Default("toy", apptest.Label(analyzer.NeedsReply, "yes", "uz-Latn"), apptest.Score(analyzer.Quality, 10, "uz-Latn"))
	if _, err := w.App.RegisterAnalyzer(w.Operator(), toy); err != nil {
		t.Fatal(err)
	}
	w.RunJobs()
	w.Clock.Advance(time.Minute)
	at := w.Clock.Now().Add(-time.Second)
	before, err := w.App.ComputeKpis(w.As(apptest.Botir), app.ComputeKpisInput{Period: "2026-09", At: &at})
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	if err := disable(w, "toy"); err != nil {
		t.Fatal(err)
	}
	after, err := w.App.ComputeKpis(w.As(apptest.Botir), app.ComputeKpisInput{Period: "2026-09", At: &at})
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("as of the same time: %v and then %v, %v", before, after, err)
	}
}
