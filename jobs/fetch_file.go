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

const (
	// fetchTimeout is for 20 MiB over a bad line, or 1 GiB from a Bot API server nearby.
	fetchTimeout = 10 * time.Minute
	// fetchWait is how late the return of a server is noticed after a long outage.
	fetchWait = 30 * time.Minute
	// fetchFor is how long what is away is waited for.
	fetchFor = 7 * 24 * time.Hour
)

type fetchFile struct {
	river.WorkerDefaults[args.FetchFile]
	app *app.App
	log *slog.Logger
}

// Timeout implements river.Worker.
func (*fetchFile) Timeout(*river.Job[args.FetchFile]) time.Duration { return fetchTimeout }

// Work fetches the file. What is away comes back (Telegram, the network, the store): waiting for it spends no attempt, within a week. What
// Telegram does not find is tried some more times, because it says the same of what is away for a moment, and then is missing, visibly.
func (w *fetchFile) Work(ctx context.Context, job *river.Job[args.FetchFile]) error {
	ctx = auth.With(ctx, auth.System("intake"))
	if job.Attempt > job.MaxAttempts { // the last attempt took its worker along
		return w.giveUp(ctx, job, domain.Errorf(domain.KindInternal, "the worker died of it"))
	}
	err := w.app.FetchFile(ctx, job.Args.AttachmentID)
	switch {
	case err == nil:
		return nil
	case hopeless(err), domain.KindOf(err) == domain.KindNotFound && job.Attempt >= job.MaxAttempts, time.Since(job.CreatedAt) > fetchFor:
		return w.giveUp(ctx, job, err)
	case domain.KindOf(err) == domain.KindNotFound:
		return err
	}
	wait := patience(job.Metadata)
	if later := (*app.Later)(nil); errors.As(err, &later) {
		wait = max(wait, later.After)
	}
	w.log.Warn("a file is fetched later", "room", "jobs", "attachment", job.Args.AttachmentID, "in", wait, "error", err)
	return river.JobSnooze(wait)
}

// hopeless tells what no later try can change.
func hopeless(err error) bool {
	kind := domain.KindOf(err)
	return kind == domain.KindDenied || kind == domain.KindInvalid || kind == domain.KindUnauthenticated
}

func (w *fetchFile) giveUp(ctx context.Context, job *river.Job[args.FetchFile], err error) error {
	w.log.Error("a file is given up; finco files retry has it tried again", "room", "jobs", "attachment", job.Args.AttachmentID, "error", err)
	if ending := w.app.GiveUpFile(ctx, job.Args.AttachmentID); ending != nil {
		return errors.Join(err, ending)
	}
	return river.JobCancel(err)
}

// patience is how long to wait for what is away: two seconds at first, then ever longer.
func patience(metadata []byte) time.Duration {
	var past struct {
		Snoozes int `json:"snoozes"`
	}
	if json.Unmarshal(metadata, &past) != nil {
		return fetchWait
	}
	return min(fetchWait, 2*time.Second<<min(max(past.Snoozes, 0), 10))
}

// NextRetry leaves what Telegram does not find some hours, in eight tries.
func (*fetchFile) NextRetry(job *river.Job[args.FetchFile]) time.Time {
	return time.Now().Add(2 * time.Second << min(2*max(job.Attempt-1, 0), 12))
}

type tidyFiles struct {
	river.WorkerDefaults[args.TidyFiles]
	app *app.App
	log *slog.Logger
}

const (
	// tidyEvery is how much longer than they should be files are kept.
	tidyEvery = 6 * time.Hour
	// tidyTimeout is for a store of a million files.
	tidyTimeout = 30 * time.Minute
)

// Timeout implements river.Worker.
func (*tidyFiles) Timeout(*river.Job[args.TidyFiles]) time.Duration { return tidyTimeout }

// Work tidies the store of files.
func (w *tidyFiles) Work(ctx context.Context, _ *river.Job[args.TidyFiles]) error {
	done, err := w.app.TidyFiles(auth.With(ctx, auth.System("intake")))
	if done != (app.Tidied{}) {
		w.log.Info("files are tidied", "room", "jobs", "expired", done.Expired, "removed", done.Removed, "queued again", done.Queued)
	}
	return verdict(err)
}

// tidying is when the store is tidied.
func tidying() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(tidyEvery),
		func() (river.JobArgs, *river.InsertOpts) { return args.TidyFiles{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})
}
