package jobs

import (
	"context"
	"encoding/json"
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

// Work judges the batch. Its last failure puts the batch aside, visibly, and ends the job. What is away comes back: waiting
// for it spends no attempt.
func (w *analyzeMessages) Work(ctx context.Context, job *river.Job[args.AnalyzeMessages]) error {
	ctx = auth.With(ctx, auth.System("analyzer"))
	if job.Attempt > job.MaxAttempts { // the last attempt took its worker along
		return w.giveUp(ctx, job, domain.Errorf(domain.KindInternal, "the worker died of it"))
	}
	err := w.app.AnalyzeMessages(ctx, job.Args.Analyzer, job.Args.ContentIDs)
	if err == nil {
		return nil
	}
	if domain.KindOf(err) == domain.KindUnavailable {
		return river.JobSnooze(snooze(job.Metadata))
	}
	hopeless := domain.KindOf(err) == domain.KindInvalid
	if hopeless || job.Attempt >= job.MaxAttempts {
		return w.giveUp(ctx, job, err)
	}
	return verdict(err)
}

func (w *analyzeMessages) giveUp(ctx context.Context, job *river.Job[args.AnalyzeMessages], err error) error {
	w.log.Error("analysis put aside", "room", "jobs", "job", job.ID, "analyzer", job.Args.Analyzer, "messages", len(job.Args.ContentIDs), "error", err)
	if aside := w.app.GiveUpAnalysis(ctx, job.Args.Analyzer, job.Args.ContentIDs, err); aside != nil {
		return errors.Join(err, aside)
	}
	return river.JobCancel(err)
}

// maxSnooze is how late an analyzer's return is noticed after a long outage.
const maxSnooze = 30 * time.Second

// snooze is how long to wait for an analyzer that is away: a second at first, for a restart is quick, then ever longer.
func snooze(metadata []byte) time.Duration {
	var past struct {
		Snoozes int `json:"snoozes"`
	}
	if json.Unmarshal(metadata, &past) != nil {
		return maxSnooze
	}
	return min(maxSnooze, time.Second<<min(max(past.Snoozes, 0), 5))
}

// NextRetry keeps live work near live: seconds at first, a minute at the fourth try.
func (*analyzeMessages) NextRetry(job *river.Job[args.AnalyzeMessages]) time.Time {
	return time.Now().Add(time.Duration(job.Attempt*job.Attempt*4) * time.Second)
}
