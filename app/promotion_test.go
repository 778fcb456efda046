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

// contest has two versions of sentiment judge forty messages, of which the candidate gets so many right.
type contest struct {
	*apptest.World
	t *testing.T
}

const contestants = 40

func newContest(t *testing.T, right, currentRight int, learned string) contest {
	t.Helper()
	w := apptest.Example(t)
	speak(w)
	w.Analyzers.Default("sentiment@2", apptest.Label(analyzer.Sentiment, "neutral", "uz-Latn"))
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-14 09:00"), "Salom")
	var history []app.MessageInput
	for i := range contestants {
		text := fmt.Sprint("Yomon ", i)
		history = append(history, w.Message(-1, 5, apptest.At("2026-09-14 10:00").Add(time.Duration(i)*time.Minute), text))
		if i < right {
			w.Analyzers.Answer("sentiment@2", text, apptest.Label(analyzer.Sentiment, "negative", "uz-Latn"))
		}
		if i < currentRight {
			w.Analyzers.Answer("sentiment", text, apptest.Label(analyzer.Sentiment, "negative", "uz-Latn"))
		}
	}
	w.Import(history...)
	w.RunJobs()
	c := contest{w, t}
	c.label(0, 1) // before the candidate came, which may have learnt from it
	w.Clock.Advance(time.Hour)
	in := plugin("sentiment", "2", "b")
	in.Kinds, in.State, in.Learned = []string{"SENTIMENT"}, entanalyzer.StateShadow, []byte(learned)
	if _, err := w.App.RegisterAnalyzer(w.Operator(), in); err != nil {
		t.Fatal(err)
	}
	w.RunJobs()
	w.Clock.Advance(time.Hour)
	return c
}

// label says of messages that they are negative, through what the enabled version said.
func (c contest) label(from, to int) {
	c.t.Helper()
	for i := from; i < to; i++ {
		var id int
		c.One(`SELECT a.id FROM analyses a JOIN message_contents c ON c.id = a.content_id WHERE a.kind = 'SENTIMENT' AND NOT a.shadow AND c.text = $1`, []any{fmt.Sprint("Yomon ", i)}, &id)
		if _, err := c.App.GiveFeedback(c.As(apptest.Botir), app.GiveFeedbackInput{AnalysisID: id, Label: label("negative")}); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c contest) promote(want string) {
	c.t.Helper()
	_, err := c.App.PromoteAnalyzer(c.As(apptest.Botir), app.AnalyzerChoice{Name: "sentiment", Version: "2"})
	if want == "" && err != nil || want != "" && (domain.KindOf(err) != domain.KindConflict || !strings.Contains(err.Error(), want)) {
		c.t.Errorf("wanted %q, got %v", want, err)
	}
	state := ""
	c.One(`SELECT string_agg(version || ' ' || state, ', ' ORDER BY id) FROM analyzers WHERE name = 'sentiment'`, nil, &state)
	if promoted := state == "1 DISABLED, 2 ENABLED"; promoted != (want == "") {
		c.t.Errorf("then %s", state)
	}
}

func TestACandidateIsPromotedByWhatPeopleSay(t *testing.T) {
	t.Parallel()
	const good, bad = `{"base":"1","heldOut":30,"agreementBefore":0.7,"agreementAfter":0.8}`, `{"base":"1","heldOut":30,"agreementBefore":0.8,"agreementAfter":0.8}`
	const few = `{"base":"1","heldOut":12,"agreementBefore":0.7,"agreementAfter":0.8}`
	const beside = `{"base":"0","heldOut":30,"agreementBefore":0.7,"agreementAfter":0.8}` // measured beside a version that works no more
	for name, c := range map[string]struct {
		right, currentRight, labels int
		learned, want               string
	}{
		"better":                      {38, 20, 31, "", ""},
		"no labels":                   {38, 20, 1, "", "labelled 0 messages that both versions judged, 30 more"},
		"too few":                     {38, 20, 30, "", "labelled 29 messages that both versions judged, 1 more"},
		"worse":                       {10, 20, 40, "", "SENTIMENT: 0.231 of its judgements, 0.487 of the current version's, on 39 messages"},
		"learnt, better on the rest":  {38, 20, 1, good, ""},
		"learnt, no better":           {38, 20, 1, bad, "on labels kept apart"},
		"learnt, but people disagree": {1, 20, 5, good, "agree with it less"},
		"learnt, shown by people":     {38, 20, 40, bad, ""},
		"learnt, on few":              {38, 20, 1, few, "18 more labels are needed"},
		"learnt from another version": {38, 20, 1, beside, "labelled 0 messages that both versions judged, 30 more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contest := newContest(t, c.right, c.currentRight, c.learned)
			contest.label(1, c.labels)
			contest.promote(c.want)
		})
	}
}

func TestAPromotionIsAuditedAndPastItIsAWay(t *testing.T) {
	t.Parallel()
	c := newContest(t, 40, 20, "")
	c.label(1, 36)
	list, err := c.App.Candidates(c.As(apptest.Botir))
	if err != nil || len(list) != 1 || list[0].Name != "sentiment" || list[0].Refusal != "" || list[0].Trial.Labels() != 35 {
		t.Errorf("candidates: %+v, %v", list, err)
	}
	if _, err := c.App.Candidates(c.As(apptest.Aziza)); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("a supervisor: %v", err)
	}
	if _, err := c.App.PromoteAnalyzer(c.As(apptest.Aziza), app.AnalyzerChoice{Name: "sentiment"}); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("a supervisor promotes: %v", err)
	}
	if _, err := c.App.PromoteAnalyzer(c.Operator(), app.AnalyzerChoice{Name: "sentiment", Version: "1"}); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("another version: %v", err)
	}
	c.promote("")
	var details string
	c.One(`SELECT details::text FROM audit_events WHERE verb = 'promote' AND actor_id = $1`, []any{c.ID(apptest.Botir)}, &details)
	if !strings.Contains(details, `"labels": 35`) || !strings.Contains(details, `"candidate": 1`) {
		t.Errorf("audited: %s", details)
	}
	// The labels that it got in shadow open the pay gate for it at once.
	rows, err := c.App.Agreement(c.As(apptest.Botir), app.AgreementInput{})
	if err != nil || len(rows) != 2 || rows[1].Labels != 35 || !rows[1].GateOpen || rows[0].Labels != 36 || rows[0].GateOpen {
		t.Errorf("agreement: %+v, %v", rows, err)
	}
	if _, err := c.App.PromoteAnalyzer(c.Operator(), app.AnalyzerChoice{Name: "sentiment"}); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("nothing is tried: %v", err)
	}
	if _, err := c.App.PromoteAnalyzer(c.Operator(), app.AnalyzerChoice{Name: "sentimental"}); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("none is there: %v", err)
	}

	refused := newContest(t, 0, 20, "")
	refused.label(1, 36)
	refused.promote("finco analyzer enable sentiment 2")
	if _, err := refused.App.EnableAnalyzer(refused.As(apptest.Botir), app.AnalyzerChoice{Name: "sentiment", Version: "2"}); err != nil {
		t.Fatal(err)
	}
	var audited int
	if refused.One(`SELECT count(*) FROM audit_events WHERE verb = 'enable' AND actor_id = $1`, []any{refused.ID(apptest.Botir)}, &audited); audited != 1 {
		t.Errorf("enabled past the comparison: audited %d times", audited)
	}
}

// A version that was learnt is not measured by labels on what it learnt from, given again.
func TestWhatWasLearntMeasuresNothing(t *testing.T) {
	t.Parallel()
	c := newContest(t, 40, 20, `{"base":"1","agreementBefore":0.7,"agreementAfter":0.8}`)
	c.label(0, 3)
	list, err := c.App.Candidates(c.Operator())
	if err != nil || len(list) != 1 || list[0].Trial.Labels() != 2 {
		t.Errorf("candidates: %+v, %v", list, err)
	}
}

func TestDriftComparesThisWeekWithThoseBefore(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Analyzers.Default("sentiment", apptest.Label(analyzer.Sentiment, "positive", "ru"))
	candidate(t, w, "sentiment", "2", []string{"SENTIMENT"}, entanalyzer.StateShadow, 0)
	var history []app.MessageInput
	add := func(n int, from, text string, sender int64) {
		for i := range n {
			history = append(history, w.Message(-1, sender, apptest.At(from).Add(time.Duration(i)*time.Minute), text))
		}
	}
	add(120, "2026-09-01 10:00", "Yaxshi", 5)
	add(20, "2026-09-02 10:00", "Yomon!", 5)
	add(40, "2026-09-12 10:00", "Yaxshi", 5)
	add(80, "2026-09-13 10:00", "Yomon!", 5)
	add(3, "2026-09-13 20:00", "Salom", apptest.JasurTelegram)
	add(9, "2026-07-13 20:00", "Yaxshi", 5)
	w.Analyzers.Answer("sentiment", "Yomon!", apptest.Label(analyzer.Sentiment, "negative", "ru"))
	w.Import(history...)
	w.RunJobs()
	w.One(`
WITH made AS (INSERT INTO analyses (message_id, content_id, analyzer_id, kind, label, confidence, language, created_at)
  SELECT a.message_id, a.content_id, a.analyzer_id, 'LANGUAGE', l.tag, 0.9, l.tag, a.created_at
  FROM analyses a CROSS JOIN LATERAL (SELECT CASE a.label WHEN 'negative' THEN 'uz-Latn' ELSE 'ru' END AS tag) l WHERE a.kind = 'SENTIMENT' AND NOT a.shadow RETURNING 1)
SELECT count(*) FROM made`, nil, new(int))
	rows, err := w.App.Drift(w.As(apptest.Botir), app.DriftInput{})
	if err != nil {
		t.Fatal(err)
	}
	byKind := map[string]app.DriftRow{}
	for _, r := range rows {
		byKind[r.Kind] = r
	}
	s := byKind["SENTIMENT"]
	if s.Analyzer != "sentiment" || s.Language != "ru" || s.Now != 120 || s.Before != 140 || !s.Drifted() || len(s.Shares) != 2 || s.Shares[0].Now < 0.66 || s.Shares[0].Before > 0.15 {
		t.Errorf("sentiment: %+v", s)
	}
	if l := byKind["LANGUAGE"]; l.Language != "" || l.Now != 120 || l.Before != 140 || !l.Drifted() || len(l.Shares) != 2 {
		t.Errorf("language: %+v", l)
	}
	if q := byKind["QUALITY"]; q.Now != 3 || q.Before != 0 || q.Index != nil || q.Drifted() || len(q.Shares) != 1 || q.Shares[0].Label != "80–90" {
		t.Errorf("quality: %+v", q)
	}
	if n := byKind["NEEDS_REPLY"]; n.Drifted() || n.Index == nil || *n.Index > 0.01 {
		t.Errorf("needs reply: %+v", n)
	}
	if rows, err := w.App.Drift(w.As(apptest.Jasur), app.DriftInput{}); err != nil || len(rows) != 2 { // quality and topic of his own
		t.Errorf("his own: %+v, %v", rows, err)
	}
	if rows, err := w.App.Drift(w.As(apptest.Sardor), app.DriftInput{}); err != nil || len(rows) != 0 {
		t.Errorf("another team's: %+v, %v", rows, err)
	}
	if _, err := w.App.Drift(w.Operator(), app.DriftInput{Weeks: 53}); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("too many weeks: %v", err)
	}
	if rows, err := w.App.Drift(w.System("scheduler"), app.DriftInput{Weeks: 10}); err != nil || len(rows) < 4 {
		t.Errorf("ten weeks: %+v, %v", rows, err)
	}
}
