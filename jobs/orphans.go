package jobs

import (
	"context"
	"database/sql"
	"hash/fnv"
	"log/slog"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/jobs/args"
)

// claim marks a worker process as alive: a lock of a session that ends with the process. River itself notices only after
// minutes that a worker died, and what waits for its jobs would wait as long.
type claim struct {
	db  *sql.DB
	id  string
	log *slog.Logger
}

const (
	// orphansEvery is how often a worker looks for jobs of dead ones.
	orphansEvery = 5 * time.Second
	// lockClass keeps these advisory locks apart from others'.
	lockClass = 0x66696e63
)

// keep holds the lock until the context ends, and returns the jobs of dead workers to the queue. A lock lost with its
// connection is taken again at once; should another worker be quicker, some jobs run twice, which every job may.
func (c claim) keep(ctx context.Context) {
	for ctx.Err() == nil {
		if err := c.hold(ctx); err != nil && ctx.Err() == nil {
			c.log.Warn("the worker's claim is interrupted", "room", "jobs", "error", err)
			wait(ctx, time.Second)
		}
	}
}

func (c claim) hold(ctx context.Context) error {
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1, $2)`, lockClass, key(c.id)); err != nil {
		return err
	}
	// The connection goes back to a pool: the lock must not go with it.
	defer func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1, $2)`, lockClass, key(c.id))
	}()
	for ctx.Err() == nil {
		if err := c.returnOrphans(ctx, conn); err != nil {
			return err
		}
		wait(ctx, orphansEvery)
	}
	return nil
}

// orphansSQL ends what has no attempt left, so that a job that kills its worker does not do so for ever, and makes the rest
// available again. An analysis and a file come again in any case: their workers put them aside where people see it.
const orphansSQL = `
UPDATE river_job SET
  state = CASE WHEN attempt >= max_attempts AND kind <> ALL($2) THEN 'discarded' ELSE 'available' END::river_job_state,
  finalized_at = CASE WHEN attempt >= max_attempts AND kind <> ALL($2) THEN now() END,
  scheduled_at = now()
WHERE state = 'running' AND attempted_by[array_length(attempted_by, 1)] = $1`

// returnOrphans takes the running jobs from workers whose lock is free. The attempt counts.
func (c claim) returnOrphans(ctx context.Context, conn *sql.Conn) error {
	owners, err := c.owners(ctx, conn)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if owner == c.id {
			continue
		}
		var free bool
		if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1, $2)`, lockClass, key(owner)).Scan(&free); err != nil {
			return err
		}
		if !free {
			continue
		}
		result, err := conn.ExecContext(ctx, orphansSQL, owner, pq.StringArray{args.AnalyzeMessages{}.Kind(), args.FetchFile{}.Kind()})
		if err == nil {
			n, _ := result.RowsAffected()
			c.log.Info("jobs of a dead worker are taken from it", "room", "jobs", "worker", owner, "jobs", n)
		}
		if _, unlock := conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1, $2)`, lockClass, key(owner)); unlock != nil {
			return unlock
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// owners are the workers that running jobs say they run on.
func (c claim) owners(ctx context.Context, conn *sql.Conn) ([]string, error) {
	rows, err := conn.QueryContext(ctx, `SELECT DISTINCT attempted_by[array_length(attempted_by, 1)] FROM river_job WHERE state = 'running'`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var owner sql.NullString
		if err := rows.Scan(&owner); err != nil {
			return nil, err
		}
		if owner.Valid {
			out = append(out, owner.String)
		}
	}
	return out, rows.Err()
}

func key(id string) int32 {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(id))
	return int32(sum.Sum32())
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
