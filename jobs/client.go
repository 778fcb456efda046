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
	// Live and Bulk are how many jobs of each queue run at once.
	Live, Bulk int
}

// sweepEvery is how late a breach may show.
const sweepEvery = 15 * time.Second

// NewClient makes a River client that works all kinds. Start begins, Stop waits for what runs.
func NewClient(a *app.App, cfg Config) (*river.Client[*sql.Tx], error) {
	workers := river.NewWorkers()
	register(workers, a, cfg)
	return river.NewClient(pqdriver.New(cfg.DB, cfg.DSN), &river.Config{
		Queues: map[string]river.QueueConfig{
			args.QueueLive: {MaxWorkers: cfg.Live, FetchCooldown: 5 * time.Millisecond},
			args.QueueBulk: {MaxWorkers: cfg.Bulk, FetchCooldown: 10 * time.Millisecond},
		},
		Workers:              workers,
		FetchCooldown:        5 * time.Millisecond,
		FetchPollInterval:    time.Second,
		JobTimeout:           2 * time.Minute,
		RescueStuckJobsAfter: 5 * time.Minute,
		MaxAttempts:          5,
		Logger:               slog.New(warnings{cfg.Log.Handler()}), // what it says of itself every few seconds is no news
		ErrorHandler:         faultLog{cfg.Log},
		ReindexerIndexNames:  []string{}, // the role that serves owns no index
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(sweepEvery),
			func() (river.JobArgs, *river.InsertOpts) { return args.Sweep{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})},
	})
}

// warnings lets warnings and errors through.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
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
