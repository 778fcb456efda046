package app_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// correct gives a supervisor's label for a judgement of a text.
func correct(t *testing.T, w *apptest.World, kind, text, said string) {
	t.Helper()
	w.Clock.Advance(time.Second)
	in := app.GiveFeedbackInput{AnalysisID: analysisOf(w, kind, text), Label: label(said)}
	if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), in); err != nil {
		t.Fatal(err)
	}
}

func TestLearningMaterialIsTheNewestWordOnEachMessage(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	for chat, text := range map[int64]string{-1: "qimmat ekan", -2: "zo'r", -3: "o'chirilgan"} {
		w.Say(chat, 5, apptest.At("2026-09-15 11:00"), text)
	}
	w.RunJobs()
	correct(t, w, "SENTIMENT", "qimmat ekan", "neutral")
	correct(t, w, "SENTIMENT", "qimmat ekan", "negative")
	correct(t, w, "SENTIMENT", "zo'r", "positive")
	correct(t, w, "SENTIMENT", "o'chirilgan", "negative")
	correct(t, w, "TOPIC", "qimmat ekan", "price")
	if _, err := w.DB.Exec(`UPDATE messages SET deleted_at = now() WHERE id = (SELECT message_id FROM message_contents WHERE text = $1)`, "o'chirilgan"); err != nil {
		t.Fatal(err)
	}
	material := func(name, kind string) []app.Correction {
		list, err := w.App.LearningMaterial(w.System("scheduler"), name, kind)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	list := material("sentiment", "SENTIMENT")
	if len(list) != 2 || list[0].Label == list[1].Label || list[0].ChatID == list[1].ChatID {
		t.Fatalf("%+v", list)
	}
	for _, c := range list {
		want := map[string]string{"qimmat ekan": "negative", "zo'r": "positive"}[c.Text]
		if c.Label != want || c.Side != "CUSTOMER" || c.ContentID == 0 || !c.At.Before(w.Clock.Now().Add(time.Second)) {
			t.Errorf("%+v, want %s", c, want)
		}
	}
	if n := len(material("llm", "SENTIMENT")); n != 2 {
		t.Errorf("another analyzer of the same labels learns from %d", n)
	}
	if n, other := len(material("topic", "TOPIC")), len(material("llm", "TOPIC")); n != 1 || other != 0 {
		t.Errorf("topics: %d of its own, %d of an analyzer whose topics are others", n, other)
	}
}

func TestPointsOfPolitenessAreALabel(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Register("politeness", []string{"POLITENESS"}, []string{"CUSTOMER"}, nil)
	w.Analyzers.Default("politeness", apptest.Score(analyzer.Politeness, 70, "ru"))
	points := map[string]float64{"быстро отвечай": 10, "будьте добры": 90}
	for text, n := range points {
		w.Say(-1, 5, apptest.At("2026-09-15 11:00"), text)
		w.RunJobs()
		in := app.GiveFeedbackInput{AnalysisID: analysisOf(w, "POLITENESS", text), Score: score(n)}
		if _, err := w.App.GiveFeedback(w.As(apptest.Botir), in); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.App.LearningMaterial(w.Operator(), "politeness", "POLITENESS")
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, c := range list {
		if want := map[bool]string{true: "polite", false: "impolite"}[points[c.Text] > 50]; c.Label != want {
			t.Errorf("%+v", c)
		}
	}
}

func TestLearningIsForBackgroundWorkAndAdmins(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	for who, allowed := range map[string]bool{apptest.Botir: true, apptest.Aziza: false, apptest.Jasur: false} {
		_, err := w.App.LearningMaterial(w.As(who), "sentiment", "SENTIMENT")
		_, listed := w.App.Learners(w.As(who))
		if (err == nil) != allowed || (listed == nil) != allowed {
			t.Errorf("%s: %v, %v", who, err, listed)
		}
		if !allowed {
			for _, err := range []error{w.App.ProposeAnalyzer(w.As(who), learnt("sentiment", "2"), app.Lesson{Base: "1"}), w.App.RecordLesson(w.As(who), "sentiment", app.Lesson{Base: "1"})} {
				if domain.KindOf(err) != domain.KindDenied {
					t.Errorf("%s: %v", who, err)
				}
			}
		}
	}
	ctx := w.System("scheduler")
	if err := w.App.ProposeAnalyzer(ctx, learnt("sentiment", "2"), app.Lesson{Base: "1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.App.EnableAnalyzer(ctx, app.AnalyzerChoice{Name: "sentiment", Version: "2"}); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("background work enabled what it learnt: %v", err)
	}
}

func learnt(name, version string) app.RegisterAnalyzerInput {
	return app.RegisterAnalyzerInput{Name: name, Version: version, Path: "/data/" + name + "-" + version, Kinds: []string{"SENTIMENT"},
		Checksum: "bb00000000000000000000000000000000000000000000000000000000000000"}
}

func TestAProposalWaitsInShadow(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	ctx := w.System("scheduler")
	of := func() app.Learner {
		list, err := w.App.Learners(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list {
			if l.Name == "sentiment" {
				return l
			}
		}
		t.Fatal("sentiment does not learn")
		return app.Learner{}
	}
	if l := of(); l.Version != "1" || l.Candidate != "" || !l.Since.IsZero() || !l.Tried.IsZero() || len(l.Kinds) != 1 || l.Kinds[0] != "SENTIMENT" {
		t.Fatalf("%+v", l)
	}
	if err := w.App.RecordLesson(ctx, "sentiment", app.Lesson{Base: "1", Corrections: 60, HeldOut: 20, AgreementBefore: 0.8, AgreementAfter: 0.8}); err != nil {
		t.Fatal(err)
	}
	if l := of(); !l.Tried.Equal(w.Clock.Now()) || !l.Since.IsZero() {
		t.Errorf("after a try: %+v", l)
	}
	w.Clock.Advance(time.Hour)
	lesson := app.Lesson{Base: "1", Corrections: 60, HeldOut: 20, AgreementBefore: 0.75, AgreementAfter: 0.85, At: w.Clock.Now()}
	if err := w.App.ProposeAnalyzer(ctx, learnt("sentiment", "2"), lesson); err != nil {
		t.Fatal(err)
	}
	var state string
	var raw, audited []byte
	w.One(`SELECT state, learned FROM analyzers WHERE name = 'sentiment' AND version = '2'`, nil, &state, &raw)
	w.One(`SELECT details FROM audit_events WHERE verb = 'learn' ORDER BY id DESC LIMIT 1`, nil, &audited)
	var kept, told app.Lesson
	if json.Unmarshal(raw, &kept) != nil || json.Unmarshal(audited, &told) != nil || state != "SHADOW" || kept.Version != "2" || kept.AgreementAfter != 0.85 || told.Version != "2" {
		t.Errorf("%s %s, audited %s", state, raw, audited)
	}
	if l := of(); l.Version != "1" || l.Candidate != "2" || !l.Since.Equal(lesson.At) {
		t.Errorf("after the proposal: %+v", l)
	}
	for version, base := range map[string]string{"2": "1", "3": "1", "4": "0"} {
		if err := w.App.ProposeAnalyzer(ctx, learnt("sentiment", version), app.Lesson{Base: base}); domain.KindOf(err) != domain.KindConflict {
			t.Errorf("%s beside a candidate: %v", version, err)
		}
	}
	if _, err := w.App.DisableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "sentiment", Version: "2"}); err != nil {
		t.Fatal(err)
	}
	for version, base := range map[string]string{"2": "1", "4": "0"} {
		if err := w.App.ProposeAnalyzer(ctx, learnt("sentiment", version), app.Lesson{Base: base}); domain.KindOf(err) != domain.KindConflict {
			t.Errorf("%s for %s: %v", version, base, err)
		}
	}
	// An upgrade knows nothing of what was learnt for the version before it.
	w.RegisterVersion("sentiment", "5", []string{"SENTIMENT"}, nil, nil)
	if l := of(); l.Version != "5" || !l.Since.IsZero() {
		t.Errorf("after an upgrade: %+v", l)
	}
	if err := w.App.RecordLesson(ctx, "sentiment", app.Lesson{Base: "9"}); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("a lesson of no version: %v", err)
	}
}
