package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
)

// What the company file says no more is taken back from the versions that run and from those that do not.
func TestSettingsThatTheFileDropsEnd(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	company := apptest.ExampleCompany()
	apply := func(prune bool, named ...app.WantedAnalyzerInput) {
		t.Helper()
		company.Analyzers = named
		if _, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: company, Prune: prune}); err != nil {
			t.Fatal(err)
		}
	}
	all := func(want string) {
		t.Helper()
		var got string
		w.One(`SELECT string_agg(version || settings::text, ' ' ORDER BY version) FROM analyzers WHERE name = 'mood'`, nil, &got)
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	mood := func(settings string) app.WantedAnalyzerInput {
		return app.WantedAnalyzerInput{Name: "mood", Enabled: true, Settings: []byte(settings)}
	}
	other := app.WantedAnalyzerInput{Name: "other", Enabled: true}
	apply(false, mood(`{"langage":"uz","engine":"foo"}`))
	for _, version := range []string{"1", "2"} {
		in := plugin("mood", version, version)
		in.Rebuilt = true // unchecked
		if _, err := w.App.RegisterAnalyzer(w.Operator(), in); err != nil {
			t.Fatal(err)
		}
	}
	all(`1{"engine": "foo", "langage": "uz", "threshold": 0.5} 2{"engine": "foo", "langage": "uz", "threshold": 0.5}`)
	apply(false, mood(`{"engine":"bar"}`))
	all(`1{"engine": "foo", "threshold": 0.5} 2{"engine": "bar", "threshold": 0.5}`)
	apply(false, other) // not named and not pruned: as it was
	all(`1{"engine": "foo", "threshold": 0.5} 2{"engine": "bar", "threshold": 0.5}`)
	apply(true, other)
	all(`1{"threshold": 0.5} 2{"threshold": 0.5}`)
	apply(false, mood(`{"engine":"bar"}`))
	apply(false, app.WantedAnalyzerInput{Name: "mood", Version: "3", Enabled: true})
	all(`1{"threshold": 0.5} 2{"threshold": 0.5}`)
	apply(false, mood(`{"engine":"bar"}`))
	apply(false, app.WantedAnalyzerInput{Name: "mood"})
	all(`1{"threshold": 0.5} 2{"threshold": 0.5}`)
}

func TestWhichVersionThereIsNot(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	company := apptest.ExampleCompany()
	w.Apply(company)
	if _, err := w.App.RegisterAnalyzer(w.Operator(), plugin("mood", "1.2", "a")); err != nil {
		t.Fatal(err)
	}
	shadow := func(name, version string) error {
		_, err := w.App.ShadowAnalyzer(w.Operator(), app.AnalyzerChoice{Name: name, Version: version})
		return err
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{shadow("mood", ""), "mood has no other version than 1.2: finco analyzer install PATH --shadow adds one"},
		{shadow("mood", "9.9.9"), "mood has no version 9.9.9: it has 1.2"},
		{shadow("moot", "1"), "there is no such analyzer: moot 1"},
		{disable(w, "mood", "9"), "mood has no version 9: it has 1.2"},
	} {
		if domain.KindOf(c.err) != domain.KindNotFound || c.err.Error() != c.want {
			t.Errorf("%v, want %s", c.err, c.want)
		}
	}
	if err := disable(w, "mood"); err != nil {
		t.Fatal(err)
	}
	if err := shadow("mood", ""); err != nil {
		t.Fatal(err)
	}
	if err := enable(w, "mood"); domain.KindOf(err) != domain.KindNotFound || !strings.HasSuffix(err.Error(), "name one of 1.2") {
		t.Errorf("of what is tried: %v", err)
	}
	company.Analyzers = []app.WantedAnalyzerInput{{Name: "mood", Version: "9.9.9", Enabled: true}, {Name: "none", Version: "1", Enabled: true}}
	done, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: company})
	if err != nil || slices.Contains(done.NotInstalled, "mood") || done.NotInstalled[0] != "none" || len(done.OtherVersions) != 1 || done.OtherVersions[0] != "mood has no version 9.9.9: it has 1.2" {
		t.Errorf("%+v, %v", done, err)
	}
	var state string
	if w.One(`SELECT state FROM analyzers`, nil, &state); state != string(entanalyzer.StateShadow) {
		t.Errorf("the version is %s", state)
	}
}
