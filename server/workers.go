package server

import (
	"context"
	"database/sql"
	"time"

	"github.com/riverqueue/river"

	"github.com/fincokpi/finco/ent/postgres"
	"github.com/fincokpi/finco/jobs"
)

// workers are the job client with its own pool.
type workers struct {
	client *river.Client[*sql.Tx]
	db     *sql.DB
}

const (
	liveWorkers = 12
	bulkWorkers = 3
	// stopWorkers is how long running jobs may take to finish at a shutdown before they are told to stop.
	stopWorkers = 20 * time.Second
)

func (p *Parts) startWorkers(ctx context.Context) (*workers, error) {
	db, err := postgres.Open(p.dsn, postgres.WithConnections(8))
	if err != nil {
		return nil, err
	}
	client, err := jobs.NewClient(p.App, jobs.Config{DB: db, DSN: p.dsn, Log: p.Log, Live: liveWorkers, Bulk: bulkWorkers})
	if err == nil {
		err = client.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &workers{client: client, db: db}, nil
}

// stop lets running jobs finish; those that do not in time are told to, and come again later.
func (w *workers) stop(ctx context.Context) error {
	soft, cancel := context.WithTimeout(ctx, stopWorkers)
	defer cancel()
	err := w.client.Stop(soft)
	if err != nil {
		err = w.client.StopAndCancel(ctx)
	}
	_ = w.db.Close()
	return err
}
