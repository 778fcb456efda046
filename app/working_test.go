package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// An analyzer that judges what another one judged takes its place while it works, being newer, and gives it back when it is
// switched off: in KPIs and in waits.
func TestWhatIsSwitchedOffGivesPlace(t *testing.T) {
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
	reviewed := func(when, wait, note string) {
		t.Helper()
		if got := stateOf(w, "Rahmat"); got != wait {
			t.Errorf("%s the wait is %s, want %s", when, got, wait)
		}
		results, err := w.App.ComputeKpis(w.As(apptest.Botir), app.ComputeKpisInput{Period: "2026-09", People: []int{w.ID(apptest.Jasur)}})
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if w.One(`SELECT note FROM kpi_scores WHERE result_id = $1 AND key = 'quality'`, []any{results[0]}, &got); !strings.Contains(got, note) {
			t.Errorf("%s quality: %s", when, got)
		}
	}
	reviewed("with the toy", "OPEN", "reviewed too few (0,")
	marks := func() (n int) {
		w.One(`SELECT count(DISTINCT user_id) FROM kpi_refreshes WHERE period = '2026-09'`, nil, &n)
		return n
	}
	for _, step := range []struct {
		verb       string
		do         func() error
		wait, note string
	}{
		{"disabled", func() error { return disable(w, "toy") }, "NO_REPLY_NEEDED", "reviewed too few (1,"},
		{"enabled", func() error { return enable(w, "toy") }, "OPEN", "reviewed too few (0,"},
		{"disabled by its version", func() error { return disable(w, "toy", "1") }, "NO_REPLY_NEEDED", "reviewed too few (1,"},
	} {
		w.Clock.Advance(time.Minute)
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if marks() < 4 {
			t.Errorf("%s: %d people are to be computed anew", step.verb, marks())
		}
		w.RunJobs()
		reviewed(step.verb, step.wait, step.note)
	}
}

// Of an analyzer that still works, what a version said that was replaced counts on; and one of a kind of its own changes nothing.
func TestAReplacedVersionCountsOn(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, 5, apptest.At("2026-09-15 11:55"), "Rahmat")
	w.RunJobs()
	in := app.GiveFeedbackInput{AnalysisID: analysisOf(w, "NEEDS_REPLY", "Rahmat"), Label: label("no")}
	if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), in); err != nil {
		t.Fatal(err)
	}
	w.RunJobs()
	candidate(t, w, "question", "2", []string{"QUESTION", "NEEDS_REPLY"}, entanalyzer.StateEnabled, 0)
	if err := disable(w, "question"); err != nil { // alone in its kinds, it has no rival
		t.Fatal(err)
	}
	if n := w.Jobs("resettle", ""); n != 0 {
		t.Errorf("%d jobs settle what nothing else judges", n)
	}
	if err := enable(w, "question"); err != nil {
		t.Fatal(err)
	}
	if n, err := w.App.ResettleChats(w.System("scheduler"), apptest.At("2026-09-01 00:00"), 0); n != 1 || err != nil {
		t.Fatalf("%d chats settled, %v", n, err)
	}
	if got := stateOf(w, "Rahmat"); got != "NO_REPLY_NEEDED" {
		t.Errorf("after the version was replaced the wait is %s", got)
	}
}

func disable(w *apptest.World, name string, version ...string) error {
	_, err := w.App.DisableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: name, Version: strings.Join(version, "")})
	return err
}

func enable(w *apptest.World, name string) error {
	_, err := w.App.EnableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: name})
	return err
}
