package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/jobs/args"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// candidate registers another version of an analyzer of the example.
func candidate(t *testing.T, w *apptest.World, name, version string, kinds []string, state entanalyzer.State, share int) {
	t.Helper()
	in := plugin(name, version, "b")
	in.Kinds, in.State, in.Share = kinds, state, share
	if _, err := w.App.RegisterAnalyzer(w.Operator(), in); err != nil {
		t.Fatal(err)
	}
}

// spoken counts the analyses of a kind, by version and whether in shadow.
func spoken(w *apptest.World, kind string) (out string) {
	w.One(`
SELECT COALESCE(string_agg(version || CASE WHEN shadow THEN ' in shadow' ELSE '' END || ': ' || n, ', ' ORDER BY version, shadow), '') FROM (
  SELECT n.version, a.shadow, count(*) AS n FROM analyses a JOIN analyzers n ON n.id = a.analyzer_id WHERE a.kind = $1 GROUP BY 1, 2) x`, []any{kind}, &out)
	return out
}

// job is what a worker gets.
func job(name string, contents ...int) args.AnalyzeMessages {
	return args.AnalyzeMessages{Analyzer: name, ContentIDs: contents}
}

func TestAShadowCountsNowhere(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 09:30"), "Salom")
	w.Say(-1, 5, apptest.At("2026-08-10 09:30"), "Eski")
	w.Say(-1, 5, apptest.At("2026-09-15 11:55"), "Rahmat")
	w.RunJobs()
	w.Analyzers.Default("question@2", apptest.Label(analyzer.Question, "no", "uz-Latn"), apptest.Label(analyzer.NeedsReply, "no", "uz-Latn"))
	w.Analyzers.Default("sentiment@2", apptest.Label(analyzer.Sentiment, "positive", "uz-Latn"))
	for name, kinds := range map[string][]string{"question": {"QUESTION", "NEEDS_REPLY"}, "sentiment": {"SENTIMENT"}} {
		candidate(t, w, name, "2", kinds, entanalyzer.StateShadow, 0)
	}
	w.One(`WITH gone AS (DELETE FROM kpi_refreshes RETURNING 1) SELECT count(*) FROM gone`, nil, new(int))
	news := w.App.Subscribe(app.AnalysisCompleted)
	defer news.Close()
	if n := w.Jobs("analyze_messages", "bulk"); n != 2 {
		t.Errorf("%d jobs for what is there", n)
	}
	w.RunJobs()
	if got := spoken(w, "SENTIMENT"); got != "1: 2, 2 in shadow: 1" {
		t.Errorf("of the last weeks: %s", got)
	}
	var marks int
	if w.One(`SELECT count(*) FROM kpi_refreshes`, nil, &marks); marks != 0 || stateOf(w, "Rahmat") != "OPEN" {
		t.Errorf("%d marked, the wait is %s", marks, stateOf(w, "Rahmat"))
	}
	w.Say(-1, 5, apptest.At("2026-09-15 11:56"), "Yaxshi")
	if live, behind := w.Jobs("analyze_messages", "live"), w.Jobs("analyze_messages", "bulk"); live != 3 || behind != 2 {
		t.Errorf("%d live jobs and %d in shadow", live, behind)
	}
	w.RunJobs()
	if got := spoken(w, "SENTIMENT"); got != "1: 3, 2 in shadow: 2" {
		t.Errorf("with a new message: %s", got)
	}
	// A person who corrects what is said in shadow corrects the message.
	id := 0
	w.One(`SELECT a.id FROM analyses a JOIN message_contents c ON c.id = a.content_id WHERE a.kind = 'NEEDS_REPLY' AND a.shadow AND c.text = 'Rahmat'`, nil, &id)
	if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), app.GiveFeedbackInput{AnalysisID: id, Label: label("no")}); err != nil {
		t.Fatal(err)
	}
	rows, err := w.App.Agreement(w.As(apptest.Botir), app.AgreementInput{})
	if err != nil || len(rows) != 2 || rows[0].Agreement.Decimal.String() != "0" || rows[1].Agreement.Decimal.String() != "1" {
		t.Errorf("one word measures both versions: %+v, %v", rows, err)
	}
	// What a version in shadow cannot judge is nobody's loss.
	w.Analyzers.Refuse("sentiment@2", "Xayr", analyzer.Errorf(analyzer.Invalid, "too odd"))
	w.Say(-1, 5, apptest.At("2026-09-15 11:57"), "Xayr")
	w.RunJobs()
	if w.One(`SELECT count(*) FROM analysis_failures`, nil, &marks); marks != 0 {
		t.Errorf("%d put aside", marks)
	}
	w.Say(-1, 5, apptest.At("2026-09-15 11:58"), "Mayli")
	if _, err := w.App.DisableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "sentiment", Version: "2"}); err != nil {
		t.Fatal(err)
	}
	w.RunJobs()
	if got := spoken(w, "SENTIMENT"); got != "1: 5, 2 in shadow: 2" {
		t.Errorf("after the shadow's end: %s", got)
	}
}

func TestASplitJudgesItsShareAndNoMore(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	candidate(t, w, "sentiment", "2", []string{"SENTIMENT"}, entanalyzer.StateSplit, 30)
	var history []app.MessageInput
	for i := range 400 {
		history = append(history, w.Message(-1, 5, apptest.At("2026-09-14 10:00").Add(time.Duration(i)*time.Second), fmt.Sprint("Salom ", i)))
	}
	w.Import(history...)
	w.RunJobs()
	count := func(where string) (n int) {
		w.One(`SELECT count(*) FROM analyses a JOIN analyzers n ON n.id = a.analyzer_id WHERE a.kind = 'SENTIMENT' AND `+where, nil, &n)
		return n
	}
	theirs := count(`n.version = '2' AND NOT a.shadow`)
	if all := count(`true`); all != 400 || theirs < 80 || theirs > 160 {
		t.Errorf("%d of %d judged by the version with a share of 30 %%", theirs, all)
	}
	// Another share: what is judged stays judged, by whomever.
	if _, err := w.App.SplitAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "sentiment"}, 80); err != nil {
		t.Fatal(err)
	}
	w.Import(history...)
	w.Say(-1, 5, apptest.At("2026-09-14 11:00"), "Yana")
	w.RunJobs()
	if all := count(`true`); all != 401 || count(`n.version = '2'`) > theirs+1 {
		t.Errorf("%d analyses of 401 messages, %d by the second version", all, count(`n.version = '2'`))
	}
}

// While a batch is judged, another version takes over: what the older one says then is not kept, and the job comes again.
func TestAVersionThatTookOverMeanwhileJudgesInstead(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Analyzers.Default("sentiment@2", apptest.Label(analyzer.Sentiment, "positive", "uz-Latn"))
	candidate(t, w, "sentiment", "2", []string{"SENTIMENT"}, "", 0)
	w.Import(w.Message(-1, 5, apptest.At("2026-09-14 10:00"), "Salom"), w.Message(-1, 5, apptest.At("2026-09-14 10:01"), "Xayr"))
	w.Analyzers.During("sentiment", func() {
		if _, err := w.App.EnableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "sentiment", Version: "2"}); err != nil {
			t.Error(err)
		}
	})
	if _, err := w.TryJobs(); domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), "took over") {
		t.Errorf("the older version's answer: %v", err)
	}
	w.RunJobs()
	if got := spoken(w, "SENTIMENT"); got != "2: 2" {
		t.Errorf("spoken: %s", got)
	}
	// The job of a worker that died after it had stored everything comes again under the next version.
	var ids []int
	for _, m := range all(t, w, apptest.Botir) {
		ids = append(ids, m.Edges.Contents[0].ID)
	}
	if _, err := w.App.EnableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "sentiment", Version: "1"}); err != nil {
		t.Fatal(err)
	}
	if err := w.App.AnalyzeMessages(w.System("analyzer"), job("sentiment", ids...)); err != nil {
		t.Fatal(err)
	}
	if got := spoken(w, "SENTIMENT"); got != "2: 2" {
		t.Errorf("spoken after the same job: %s", got)
	}
}

// What a version judged in shadow before the enabled one came to it is judged to count once that version is enabled.
func TestWhatWasSaidInShadowIsSaidAgainToCount(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Analyzers.Default("question@2", apptest.Label(analyzer.Question, "no", "uz-Latn"), apptest.Label(analyzer.NeedsReply, "no", "uz-Latn"))
	candidate(t, w, "question", "2", []string{"QUESTION", "NEEDS_REPLY"}, entanalyzer.StateShadow, 0)
	w.Say(-1, 5, apptest.At("2026-09-15 11:00"), "Salom")
	w.RunJobs()
	w.Analyzers.Down("question@1", domain.Errorf(domain.KindUnavailable, "it restarts"))
	w.Say(-1, 5, apptest.At("2026-09-15 11:50"), "Bormisiz?")
	contents := 0
	w.One(`SELECT max(id) FROM message_contents`, nil, &contents)
	shadow := job("question", contents)
	shadow.Version = "2"
	if err := w.App.AnalyzeMessages(w.System("analyzer"), shadow); err != nil {
		t.Fatal(err)
	}
	if got := spoken(w, "NEEDS_REPLY"); got != "1: 1, 2 in shadow: 2" {
		t.Fatalf("spoken: %s", got)
	}
	id := 0
	w.One(`SELECT a.id FROM analyses a WHERE kind = 'NEEDS_REPLY' AND shadow AND content_id = $1`, []any{contents}, &id)
	if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), app.GiveFeedbackInput{AnalysisID: id, Label: label("no")}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.App.EnableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "question", Version: "2"}); err != nil {
		t.Fatal(err)
	}
	w.RunJobs()
	if got := spoken(w, "NEEDS_REPLY"); got != "1: 1, 2: 1, 2 in shadow: 2" {
		t.Errorf("spoken: %s", got)
	}
	rows, err := w.App.Agreement(w.As(apptest.Botir), app.AgreementInput{})
	if err != nil || len(rows) != 1 || rows[0].Labels != 1 {
		t.Errorf("one word counts once: %+v, %v", rows, err)
	}
}

// A job that was made for a version of both sides comes to one that judges the customers' alone.
func TestAVersionJudgesItsOwnSides(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Import(w.Message(-1, 5, apptest.At("2026-09-14 10:00"), "Salom"), w.Message(-1, apptest.JasurTelegram, apptest.At("2026-09-14 10:01"), "Xayr"))
	w.One(`WITH wider AS (UPDATE river_job SET args = jsonb_set(args, '{content_ids}', (SELECT jsonb_agg(id) FROM message_contents)) WHERE args ->> 'analyzer' = 'sentiment' RETURNING id)
SELECT count(*) FROM wider`, nil, new(int))
	w.RunJobs()
	if asked := w.Analyzers.Asked("sentiment"); len(asked) != 1 || asked[0].Text != "Salom" {
		t.Errorf("it got %+v", asked)
	}
}

func TestASlowVersionTakesAQuickOnesJobInItsOwnSteps(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	var talk []app.MessageInput
	for range 5 {
		talk = append(talk, w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "Salom"))
	}
	w.Import(talk...)
	slow := plugin("sentiment", "2", "d")
	slow.Kinds, slow.Sides, slow.MaxBatch = []string{"SENTIMENT"}, []string{"CUSTOMER"}, 2
	if _, err := w.App.RegisterAnalyzer(w.Operator(), slow); err != nil {
		t.Fatal(err)
	}
	if _, err := w.App.EnableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "sentiment", Version: "2"}); err != nil {
		t.Fatal(err)
	}
	w.RunJobs()
	if calls := w.Analyzers.Calls("sentiment"); !slices.Equal(calls, []int{2, 2, 1}) {
		t.Errorf("called with %v", calls)
	}
}
