package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
)

func plugin(name, version, sum string) app.RegisterAnalyzerInput {
	return app.RegisterAnalyzerInput{
		Name: name, Version: version, Path: "/opt/" + name, Checksum: strings.Repeat(sum, 64), Kinds: []string{"SENTIMENT"}, Sides: []string{"customer"},
		Settings: []byte(`{"threshold":0.5}`), State: entanalyzer.StateEnabled,
	}
}

// enabled is what works, as the host would start it.
func enabled(t *testing.T, w *apptest.World) string {
	t.Helper()
	specs, err := w.App.Analyzers(w.Operator())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, s := range specs {
		list = append(list, fmt.Sprint(s.Name, " ", s.Version, " ", s.Checksum[:1], " ", string(s.Settings)))
	}
	return strings.Join(list, "; ")
}

func TestAnalyzersAreRegistered(t *testing.T) {
	t.Parallel()
	w := apptest.New(t) // before there is a company
	register := func(in app.RegisterAnalyzerInput, isNew bool, kind domain.Kind) {
		t.Helper()
		if got, err := w.App.RegisterAnalyzer(w.Operator(), in); got != isNew || domain.KindOf(err) != kind {
			t.Errorf("%s %s: new %v, %v", in.Name, in.Version, got, err)
		}
	}
	register(plugin("mood", "1", "a"), true, "")
	register(plugin("mood", "1", "a"), false, "")
	register(plugin("mood", "1", "b"), false, domain.KindConflict)
	rebuilt := plugin("mood", "1", "b")
	rebuilt.Rebuilt = true
	register(rebuilt, false, "")
	if got := enabled(t, w); got != `mood 1 b {"threshold": 0.5}` {
		t.Errorf("enabled: %s", got)
	}
	register(plugin("mood", "2", "c"), true, "")
	if got := enabled(t, w); got != `mood 2 c {"threshold": 0.5}` {
		t.Errorf("enabled: %s", got)
	}
	bad := plugin("mood", "3", "x")
	register(bad, false, domain.KindInvalid)

	for _, c := range []struct {
		do      func(context.Context, app.AnalyzerChoice) (int, error)
		version string
		want    string
	}{
		{w.App.EnableAnalyzer, "1", `mood 1 b {"threshold": 0.5}`},
		{w.App.DisableAnalyzer, "", ""},
		{w.App.DisableAnalyzer, "", ""},
		{w.App.EnableAnalyzer, "", `mood 2 c {"threshold": 0.5}`},
	} {
		if _, err := c.do(w.Operator(), app.AnalyzerChoice{Name: "mood", Version: c.version}); err != nil {
			t.Fatal(err)
		}
		if got := enabled(t, w); got != c.want {
			t.Errorf("enabled: %q, wanted %q", got, c.want)
		}
	}
	if _, err := w.App.EnableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "mood", Version: "9"}); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("no such version: %v", err)
	}
}

func TestTheFileSaysWhichAnalyzersWork(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	in := apptest.ExampleCompany()
	in.Analyzers = []app.WantedAnalyzerInput{{Name: "mood", Enabled: true, Settings: []byte(`{"threshold":0.7}`)}, {Name: "topic", Enabled: false}}
	done, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: in})
	if err != nil || fmt.Sprint(done.NotInstalled) != "[mood]" {
		t.Errorf("not installed: %q, %v", done.NotInstalled, err)
	}
	mood := plugin("mood", "1", "a")
	mood.State = ""
	for _, in := range []app.RegisterAnalyzerInput{mood, plugin("topic", "1", "b")} {
		if _, err := w.App.RegisterAnalyzer(w.Operator(), in); err != nil {
			t.Fatal(err)
		}
	}
	if got := enabled(t, w); got != `mood 1 a {"threshold": 0.7}` {
		t.Errorf("enabled: %s", got)
	}
	in.Analyzers[0].Settings = []byte(`{"threshold":0.8,"more":[1]}`)
	in.Analyzers[1].Enabled = true
	if changes := w.Apply(in); len(changes) != 4 {
		t.Errorf("changed: %q", changes)
	}
	if got := enabled(t, w); got != `mood 1 a {"more": [1], "threshold": 0.8}; topic 1 b {"threshold": 0.5}` {
		t.Errorf("enabled: %s", got)
	}
	if changes := w.Apply(in); len(changes) != 0 {
		t.Errorf("again: %q", changes)
	}
	if _, err := w.App.RegisterAnalyzer(w.As(apptest.Aziza), plugin("x", "1", "a")); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("a supervisor installs: %v", err)
	}
	if _, err := w.App.Analyzers(w.As(apptest.Aziza)); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("a supervisor reads settings: %v", err)
	}
}

func TestWhatCameWhileAnAnalyzerWasOffIsJudgedAfterwards(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	w.RunJobs()
	if _, err := w.App.DisableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "sentiment"}); err != nil {
		t.Fatal(err)
	}
	w.Say(-1, 5, apptest.At("2026-09-15 10:05"), "Yomon!")
	w.RunJobs()
	if _, err := w.App.EnableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "sentiment"}); err != nil {
		t.Fatal(err)
	}
	w.RunJobs()
	if asked := w.Analyzers.Asked("sentiment"); len(asked) != 2 || !strings.Contains(said(w), "Yomon! SENTIMENT negative") {
		t.Errorf("asked %d times:\n%s", len(asked), said(w))
	}
}
