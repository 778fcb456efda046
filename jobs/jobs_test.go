package jobs_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/jobs"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// start works the world's jobs until the test ends.
func start(t *testing.T, w *apptest.World) {
	t.Helper()
	workers, err := jobs.Start(t.Context(), w.App, jobs.Config{
		DB: w.Database.Pool(t), DSN: w.Database.DSN, Log: slog.New(slog.DiscardHandler), Live: 2, Bulk: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := workers.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

// until waits for a query of one truth.
func until(t *testing.T, w *apptest.World, query string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var holds bool
		if w.One("SELECT "+query, nil, &holds); holds {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", query)
		}
	}
}

const ofSentiment = `kind = 'analyze_messages' AND args->>'analyzer' = 'sentiment'`

// An analyzer that is away is waited for, whatever attempts are left.
func TestAnOutageSpendsNoAttempt(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Analyzers.Default("sentiment", apptest.Label(analyzer.Sentiment, "neutral", "ru"))
	w.Analyzers.Down("sentiment", domain.Errorf(domain.KindUnavailable, "out of service"))
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	if _, err := w.DB.Exec(`UPDATE river_job SET max_attempts = 1 WHERE ` + ofSentiment); err != nil {
		t.Fatal(err)
	}
	start(t, w)
	until(t, w, `EXISTS (SELECT 1 FROM river_job WHERE `+ofSentiment+` AND (metadata->>'snoozes')::int >= 2)`)
	w.Analyzers.Down("sentiment", nil)
	until(t, w, `EXISTS (SELECT 1 FROM analyses WHERE kind = 'SENTIMENT')`)
	until(t, w, `NOT EXISTS (SELECT 1 FROM analysis_failures)`)
}

// A job that takes its worker along at every attempt comes to an end that people see.
func TestAJobThatKillsItsWorkersEnds(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	if _, err := w.DB.Exec(`UPDATE river_job SET state = 'running', attempt = max_attempts, attempted_at = now(), attempted_by = '{dead}'`); err != nil {
		t.Fatal(err)
	}
	var judging, rest int
	w.One(`SELECT count(*) FILTER (WHERE kind = 'analyze_messages'), count(*) FILTER (WHERE kind <> 'analyze_messages') FROM river_job`, nil, &judging, &rest)
	start(t, w)
	until(t, w, `NOT EXISTS (SELECT 1 FROM river_job WHERE 'dead' = ANY(attempted_by) AND finalized_at IS NULL)`)
	var reasons string
	w.One(`SELECT string_agg(DISTINCT reason, '; ') FROM analysis_failures`, nil, &reasons)
	var aside, discarded int
	w.One(`SELECT count(*) FROM analysis_failures`, nil, &aside)
	w.One(`SELECT count(*) FROM river_job WHERE state = 'discarded'`, nil, &discarded)
	if judging == 0 || aside != judging || discarded != rest || !strings.Contains(reasons, "died") {
		t.Errorf("%d of %d analyses are put aside (%s), %d of %d others discarded", aside, judging, reasons, discarded, rest)
	}
	if n := len(w.Analyzers.Asked("sentiment")); n != 0 {
		t.Errorf("tried %d times more", n)
	}
}
