package jobs_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/jobs"
	"github.com/fincokpi/finco/jobs/args"
)

// pupil tells as whom it learns.
type pupil chan string

func (p pupil) LearnDue(ctx context.Context) error {
	actor, _ := auth.From(ctx)
	p <- actor.Role
	return nil
}

func TestAJobHasTheAnalyzersLearn(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	learner := make(pupil, 1)
	workers, err := jobs.Start(t.Context(), w.App, jobs.Config{
		DB: w.Database.Pool(t), DSN: w.Database.DSN, Log: slog.New(slog.DiscardHandler), Live: 1, Bulk: 1, Learner: learner,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := workers.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	client, err := river.NewClient(riverdatabasesql.New(w.DB), &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Insert(t.Context(), args.Learn{}, nil); err != nil {
		t.Fatal(err)
	}
	if role := <-learner; role != "system:scheduler" {
		t.Errorf("it learns as %q", role)
	}
	until(t, w, `EXISTS (SELECT 1 FROM river_job WHERE kind = 'learn' AND state = 'completed')`)
}
