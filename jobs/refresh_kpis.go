package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/jobs/args"
)

type refreshKPIs struct {
	river.WorkerDefaults[args.RefreshKPIs]
	app *app.App
}

// Work computes the KPIs of everybody whose facts changed.
func (w *refreshKPIs) Work(ctx context.Context, _ *river.Job[args.RefreshKPIs]) error {
	_, err := w.app.RefreshKpis(auth.With(ctx, auth.System("scheduler")))
	return verdict(err)
}
