package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
)

func TestAdminsSeeWhatAnalyzersFailedOn(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Analyzers.Refuse("sentiment", "Bir", analyzer.Errorf(analyzer.Invalid, "too odd"))
	w.Analyzers.Refuse("sentiment", "Ikki", analyzer.Errorf(analyzer.Invalid, "odder"))
	w.Analyzers.Refuse("question", "Ikki", analyzer.Errorf(analyzer.Invalid, "no question"))
	w.Say(-1, 5, apptest.At("2026-09-15 11:55"), "Bir")
	w.RunJobs()
	w.Clock.Advance(time.Minute)
	second := w.Clock.Now()
	w.Say(-1, 5, apptest.At("2026-09-15 11:56"), "Ikki")
	w.RunJobs()
	list, err := w.App.AnalysisFailures(w.As(apptest.Botir), app.AnalysisFailuresInput{Analyzer: "sentiment"})
	if err != nil || len(list) != 2 || list[0].Reason != "invalid: odder" || list[1].Reason != "invalid: too odd" || list[1].Message == nil || !list[1].FailedAt.Before(list[0].FailedAt) {
		t.Errorf("%+v, %v", list, err)
	}
	if all, err := w.App.AnalysisFailures(w.Operator(), app.AnalysisFailuresInput{First: 2}); err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
	counts, err := w.App.FailureCounts(w.Operator(), time.Time{})
	if got := fmt.Sprint(counts, err); got != "[{question 1 invalid: no question} {sentiment 2 invalid: odder}] <nil>" {
		t.Error(got)
	}
	counts, err = w.App.FailureCounts(w.Operator(), second)
	if got := fmt.Sprint(counts, err); got != "[{question 1 invalid: no question} {sentiment 1 invalid: odder}] <nil>" {
		t.Error(got)
	}
	for _, email := range []string{apptest.Aziza, apptest.Jasur} {
		if _, err := w.App.AnalysisFailures(w.As(email), app.AnalysisFailuresInput{}); domain.KindOf(err) != domain.KindDenied {
			t.Errorf("%s: %v", email, err)
		}
	}
	if _, err := w.App.AnalysisFailures(w.Operator(), app.AnalysisFailuresInput{First: 201}); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("too many: %v", err)
	}
}
