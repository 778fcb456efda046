package app_test

import (
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
)

func TestSettingsOfAKnownVersion(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	in := apptest.ExampleCompany()
	in.Analyzers = []app.WantedAnalyzerInput{{Name: "mood", Enabled: true, Settings: []byte(`{"threshold":0.7}`)}}
	w.Apply(in)
	if _, err := w.App.RegisterAnalyzer(w.Operator(), plugin("mood", "1", "a")); err != nil {
		t.Fatal(err)
	}
	mood := app.AnalyzerChoice{Name: "mood", Version: "1"}
	for _, c := range []struct {
		settings, want string
		changed        bool
	}{
		{`{"threshold":0.5,"url":"http://h"}`, `mood 1 a {"url": "http://h", "threshold": 0.7}`, true},
		{`{"threshold":0.1,"url":"http://h"}`, `mood 1 a {"url": "http://h", "threshold": 0.7}`, false}, // the company file goes first
		{`{"url":"http://other"}`, `mood 1 a {"url": "http://other", "threshold": 0.7}`, true},
	} {
		changed, err := w.App.SetAnalyzerSettings(w.Operator(), mood, []byte(c.settings))
		if err != nil || changed != c.changed || enabled(t, w) != c.want {
			t.Errorf("%s: changed %v, %v: %s", c.settings, changed, err, enabled(t, w))
		}
	}
	if _, err := w.App.SetAnalyzerSettings(w.Operator(), app.AnalyzerChoice{Name: "mood", Version: "9"}, []byte(`{}`)); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("an unknown version: %v", err)
	}
	if _, err := w.App.SetAnalyzerSettings(w.As(apptest.Jasur), mood, []byte(`{}`)); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("an employee: %v", err)
	}
}

// A plugin that came with the server and begins in shadow works where the company file wants it, whichever was there first,
// and not at all where the file does not.
func TestTheCompanyFileDecidesAboutWhatComesInShadow(t *testing.T) {
	t.Parallel()
	for want, named := range map[string][]app.WantedAnalyzerInput{
		"SHADOW": nil, "ENABLED": {{Name: "model", Enabled: true}}, "DISABLED": {{Name: "model"}},
	} {
		for _, fileFirst := range []bool{true, false} {
			w := apptest.New(t)
			company := apptest.ExampleCompany()
			company.Analyzers = named
			if fileFirst {
				w.Apply(company)
			}
			in := plugin("model", "1", "a")
			in.State, in.Rebuilt = entanalyzer.StateShadow, true
			if _, err := w.App.RegisterAnalyzer(w.Operator(), in); err != nil {
				t.Fatal(err)
			}
			w.Apply(company)
			var state string
			if err := w.DB.QueryRow(`SELECT state FROM analyzers WHERE name = 'model'`).Scan(&state); err != nil || state != want {
				t.Errorf("named %v, file first %v: %s, %v", named, fileFirst, state, err)
			}
		}
	}
}

// Of versions that only were in shadow the file wants the newest: an earlier one ended when that came.
func TestTheCompanyFileWantsTheNewestOfThoseTried(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	company := apptest.ExampleCompany()
	w.Apply(company)
	for _, version := range []string{"1", "2"} {
		in := plugin("model", version, version)
		in.State, in.Rebuilt = entanalyzer.StateShadow, true
		if _, err := w.App.RegisterAnalyzer(w.Operator(), in); err != nil {
			t.Fatal(err)
		}
	}
	company.Analyzers = []app.WantedAnalyzerInput{{Name: "model", Enabled: true}}
	w.Apply(company)
	if got := enabled(t, w); got != `model 2 2 {"threshold": 0.5}` {
		t.Errorf("enabled: %s", got)
	}
}
