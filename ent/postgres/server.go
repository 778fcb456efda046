package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/fincokpi/finco/domain"
)

const (
	// OwnerRole is the superuser of a private server: it migrates, backs up and restores.
	OwnerRole = "finco_owner"
	// AppRole is what the server of the application connects as. It owns nothing.
	AppRole = "finco_app"
	// databaseName is the one database of a private server.
	databaseName = "finco"
	// socketName is what Postgres adds to the folder of its socket.
	socketName = "/.s.PGSQL.5432"
	// longestSocket leaves room below the 104 bytes that the narrowest system allows.
	longestSocket = 100
	// largestLog is the size in bytes above which a start begins a new server log; one older is kept.
	largestLog = 8 << 20
)

// Options say where and how a private server runs.
type Options struct {
	// Dir belongs to the server alone: its data, log, locks and, where the path is short enough, its socket.
	Dir string
	// NoSync gives up durability for speed. For tests only.
	NoSync bool
	// Binaries is a folder with initdb and postgres; empty: PATH, then /usr/lib/postgresql, then a fetched copy.
	Binaries string
	// Settings are further server settings such as max_connections.
	Settings map[string]string
	// Log may be nil.
	Log *slog.Logger
}

// Server is a use of a private Postgres. Several processes may use one; the last to stop ends it.
type Server struct {
	dir     string
	socket  string
	bin     string
	pid     int
	adopted bool
	exited  chan struct{} // closed when our child ended; nil when the server was adopted
	users   *os.File

	mu      sync.Mutex
	stopped bool
}

// Start starts the server of a folder, making its data where there is none, or joins the one that runs there already, such
// as one left by a killed process. It returns once the server answers and its database and roles exist.
func Start(ctx context.Context, options Options) (*Server, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	if err := account.own(dir); err != nil {
		return nil, err
	}
	if err := account.reach(dir); err != nil {
		return nil, err
	}
	transition, err := exclude(ctx, filepath.Join(dir, "start.lock"))
	if err != nil {
		return nil, err
	}
	defer transition.Close()
	l := launcher{Options: options, dir: dir, data: filepath.Join(dir, "data"), account: account}
	s, err := l.launch(ctx)
	if err != nil {
		return nil, err
	}
	if s.users, err = share(filepath.Join(dir, "users.lock")); err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.end(context.WithoutCancel(ctx)))
	}
	options.Log.Info("postgres answers", "dir", dir, "pid", s.pid, "adopted", s.adopted)
	return s, nil
}

// OwnerDSN connects as the role that owns the tables.
func (s *Server) OwnerDSN() string { return s.dsn(OwnerRole, databaseName) }

// AppDSN connects as AppRole.
func (s *Server) AppDSN() string { return s.dsn(AppRole, databaseName) }

// Binaries is the folder with the tools of the server's version.
func (s *Server) Binaries() string { return s.bin }

// PID is the process id of the server, for those that watch over it.
func (s *Server) PID() int { return s.pid }

// Adopted says that the server ran already when Start was called.
func (s *Server) Adopted() bool { return s.adopted }

func (s *Server) dsn(role, database string) string {
	values := url.Values{"host": {s.socket}, "port": {"5432"}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: values.Encode()}).String()
}

// Stop gives the server up. If no other process uses it, it is shut down: open transactions are rolled back, what was
// committed is on disk when Stop returns. Stopping twice does nothing.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	transition, err := exclude(ctx, filepath.Join(s.dir, "start.lock"))
	if err != nil {
		return err
	}
	defer transition.Close()
	return s.end(ctx)
}

// end must be called with the transition lock held.
func (s *Server) end(ctx context.Context) error {
	s.stopped = true
	if s.users != nil {
		defer s.users.Close()
		if !alone(s.users) {
			return nil
		}
	}
	if err := syscall.Kill(s.pid, syscall.SIGINT); err != nil {
		if errors.Is(err, syscall.ESRCH) {
			return nil
		}
		return err
	}
	return s.waitForExit(ctx)
}

func (s *Server) waitForExit(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.exited: // never, when adopted
			return nil
		case <-ctx.Done():
			return domain.Errorf(domain.KindUnavailable, "Postgres (process %d) did not stop in time: %w.", s.pid, ctx.Err())
		case <-tick.C:
			if s.exited == nil && !alive(s.pid) {
				return nil
			}
		}
	}
}

// prepare makes the database and the role of the application.
func (s *Server) prepare(ctx context.Context) error {
	db, err := Open(s.dsn(OwnerRole, "postgres"))
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

// ping waits until the server answers, our child ends or ctx does.
func (s *Server) ping(ctx context.Context, logged func() string) error {
	db, err := sql.Open("postgres", s.dsn(OwnerRole, "postgres"))
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
		case <-s.exited:
			return domain.Errorf(domain.KindUnavailable, "Postgres ended while it started: %s", logged())
		case <-ctx.Done():
			return domain.Errorf(domain.KindUnavailable, "Postgres did not answer in time (%v): %s", err, logged())
		case <-tick.C:
			if s.exited == nil && !alive(s.pid) {
				return domain.Errorf(domain.KindUnavailable, "Postgres ended while it was joined: %s", logged())
			}
		}
	}
}
