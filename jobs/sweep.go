package jobs

import (
	"context"
	"errors"

	"github.com/riverqueue/river"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/jobs/args"
)

type sweep struct {
	river.WorkerDefaults[args.Sweep]
	app *app.App
}

// Work does what only time brings about: people who join another team or leave, waits that pass their target, judgements that pass the pay gate or fall below it, and
// marks for fresh KPIs that came in while a refresh ran.
func (w *sweep) Work(ctx context.Context, _ *river.Job[args.Sweep]) error {
	ctx = auth.With(ctx, auth.System("scheduler"))
	if there, err := w.app.HasCompany(ctx); err != nil || !there {
		return verdict(err)
	}
	_, day := w.app.BeginDay(ctx)
	_, breached := w.app.BreachWaits(ctx)
	_, gated := w.app.RefreshReplyGate(ctx)
	_, refreshed := w.app.RefreshKpis(ctx)
	return verdict(errors.Join(day, breached, gated, refreshed))
}

// register adds every worker of the project.
func register(workers *river.Workers, a *app.App, cfg Config) {
	river.AddWorker(workers, &analyzeMessages{app: a, log: cfg.Log})
	river.AddWorker(workers, &fetchFile{app: a, log: cfg.Log})
	river.AddWorker(workers, &refreshKPIs{app: a})
	river.AddWorker(workers, &resettle{app: a})
	river.AddWorker(workers, &sweep{app: a})
	river.AddWorker(workers, &tidyFiles{app: a, log: cfg.Log})
}
