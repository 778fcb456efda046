package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/jobs/args"
)

type resettle struct {
	river.WorkerDefaults[args.Resettle]
	app *app.App
}

// Work settles a step of chats.
func (w *resettle) Work(ctx context.Context, job *river.Job[args.Resettle]) error {
	_, err := w.app.ResettleChats(auth.With(ctx, auth.System("scheduler")), job.Args.Since, job.Args.AfterChat)
	return verdict(err)
}
