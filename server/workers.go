package server

import (
	"context"
	"database/sql"

	"github.com/fincokpi/finco/ent/postgres"
	"github.com/fincokpi/finco/jobs"
)

// workers work the jobs on a pool of their own.
type workers struct {
	jobs *jobs.Workers
	db   *sql.DB
}

const (
	liveWorkers = 12
	bulkWorkers = 3
	// One recording at a time: each engine uses as many cores as it likes.
	speechWorkers = 1
	workersPool   = 10
)

func (p *Parts) startWorkers(ctx context.Context) (*workers, error) {
	db, err := postgres.Open(p.dsn, postgres.WithConnections(workersPool))
	if err != nil {
		return nil, err
	}
	running, err := jobs.Start(ctx, p.App, jobs.Config{DB: db, DSN: p.dsn, Log: p.Log, Live: liveWorkers, Bulk: bulkWorkers, Speech: speechWorkers, Files: p.fileWorkers(), Learner: p})
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &workers{jobs: running, db: db}, nil
}

func (w *workers) stop(ctx context.Context) error {
	err := w.jobs.Stop(ctx)
	_ = w.db.Close()
	return err
}
