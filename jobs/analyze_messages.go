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

// listenTimeout is for an hour of speech on a slow engine.
const listenTimeout = 15 * time.Minute

type analyzeMessages struct {
	river.WorkerDefaults[args.AnalyzeMessages]
	app *app.App
	log *slog.Logger
}

// Timeout implements river.Worker.
func (*analyzeMessages) Timeout(job *river.Job[args.AnalyzeMessages]) time.Duration {
	if job.Queue == args.QueueSpeech {
		return listenTimeout
	}
	return analyzeTimeout
}

// Work judges the batch. Its last failure puts the batch aside, visibly, and ends the job. What is away comes back: waiting
// for it spends no attempt.
func (w *analyzeMessages) Work(ctx context.Context, job *river.Job[args.AnalyzeMessages]) error {
	ctx = auth.With(ctx, auth.System("analyzer"))
	if job.Attempt > job.MaxAttempts { // the last attempt took its worker along
		return w.giveUp(ctx, job, domain.Errorf(domain.KindInternal, "the worker died of it"))
	}
	began := time.Now()
	err := w.app.AnalyzeMessages(ctx, job.Args)
	if err == nil {
		return nil
	}
	if domain.KindOf(err) == domain.KindUnavailable && (job.Queue != args.QueueSpeech || time.Since(began) < away) {
		if wait, goesOn := snooze(job.Metadata); goesOn {
			return river.JobSnooze(wait)
		}
		return w.giveUp(ctx, job, err)
	}
	hopeless := domain.KindOf(err) == domain.KindInvalid
	if hopeless || job.Attempt >= job.MaxAttempts {
		return w.giveUp(ctx, job, err)
	}
	return verdict(err)
}

func (w *analyzeMessages) giveUp(ctx context.Context, job *river.Job[args.AnalyzeMessages], err error) error {
	w.log.Error("analysis put aside", "room", "jobs", "job", job.ID, "analyzer", job.Args.Analyzer, "version", job.Args.Version, "messages", len(job.Args.ContentIDs), "error", err)
	if aside := w.app.GiveUpAnalysis(ctx, job.Args, err); aside != nil {
		return errors.Join(err, aside)
	}
	return river.JobCancel(err)
}

// away is how soon a listener that is away says so. One that worked for longer and then failed is not away: it would keep the
// other notes waiting for ever.
const away = time.Minute

const (
	// maxSnooze is how late an analyzer's return is noticed after a long outage.
	maxSnooze = 30 * time.Second
	// maxSnoozes is a day: then the batch is put aside, and tried again when the analyzer starts the next time.
	maxSnoozes = int(24 * time.Hour / maxSnooze)
)

// snooze is how long to wait for an analyzer that is away: a second at first, for a restart is quick, then ever longer; false
// once it was long enough.
func snooze(metadata []byte) (wait time.Duration, goesOn bool) {
	var past struct {
		Snoozes int `json:"snoozes"`
	}
	if json.Unmarshal(metadata, &past) != nil {
		return maxSnooze, true
	}
	return min(maxSnooze, time.Second<<min(max(past.Snoozes, 0), 5)), past.Snoozes < maxSnoozes
}

// NextRetry keeps live work near live: seconds at first, a minute at the fourth try.
func (*analyzeMessages) NextRetry(job *river.Job[args.AnalyzeMessages]) time.Time {
	return time.Now().Add(time.Duration(job.Attempt*job.Attempt*4) * time.Second)
}
