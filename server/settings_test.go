package server_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/server"
)

// What the company file says of an analyzer is checked by the plugin itself before any of the file is applied.
func TestWrongSettingsAreNamedWhenTheFileIsApplied(t *testing.T) {
	t.Parallel()
	w := newTaught(t, "topic")
	company := apptest.ExampleCompany()
	apply := func(settings string, dry bool) error {
		company.Company.Name = "Other " + settings
		company.Analyzers = []app.WantedAnalyzerInput{{Name: "topic", Enabled: true, Settings: []byte(settings)}}
		_, err := w.parts.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: company, DryRun: dry})
		return err
	}
	var before, after string
	look := func(into *string) {
		w.One(`SELECT (SELECT name FROM companies) || settings::text FROM analyzers WHERE name = 'topic'`, nil, into)
	}
	look(&before)
	for settings, want := range map[string]string{
		`{"topics":5}`:                  "topics",
		`{"topik":{}}`:                  "topik",
		`{"topics":{"price":"a list"}}`: "topic 1.", // of the right type, and refused by the plugin
	} {
		for _, dry := range []bool{true, false} {
			if err := apply(settings, dry); domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", settings, err)
			}
		}
	}
	if look(&after); before != after {
		t.Errorf("part of the file was applied: %s", after)
	}
	if err := apply(`{"topics":{"price":["qancha turadi","narxi qanday"]}}`, false); err != nil {
		t.Error(err)
	}
	if look(&after); !strings.Contains(after, "qancha turadi") {
		t.Errorf("not applied: %s", after)
	}
}

// An analyzer that is installed after the file is checked by what the file says of it.
func TestAnInstalledAnalyzerMustTakeWhatTheFileSays(t *testing.T) {
	t.Parallel()
	w := newTaught(t)
	company := apptest.ExampleCompany()
	company.Analyzers = []app.WantedAnalyzerInput{{Name: "topic", Enabled: true, Settings: []byte(`{"topics":5}`)}}
	if _, err := w.parts.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: company}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(program), "analyzers", "topic")
	_, err := w.parts.InstallAnalyzer(w.Operator(), server.InstallOptions{Path: path})
	if domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), "topics") {
		t.Errorf("installed: %v", err)
	}
	var known int
	if w.One(`SELECT count(*) FROM analyzers`, nil, &known); known != 0 {
		t.Errorf("%d are registered", known)
	}
}

// A setting with a wrong name is refused with the name, also when nothing would be changed; one that the file drops goes back to
// the plugin's default.
func TestDroppedSettingsGoBackToTheDefault(t *testing.T) {
	t.Parallel()
	w := newTaught(t, "stt")
	company := apptest.ExampleCompany()
	apply := func(settings string, dry bool) ([]string, error) {
		company.Analyzers = []app.WantedAnalyzerInput{{Name: "stt", Enabled: true, Settings: []byte(settings)}}
		done, err := w.parts.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: company, DryRun: dry})
		return done.Changes, err
	}
	for _, dry := range []bool{true, false} {
		for settings, name := range map[string]string{`{"engine":"foo","langage":"uz"}`: "langage", `{"engine":"foo"}`: "engine"} {
			if _, err := apply(settings, dry); domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", settings, err)
			}
		}
	}
	stored := func() (language, engine string) {
		w.One(`SELECT settings->>'language', settings->>'engine' FROM analyzers WHERE name = 'stt'`, nil, &language, &engine)
		return language, engine
	}
	for _, step := range []struct{ settings, language, engine string }{
		{`{"engine":"off","language":"uz"}`, "uz", "off"}, {`{"engine":"off"}`, "", "off"}, {``, "", "auto"},
	} {
		if _, err := apply(step.settings, false); err != nil {
			t.Fatal(err)
		}
		if language, engine := stored(); language != step.language || engine != step.engine {
			t.Errorf("%s: language %q, engine %q", step.settings, language, engine)
		}
		if again, err := apply(step.settings, false); err != nil || len(again) > 0 {
			t.Errorf("%s again: %q, %v", step.settings, again, err)
		}
	}
}
