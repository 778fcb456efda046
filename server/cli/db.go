package cli

import (
	"context"
	"fmt"

	"github.com/fincokpi/finco/server"
)

type dbCmd struct {
	Migrate dbMigrateCmd `cmd:"" help:"Bring the database to this release's shape. The server does so at its start."`
	Backup  dbBackupCmd  `cmd:"" help:"Write a backup."`
	Restore dbRestoreCmd `cmd:"" help:"Read a backup into an empty database."`
}

type dbMigrateCmd struct{}

// Run migrates.
func (c *dbMigrateCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(context.Context, *server.Parts) error {
		_, _ = fmt.Fprintln(io.out, "The database is of this release.")
		return nil
	})
}

type dbBackupCmd struct {
	File string `arg:"" help:"Where to." type:"path"`
}

// Run backs up.
func (c *dbBackupCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		if err := parts.Backup(ctx, c.File); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(io.out, "Backed up to %s.\n", c.File)
		return nil
	})
}

type dbRestoreCmd struct {
	File string `arg:"" help:"Where from." type:"path"`
}

// Run restores.
func (c *dbRestoreCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	if err := server.Restore(ctx, *cfg, c.File, cfg.Logger()); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(io.out, "Restored from %s.\n", c.File)
	return nil
}
