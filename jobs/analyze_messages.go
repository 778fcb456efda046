package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/jobs/args"
)

// analyzeTimeout is far above what a batch takes and far below River's rescue.
const analyzeTimeout = time.Minute

type analyzeMessages struct {
	river.WorkerDefaults[args.AnalyzeMessages]
	app *app.App
	log *slog.Logger
}

// Timeout implements river.Worker.
func (*analyzeMessages) Timeout(*river.Job[args.AnalyzeMessages]) time.Duration {
	return analyzeTimeout
}

// Work judges the batch. Its last failure puts the batch aside, visibly, and ends the job.
func (w *analyzeMessages) Work(ctx context.Context, job *river.Job[args.AnalyzeMessages]) error {
	ctx = auth.With(ctx, auth.System("analyzer"))
	err := w.app.AnalyzeMessages(ctx, job.Args.Analyzer, job.Args.ContentIDs)
	if err == nil {
		return nil
	}
	hopeless := domain.KindOf(err) == domain.KindInvalid
	if hopeless || job.Attempt >= job.MaxAttempts {
		w.log.Error("analysis put aside", "room", "jobs", "job", job.ID, "analyzer", job.Args.Analyzer, "messages", len(job.Args.ContentIDs), "error", err)
		if aside := w.app.GiveUpAnalysis(ctx, job.Args.Analyzer, job.Args.ContentIDs, err); aside != nil {
			return errors.Join(err, aside)
		}
		return river.JobCancel(err)
	}
	return verdict(err)
}

// NextRetry keeps live work near live: seconds at first, a minute at the fourth try.
func (*analyzeMessages) NextRetry(job *river.Job[args.AnalyzeMessages]) time.Time {
	return time.Now().Add(time.Duration(job.Attempt*job.Attempt*4) * time.Second)
}
