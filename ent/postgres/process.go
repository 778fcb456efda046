package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"syscall"
	"time"

	"github.com/fincokpi/finco/domain"
)

// process is one running Postgres.
type process struct {
	pid         int
	socket, bin string
	exited      chan struct{} // closed when our child ended; nil when the server was adopted
}

func (p *process) adopted() bool { return p.exited == nil }

func (p *process) dsn(role, database string) string {
	values := url.Values{"host": {p.socket}, "port": {"5432"}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: values.Encode()}).String()
}

// stop rolls back what is open and shuts down.
func (p *process) stop(ctx context.Context) error {
	if p.gone() {
		return nil
	}
	if err := syscall.Kill(p.pid, syscall.SIGINT); err != nil {
		if errors.Is(err, syscall.ESRCH) {
			return nil
		}
		return err
	}
	return p.waitForExit(ctx)
}

func (p *process) gone() bool {
	if p.adopted() {
		return !alive(p.pid)
	}
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

func (p *process) waitForExit(ctx context.Context) error {
	var poll <-chan time.Time
	if p.adopted() { // not our child: the system does not tell
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		poll = tick.C
	}
	for {
		select {
		case <-p.exited:
			return nil
		case <-ctx.Done():
			return domain.Errorf(domain.KindUnavailable, "Postgres (process %d) did not stop in time: %w.", p.pid, ctx.Err())
		case <-poll:
			if p.gone() {
				return nil
			}
		}
	}
}

// prepare makes the database and the role of the application.
func (p *process) prepare(ctx context.Context) error {
	db, err := Open(p.dsn(OwnerRole, "postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	var exists bool
	if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, databaseName).Scan(&exists); err != nil {
		return fmt.Errorf("looking for the database: %w", err)
	}
	if !exists {
		if _, err := db.ExecContext(ctx, `CREATE DATABASE `+databaseName); err != nil {
			return fmt.Errorf("creating the database: %w", err)
		}
	}
	_, err = ensureAppRole(ctx, db)
	return err
}

// ping waits until the server answers, ends, or ctx does.
func (p *process) ping(ctx context.Context, logged func() string) error {
	db, err := sql.Open("postgres", p.dsn(OwnerRole, "postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return domain.Errorf(domain.KindUnavailable, "Postgres did not answer in time (%v): %s", err, logged())
		case <-tick.C:
			if p.gone() {
				return domain.Errorf(domain.KindUnavailable, "Postgres ended while it started: %s", logged())
			}
		}
	}
}
