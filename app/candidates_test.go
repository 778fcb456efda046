package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// What people said of an older version's judgement stays said when a newer version judges the same words.
func TestASwapLosesNoCorrection(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 09:30"), "Salom")
	w.Say(-1, 5, apptest.At("2026-09-15 11:55"), "Rahmat")
	w.RunJobs()
	in := app.GiveFeedbackInput{AnalysisID: analysisOf(w, "NEEDS_REPLY", "Rahmat"), Label: label("no")}
	if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), in); err != nil {
		t.Fatal(err)
	}
	in = app.GiveFeedbackInput{AnalysisID: analysisOf(w, "QUALITY", "Salom"), Score: score(40)}
	if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), in); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	w.RegisterVersion("question", "2", []string{"QUESTION", "NEEDS_REPLY"}, []string{"CUSTOMER"}, nil)
	w.RegisterVersion("quality", "2", []string{"QUALITY"}, []string{"STAFF"}, nil)
	w.Analyzers.Default("quality", apptest.Score(analyzer.Quality, 90, "uz-Latn"))
	var ids []int
	for _, m := range all(t, w, apptest.Botir) {
		ids = append(ids, m.ID)
	}
	for _, name := range []string{"question", "quality"} {
		if n, err := w.App.Reanalyze(w.As(apptest.Botir), app.ReanalyzeInput{Analyzer: name, Messages: ids}); n != 1 || err != nil {
			t.Fatalf("%s: %d are judged again, %v", name, n, err)
		}
	}
	w.RunJobs()
	if got := stateOf(w, "Rahmat"); got != "NO_REPLY_NEEDED" {
		t.Errorf("after the swap the wait is %s", got)
	}
	results, err := w.App.ComputeKpis(w.As(apptest.Botir), app.ComputeKpisInput{Period: "2026-09", People: []int{w.ID(apptest.Jasur)}})
	if err != nil {
		t.Fatal(err)
	}
	var note string
	w.One(`SELECT note FROM kpi_scores WHERE result_id = $1 AND key = 'quality'`, []any{results[0]}, &note)
	if !strings.Contains(note, "reviewed too few (1,") { // of the newer version's judgement, which nobody saw
		t.Errorf("quality: %s", note)
	}
	rows, err := w.App.Agreement(w.As(apptest.Botir), app.AgreementInput{})
	if err != nil || len(rows) != 2 {
		t.Errorf("the newer versions are measured by older words: %v, %v", rows, err)
	}
}

func TestWhichVersionsAreTried(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	for _, in := range []app.RegisterAnalyzerInput{plugin("mood", "1", "a"), plugin("mood", "2", "b"), plugin("mood", "3", "c")} {
		if in.Version != "1" {
			in.State = ""
		}
		if _, err := w.App.RegisterAnalyzer(w.Operator(), in); err != nil {
			t.Fatal(err)
		}
	}
	choice := func(version string) app.AnalyzerChoice { return app.AnalyzerChoice{Name: "mood", Version: version} }
	shadow := func(version string) error { _, err := w.App.ShadowAnalyzer(w.Operator(), choice(version)); return err }
	split := func(version string, share int) error {
		_, err := w.App.SplitAnalyzer(w.Operator(), choice(version), share)
		return err
	}
	enable := func(version string) error { _, err := w.App.EnableAnalyzer(w.Operator(), choice(version)); return err }
	disable := func(version string) error { _, err := w.App.DisableAnalyzer(w.Operator(), choice(version)); return err }
	states := func() (out string) {
		w.One(`SELECT string_agg(version || ' ' || state || CASE WHEN share > 0 THEN ' ' || share ELSE '' END, ', ' ORDER BY id) FROM analyzers`, nil, &out)
		return out
	}
	for _, c := range []struct {
		name string
		do   func() error
		kind domain.Kind
		want string
	}{
		{"the newest in shadow", func() error { return shadow("") }, "", "1 ENABLED, 2 DISABLED, 3 SHADOW"},
		{"another one instead", func() error { return shadow("2") }, "", "1 ENABLED, 2 SHADOW, 3 DISABLED"},
		{"it gets a share", func() error { return split("", 30) }, "", "1 ENABLED, 2 SPLIT 30, 3 DISABLED"},
		{"all of it ends", func() error { return disable("") }, "", "1 DISABLED, 2 DISABLED, 3 DISABLED"},
		{"in shadow of nothing", func() error { return shadow("") }, "", "1 DISABLED, 2 DISABLED, 3 SHADOW"},
		{"a share of nothing", func() error { return split("", 30) }, domain.KindConflict, "1 DISABLED, 2 DISABLED, 3 SHADOW"},
		{"without a version the newest that is not tried", func() error { return enable("") }, "", "1 DISABLED, 2 ENABLED, 3 SHADOW"},
		{"another takes the place", func() error { return enable("1") }, "", "1 ENABLED, 2 DISABLED, 3 SHADOW"},
		{"the enabled one in shadow", func() error { return shadow("1") }, domain.KindConflict, "1 ENABLED, 2 DISABLED, 3 SHADOW"},
		{"the candidate gets a share", func() error { return split("", 99) }, "", "1 ENABLED, 2 DISABLED, 3 SPLIT 99"},
		{"all of them", func() error { return split("", 100) }, domain.KindInvalid, "1 ENABLED, 2 DISABLED, 3 SPLIT 99"},
		{"the enabled one leaves a split alone", func() error { return disable("1") }, domain.KindConflict, "1 ENABLED, 2 DISABLED, 3 SPLIT 99"},
		{"the candidate ends", func() error { return disable("3") }, "", "1 ENABLED, 2 DISABLED, 3 DISABLED"},
		{"the candidate is enabled past all comparison", func() error { return enable("3") }, "", "1 DISABLED, 2 DISABLED, 3 ENABLED"},
		{"no such version", func() error { return split("9", 5) }, domain.KindNotFound, "1 DISABLED, 2 DISABLED, 3 ENABLED"},
	} {
		if err := c.do(); domain.KindOf(err) != c.kind {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := states(); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// A newer version that comes with the program does not take the place of one that a person promoted: it is compared first.
func TestWhatComesWithTheProgramIsComparedWithWhatWasLearnt(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	register := func(version, learned string, state entanalyzer.State, builtIn bool) {
		t.Helper()
		in := plugin("mood", version, version)
		in.State, in.Rebuilt, in.Learned = state, builtIn, []byte(learned)
		if _, err := w.App.RegisterAnalyzer(w.Operator(), in); err != nil {
			t.Fatal(err)
		}
	}
	states := func() (out string) {
		w.One(`SELECT string_agg(version || ' ' || state, ', ' ORDER BY id) FROM analyzers`, nil, &out)
		return out
	}
	register("1", "", entanalyzer.StateEnabled, true)
	register("2", `{"base":"1"}`, entanalyzer.StateShadow, false)
	register("3", "", entanalyzer.StateEnabled, true)
	if got := states(); got != "1 DISABLED, 2 SHADOW, 3 ENABLED" {
		t.Errorf("a learnt candidate: %s", got)
	}
	if _, err := w.App.EnableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "mood", Version: "2"}); err != nil {
		t.Fatal(err)
	}
	register("4", "", entanalyzer.StateEnabled, true)
	register("5", "", entanalyzer.StateEnabled, true)
	if got := states(); got != "1 DISABLED, 2 ENABLED, 3 DISABLED, 4 SHADOW, 5 DISABLED" {
		t.Errorf("a learnt version that works: %s", got)
	}
	if _, err := w.App.EnableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "mood"}); err != nil {
		t.Fatal(err)
	}
	if got := states(); got != "1 DISABLED, 2 DISABLED, 3 DISABLED, 4 SHADOW, 5 ENABLED" {
		t.Errorf("without a version: %s", got)
	}
}

func TestACandidateIsNotPromotedAgainstTheCompanyFile(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	in := apptest.ExampleCompany()
	in.Analyzers = []app.WantedAnalyzerInput{{Name: "mood", Enabled: true, Version: "1"}}
	w.Apply(in)
	for i, state := range []entanalyzer.State{"", entanalyzer.StateShadow} {
		made := plugin("mood", fmt.Sprint(i+1), "a")
		made.State = state
		if _, err := w.App.RegisterAnalyzer(w.Operator(), made); err != nil {
			t.Fatal(err)
		}
	}
	mood := app.AnalyzerChoice{Name: "mood"}
	if _, err := w.App.PromoteAnalyzer(w.Operator(), mood); domain.KindOf(err) != domain.KindConflict || !strings.Contains(err.Error(), "the company file wants another version") {
		t.Errorf("promoted: %v", err)
	}
	// A file without the analyzer among those it wants ends the candidate too.
	in.Analyzers[0].Enabled = false
	w.Apply(in)
	if got := enabled(t, w); got != "" {
		t.Errorf("works still: %s", got)
	}
	in.Analyzers[0] = app.WantedAnalyzerInput{Name: "mood", Enabled: true}
	w.Apply(in)
	if got := enabled(t, w); got != `mood 2 a {"threshold": 0.5}` {
		t.Errorf("works: %s", got)
	}
}
