package app

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"time"
)

const (
	// leadEvery is how often a process tries to lead, so how long nobody does after a leader died.
	leadEvery = time.Second
	// leadCheck is how often a leader looks whether it still leads, and leadAnswer how long it waits to hear so.
	leadCheck  = 2 * time.Second
	leadAnswer = 5 * time.Second
)

// Lead runs do in one process at a time of those that share the database: in the one that has the session lock of this name, on a
// connection that is used for nothing else. do's context ends when that connection is lost, because another process leads then; do
// must return soon after. When do returns, or leading was lost, it is tried again, until ctx ends. What do does must bear being
// done twice for the seconds in which a lost connection is not noticed yet.
func (a *App) Lead(ctx context.Context, name string, do func(ctx context.Context) error) error {
	waits := false
	for {
		switch err := a.tryLead(ctx, name, do); {
		case errors.Is(err, errAnotherLeads):
			if !waits {
				a.log.Info("another process leads; this one waits to take over", slog.String("what", name))
			}
			waits = true
		case err != nil && ctx.Err() == nil:
			a.log.Warn("leading ended", slog.String("what", name), slog.String("error", FaultOf(err)))
			waits = false
		default:
			waits = false
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(leadEvery):
		}
	}
}

var errAnotherLeads = errors.New("another process leads")

// Led tells whether any process leads under this name.
func (a *App) Led(ctx context.Context, name string) (bool, error) {
	var led bool
	err := a.db.QueryRowContext(ctx, `
SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (classid::bigint << 32 | objid::bigint) = hashtextextended('lead:' || $1, 0))`, name).Scan(&led)
	return led, err
}

// noticeLossSQL has the database notice within half a minute that the machine of a leader is gone, which says no farewell. It would
// take two hours by itself, for which the lock would be held and nobody would lead.
const noticeLossSQL = `SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4`

func (a *App) tryLead(ctx context.Context, name string, do func(ctx context.Context) error) error {
	conn, err := a.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer discard(conn)
	if _, err := conn.ExecContext(ctx, noticeLossSQL); err != nil {
		return err
	}
	var leads bool
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(hashtextextended('lead:' || $1, 0))`, name).Scan(&leads); err != nil {
		return err
	}
	if !leads {
		return errAnotherLeads
	}
	leading, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- do(leading) }()
	check := time.NewTicker(leadCheck)
	defer check.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-check.C:
			if err := stillLeads(ctx, conn); err != nil && ctx.Err() == nil {
				cancel()
				<-ended
				return err
			}
		}
	}
}

// stillLeads asks the connection that has the lock.
func stillLeads(ctx context.Context, conn *sql.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, leadAnswer)
	defer cancel()
	_, err := conn.ExecContext(ctx, `SELECT 1`)
	return err
}

// discard ends the connection and the lock with it; back in the pool it would go on leading.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = conn.Close()
}
