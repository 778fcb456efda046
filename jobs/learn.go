package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/jobs/args"
)

// Learner has the analyzers learn from feedback for which it is time, and proposes what came of it in shadow.
type Learner interface {
	LearnDue(ctx context.Context) error
}

const (
	// learnEvery is how often somebody looks whether it is time; far more often than it is, so that a server that is switched
	// off every night gets there too.
	learnEvery = 6 * time.Hour
	// learnTimeout is what training and measuring all analyzers may take.
	learnTimeout = 30 * time.Minute
)

type learn struct {
	river.WorkerDefaults[args.Learn]
	learner Learner
}

// Timeout implements river.Worker.
func (w *learn) Timeout(*river.Job[args.Learn]) time.Duration { return learnTimeout }

// Work learns, off any transaction.
func (w *learn) Work(ctx context.Context, _ *river.Job[args.Learn]) error {
	return verdict(w.learner.LearnDue(auth.With(ctx, auth.System("scheduler"))))
}

// learning adds the worker and its clock, if there is a learner.
func learning(workers *river.Workers, learner Learner) []*river.PeriodicJob {
	if learner == nil {
		return nil
	}
	river.AddWorker(workers, &learn{learner: learner})
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(learnEvery),
		func() (river.JobArgs, *river.InsertOpts) { return args.Learn{}, nil }, nil)}
}
