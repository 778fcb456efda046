package postgres

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
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
	// A guard waits this long before it tries again to start a server that ended, and twice as long each time after.
	firstPause, longestPause = 100 * time.Millisecond, 10 * time.Second
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

// Server is a use of a private Postgres. Several processes may use one; the last to stop ends it. While it is in use, a
// server that ends by itself is started anew.
type Server struct {
	launcher launcher
	users    *os.File
	adopted  bool

	// unguard ends the guard, which closes unguarded.
	unguard   context.CancelFunc
	unguarded chan struct{}

	mu      sync.Mutex
	current *process
	stopped bool
}

// Start starts the server of a folder, making its data where there is none, or joins the one that runs there already, such
// as one left by a killed process. It returns once the server answers and its database and roles exist.
func Start(ctx context.Context, options Options) (*Server, error) {
	l, err := newLauncher(options)
	if err != nil {
		return nil, err
	}
	transition, err := exclude(ctx, l.transitionLock())
	if err != nil {
		return nil, err
	}
	defer transition.Close()
	p, err := l.launch(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{launcher: l, current: p, adopted: p.adopted(), unguarded: make(chan struct{})}
	if s.users, err = share(filepath.Join(l.dir, "users.lock")); err == nil {
		err = p.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.end(context.WithoutCancel(ctx)))
	}
	l.Log.Info("postgres answers", "dir", l.dir, "pid", p.pid, "adopted", s.adopted)
	guarding, unguard := context.WithCancel(context.WithoutCancel(ctx))
	s.unguard = unguard
	go s.guard(guarding)
	return s, nil
}

// OwnerDSN connects as the role that owns the tables.
func (s *Server) OwnerDSN() string { return s.process().dsn(OwnerRole, databaseName) }

// AppDSN connects as AppRole.
func (s *Server) AppDSN() string { return s.process().dsn(AppRole, databaseName) }

// Binaries is the folder with the tools of the server's version.
func (s *Server) Binaries() string { return s.process().bin }

// PID is the process id of the server, for those that watch over it.
func (s *Server) PID() int { return s.process().pid }

// Adopted says that the server ran already when Start was called.
func (s *Server) Adopted() bool { return s.adopted }

func (s *Server) process() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// guard starts the server anew whenever it ends by itself. Its socket, and so its DSN, stays where it was.
func (s *Server) guard(ctx context.Context) {
	defer close(s.unguarded)
	log := s.launcher.Log
	for pause := firstPause; ; {
		if s.process().waitForExit(ctx) != nil {
			return
		}
		log.Error("postgres ended by itself; starting it anew", "dir", s.launcher.dir)
		p, err := s.launcher.relaunch(ctx)
		if err == nil {
			log.Info("postgres answers again", "pid", p.pid)
			s.mu.Lock()
			s.current = p
			s.mu.Unlock()
			pause = firstPause
			continue
		}
		log.Error("postgres does not start", "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
			pause = min(2*pause, longestPause)
		}
	}
}

// Stop gives the server up. If no other process uses it, it is shut down: open transactions are rolled back, what was
// committed is on disk when Stop returns. Stopping twice does nothing.
func (s *Server) Stop(ctx context.Context) error {
	s.unguard()
	<-s.unguarded
	transition, err := exclude(ctx, s.launcher.transitionLock())
	if err != nil {
		return err
	}
	defer transition.Close()
	return s.end(ctx)
}

// end must be called with the transition lock held, and without a guard.
func (s *Server) end(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	if s.users != nil {
		defer s.users.Close()
		if !alone(s.users) {
			return nil
		}
	}
	return s.current.stop(ctx)
}
