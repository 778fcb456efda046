package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// tried puts a second version of sentiment into shadow.
func (o *office) tried() *office {
	o.t.Helper()
	_, err := o.App.RegisterAnalyzer(o.Operator(), app.RegisterAnalyzerInput{
		Name: "sentiment", Version: "2", Path: "/opt/sentiment", Checksum: strings.Repeat("b", 64), Kinds: []string{"SENTIMENT"},
		Sides: []string{"CUSTOMER"}, State: entanalyzer.StateShadow,
	})
	o.check(err)
	o.RunJobs()
	return o
}

func TestVersionsAreSwitched(t *testing.T) {
	t.Parallel()
	o := open(t).talks().tried()
	do := func(email, verb, more string) reply {
		t.Helper()
		return o.ask(email, fmt.Sprintf(`mutation { %s(input: {analyzer: "sentiment"%s}) { analyzer { version state share } } }`, verb, more), nil)
	}
	for _, role := range roles {
		if code := do(role.email, "shadowAnalyzer", `, version: "2"`).code(); (code == "") != (role.name == "admin") || code != "" && code != "DENIED" {
			t.Errorf("%s: %s", role.name, code)
		}
	}
	for _, c := range []struct{ verb, more, want string }{
		{"promoteAnalyzer", ``, "CONFLICT"},
		{"promoteAnalyzer", `, share: 5`, "INVALID"},
		{"splitAnalyzer", ``, "INVALID"},
		{"splitAnalyzer", `, share: 25`, `"version":"2","state":"SPLIT","share":25`},
		{"enableAnalyzer", `, version: "1"`, `"version":"1","state":"ENABLED","share":0`},
		{"disableAnalyzer", `, version: "1"`, "CONFLICT"},
		{"disableAnalyzer", `, version: "2"`, `"version":"2","state":"DISABLED","share":0`},
		{"shadowAnalyzer", ``, `"version":"2","state":"SHADOW"`},
		{"enableAnalyzer", `, version: "9"`, "NOT_FOUND"},
	} {
		if got := do(apptest.Botir, c.verb, c.more); !strings.Contains(got.text, c.want) {
			t.Errorf("%s %s: %s", c.verb, c.more, got.text)
		}
	}
	const candidates = `{ candidates { analyzer { version } current { version } labels missing refusal comparisons { kind labels candidate current } } }`
	if got := o.ask(apptest.Botir, candidates, nil); !strings.Contains(got.text, `"current":{"version":"1"}`) || !strings.Contains(got.text, `"missing":30,"refusal":"people labelled 0`) {
		t.Errorf("candidates: %s", got.text)
	}
	if code := o.ask(apptest.Aziza, candidates, nil).code(); code != "DENIED" {
		t.Errorf("a supervisor's candidates: %s", code)
	}
	const drift = `query($n: Int) { drift(weeks: $n) { analyzer kind language now before drifted index confidenceNow labels { label now before } } }`
	if got := o.ask(apptest.Botir, drift, map[string]any{"n": 4}); !strings.Contains(got.text, `"analyzer":"sentiment","kind":"SENTIMENT","language":"uz-Latn","now":3,"before":0,"drifted":false,"index":null`) {
		t.Errorf("drift: %s", got.text)
	}
	if code := o.ask(apptest.Botir, drift, map[string]any{"n": 0}).code(); code != "INVALID" {
		t.Errorf("no weeks: %s", code)
	}
}

// A correction of what one version said is the effective value of what the others said of the same words.
func TestACorrectionHoldsForAllVersions(t *testing.T) {
	t.Parallel()
	o := open(t).talks().tried()
	r := o.ask(apptest.Botir, `{ analyses(first: 20, where: {kind: SENTIMENT}) { edges { node { label shadow effectiveLabel analyzerVersion } } } }`, nil)
	for _, want := range []string{`"shadow":true,"effectiveLabel":"negative","analyzerVersion":"2"`, `"shadow":false,"effectiveLabel":"negative","analyzerVersion":"1"`} {
		if strings.Count(r.text, want) != 1 {
			t.Errorf("%s is not there once: %s", want, r.text)
		}
	}
}

func TestAdminsAskWhatAnalyzersFailedOn(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	o.Analyzers.Refuse("sentiment", "Nima bu?", analyzer.Errorf(analyzer.Invalid, "too odd"))
	o.Say(-1, 5, apptest.At("2026-09-15 11:58"), "Nima bu?")
	o.RunJobs()
	const failures = `query($n: Int, $of: String) { analysisFailures(analyzer: $of, first: $n) { analyzer reason failedAt message { telegramID } } }`
	got := o.ask(apptest.Botir, failures, map[string]any{"n": 10, "of": "sentiment"})
	if !strings.Contains(got.text, `"analyzer":"sentiment","reason":"invalid: too odd","failedAt":"2026-`) || !strings.Contains(got.text, `"message":{"telegramID":"`) {
		t.Errorf("an admin's: %s", got.text)
	}
	if got := o.ask(apptest.Botir, failures, map[string]any{"n": 10, "of": "quality"}); !strings.Contains(got.text, `"analysisFailures":[]`) {
		t.Errorf("of another one: %s", got.text)
	}
	for n, want := range map[int]string{0: "INVALID", 201: "INVALID"} {
		if code := o.ask(apptest.Botir, failures, map[string]any{"n": n}).code(); code != want {
			t.Errorf("%d: %s", n, code)
		}
	}
	for _, role := range roles {
		if code := o.ask(role.email, failures, map[string]any{"n": 10}).code(); role.name != "admin" && code != "DENIED" {
			t.Errorf("%s: %q", role.name, code)
		}
	}
}
