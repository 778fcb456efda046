package server

import (
	"context"
	"errors"
	"log/slog"

	"github.com/fincokpi/finco/ent/postgres"
)

// Backup writes the whole database into a file.
func (p *Parts) Backup(ctx context.Context, file string) error {
	return postgres.Backup(ctx, p.owner, p.binaries(), file)
}

// binaries is where the tools of the private server are; empty: wherever the machine has them.
func (p *Parts) binaries() string {
	if p.private == nil {
		return ""
	}
	return p.private.Binaries()
}

// Restore reads a backup into an empty database and brings it to this release's shape.
func Restore(ctx context.Context, cfg Config, file string, log *slog.Logger) error {
	p := &Parts{cfg: cfg, Log: log, metrics: newMetrics()}
	err := p.database(ctx)
	if err == nil {
		err = postgres.Restore(ctx, p.owner, p.binaries(), file, log)
	}
	return errors.Join(err, p.Close(context.WithoutCancel(ctx)))
}
