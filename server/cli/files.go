package cli

import (
	"context"
	"fmt"

	"github.com/fincokpi/finco/server"
)

type filesCmd struct {
	Status filesStatusCmd `cmd:"" help:"Say where voice and video notes are kept, whether it answers, and how many are stored, on their way, and not to be had."`
	Retry  filesRetryCmd  `cmd:"" help:"Fetch again from Telegram what could not be fetched."`
}

type filesStatusCmd struct{}

// Run counts, and asks the store: that it does not answer fails the command, after the rest is printed.
func (c *filesStatusCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		counts, err := parts.App.FileCounts(ctx)
		if err != nil {
			return err
		}
		for _, line := range []struct{ state, says string }{
			{"STORED", "stored"}, {"PENDING", "to be fetched from Telegram"}, {"MISSING", "could not be fetched"},
			{"TOO_BIG", "too big for bots"}, {"REMOVED", "kept long enough and removed"},
		} {
			_, _ = fmt.Fprintf(io.out, "%8d %s\n", counts[line.state], line.says)
		}
		kept := parts.FilesStatus(ctx)
		_, _ = fmt.Fprintf(io.out, "kept in  %s\n", kept.Where)
		if kept.Fault == nil {
			_, _ = fmt.Fprintln(io.out, "which is in order")
		}
		return kept.Fault
	})
}

type filesRetryCmd struct {
	All bool `help:"Also what was too big, as after moving to a Bot API server of your own."`
}

// Run has files fetched again by the workers.
func (c *filesRetryCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		n, err := parts.App.RetryFiles(ctx, c.All)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(io.out, "%d files are fetched again.\n", n)
		return nil
	})
}
