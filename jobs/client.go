package jobs

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/jobs/args"
	"github.com/fincokpi/finco/jobs/pqdriver"
)

// Config is what the workers stand on. DB is a pool of their own: fetching must not wait behind queries.
type Config struct {
	DB  *sql.DB
	DSN string
	Log *slog.Logger
	// Live, Bulk and Speech are how many jobs of each queue run at once.
	Live, Bulk, Speech int
	// Files is how many files are fetched from Telegram at once; 0: other workers do, who can.
	Files int
	// Learner learns from feedback; nil: these workers don't.
	Learner Learner
}

// sweepEvery is how late a breach may show.
const sweepEvery = 15 * time.Second

// rescueAfter is when a running job is taken for lost, though its worker lives. One whose timeout is longer has that long.
const rescueAfter = 5 * time.Minute

func (cfg Config) queues() map[string]river.QueueConfig {
	queues := map[string]river.QueueConfig{
		args.QueueLive:   {MaxWorkers: cfg.Live, FetchCooldown: 5 * time.Millisecond},
		args.QueueBulk:   {MaxWorkers: cfg.Bulk, FetchCooldown: 10 * time.Millisecond},
		args.QueueSpeech: {MaxWorkers: max(cfg.Speech, 1)},
	}
	if cfg.Files > 0 {
		queues[args.QueueFiles] = river.QueueConfig{MaxWorkers: cfg.Files}
	}
	return queues
}

// Workers is a running River client.
type Workers struct {
	client *river.Client[*sql.Tx]
	ended  context.CancelFunc
	claim  chan struct{}
}

// Start works all kinds of jobs until Stop.
func Start(ctx context.Context, a *app.App, cfg Config) (*Workers, error) {
	workers := river.NewWorkers()
	register(workers, a, cfg)
	client, err := river.NewClient(pqdriver.New(cfg.DB, cfg.DSN), &river.Config{
		Queues:               cfg.queues(),
		Workers:              workers,
		FetchCooldown:        5 * time.Millisecond,
		FetchPollInterval:    time.Second,
		JobTimeout:           2 * time.Minute,
		RescueStuckJobsAfter: rescueAfter,
		MaxAttempts:          5,
		Logger:               slog.New(warnings{cfg.Log.Handler()}), // what it says of itself every few seconds is no news
		ErrorHandler:         faultLog{cfg.Log},
		ReindexerIndexNames:  []string{}, // the role that serves owns no index
		PeriodicJobs: append(learning(workers, cfg.Learner), tidying(), river.NewPeriodicJob(river.PeriodicInterval(sweepEvery),
			func() (river.JobArgs, *river.InsertOpts) { return args.Sweep{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})),
	})
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(ctx)
	w := &Workers{client: client, ended: end, claim: make(chan struct{})}
	go func() {
		defer close(w.claim)
		claim{db: cfg.DB, id: client.ID(), log: cfg.Log}.keep(ctx)
	}()
	return w, nil
}

// stopWithin is how long running jobs may take to finish before they are told to stop and come again later.
const stopWithin = 20 * time.Second

// Stop fetches no more jobs and waits for those that run.
func (w *Workers) Stop(ctx context.Context) error {
	soft, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	err := w.client.Stop(soft)
	if err != nil {
		err = w.client.StopAndCancel(ctx)
	}
	w.ended()
	<-w.claim
	return err
}

// warnings lets warnings and errors through.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler. That something was told to stop is no fault.
func (w warnings) Handle(ctx context.Context, record slog.Record) error {
	stopped := false
	record.Attrs(func(a slog.Attr) bool {
		stopped = a.Key == "error" && a.Value.String() == context.Canceled.Error()
		return !stopped
	})
	if stopped {
		return nil
	}
	return w.Handler.Handle(ctx, record)
}

// faultLog logs each failed try once, without its arguments.
type faultLog struct{ log *slog.Logger }

// HandleError implements river.ErrorHandler.
func (f faultLog) HandleError(_ context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	f.log.Warn("job failed", "room", "jobs", "job", job.ID, "kind", job.Kind, "attempt", job.Attempt, "error", err)
	return nil
}

// HandlePanic implements river.ErrorHandler.
func (f faultLog) HandlePanic(_ context.Context, job *rivertype.JobRow, _ any, trace string) *river.ErrorHandlerResult {
	f.log.Error("job panicked", "room", "jobs", "job", job.ID, "kind", job.Kind, "attempt", job.Attempt, "trace", trace)
	return nil
}
