package app

import (
	"context"
	"slices"
	"time"

	"github.com/fincokpi/finco/jobs/args"
)

// QueueLoad is how many jobs of a kind in a queue are in a state, and how old the oldest is.
type QueueLoad struct {
	Queue, Kind, State string // analyses in shadow are a kind of their own: nobody waits for them
	Jobs               int
	Oldest             time.Duration
}

// Load is what waits to be done.
type Load struct {
	Queues []QueueLoad
	// Waits are the unanswered customers by state, Failures the messages put aside by analyzer.
	Waits, Failures map[string]int
}

// inShadow is added to the kind of jobs that count nowhere.
const inShadow = "_in_shadow"

// Load counts what waits to be done, for metrics and for those who wait for an import.
func (a *App) Load(ctx context.Context) (Load, error) {
	out := Load{Waits: map[string]int{"OPEN": 0, "BREACHED": 0}, Failures: map[string]int{}}
	if _, err := permit(ctx, "wait", "read"); err != nil {
		return out, err
	}
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		err := t.each(ctx, `SELECT queue, kind || CASE WHEN args ? 'version' THEN '`+inShadow+`' ELSE '' END, state::text, count(*), EXTRACT(epoch FROM $1 - min(created_at))::float8 FROM river_job
  WHERE state IN ('available', 'pending', 'running', 'retryable', 'scheduled') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, []any{t.at}, func(scan scanner) error {
			var q QueueLoad
			var oldest float64
			err := scan(&q.Queue, &q.Kind, &q.State, &q.Jobs, &oldest)
			q.Oldest = time.Duration(oldest * float64(time.Second))
			out.Queues = append(out.Queues, q)
			return err
		})
		if err != nil {
			return err
		}
		count := func(into map[string]int) func(scanner) error {
			return func(scan scanner) error {
				var key string
				var n int
				err := scan(&key, &n)
				into[key] = n
				return err
			}
		}
		if err := t.each(ctx, `SELECT state, count(*) FROM waits WHERE closes_with_id IS NULL AND state IN ('OPEN', 'BREACHED') GROUP BY 1`, nil, count(out.Waits)); err != nil {
			return err
		}
		return t.each(ctx, `SELECT analyzer, count(*) FROM analysis_failures GROUP BY 1`, nil, count(out.Failures))
	})
	return out, err
}

// Judging is how many analysis jobs wait or run.
func (l Load) Judging() int { return l.Jobs(args.AnalyzeMessages{}.Kind()) }

// Jobs is how many jobs of a kind wait or run, in some states or, without any, in all.
func (l Load) Jobs(kind string, states ...string) int {
	n := 0
	for _, q := range l.Queues {
		if q.Kind == kind && (len(states) == 0 || slices.Contains(states, q.State)) {
			n += q.Jobs
		}
	}
	return n
}
