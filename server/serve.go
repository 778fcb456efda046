package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// ServeOptions say what a process does.
type ServeOptions struct {
	// API answers HTTP, Worker runs jobs, Bot reads and sends in Telegram, in one process at a time.
	API, Worker, Bot bool
	// Demo fills an empty database with the demo company and lets its customers go on writing.
	Demo bool
	// Ready, if not nil, is told the address once HTTP answers.
	Ready func(address string)
}

// Serve runs until the context ends, then shuts down in the order that loses nothing: not ready, bot, drain, sockets, workers,
// analyzers, pools.
func Serve(ctx context.Context, cfg Config, opts ServeOptions, log *slog.Logger) (err error) {
	parts, err := Open(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, parts.Close(context.WithoutCancel(ctx))) }()
	s := &serving{Parts: parts, opts: opts}
	s.streams, s.endStreams = context.WithCancel(context.WithoutCancel(ctx))
	defer s.endStreams()
	if err := s.checkFiles(ctx); err != nil {
		return err
	}
	if opts.API {
		if err := s.listen(); err != nil {
			return err
		}
	}
	return s.run(ctx)
}

// serving is a running process.
type serving struct {
	*Parts
	opts     ServeOptions
	http     *http.Server
	listener net.Listener
	workers  *workers
	demo     demoState
	stopBot  func()

	events   atomic.Bool // the database delivers them
	working  atomic.Bool // the workers run
	draining atomic.Bool
	stored   atomic.Value // a string: how the store of files is

	streams    context.Context // of sockets and server-sent events, which end only when they are told to
	endStreams context.CancelFunc
}

const (
	// drain is how long a load balancer has to notice that this process is not ready any more.
	drain = 500 * time.Millisecond
	// stopRequests is how long running requests may take to finish.
	stopRequests = 10 * time.Second
)

func (s *serving) listen() error {
	listener, err := net.Listen("tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("the address %s cannot be used, set FINCO_ADDR to another: %w", s.cfg.Addr, err)
	}
	s.listener = listener
	return nil
}

func (s *serving) run(ctx context.Context) error {
	// What runs beneath ends after the requests and jobs above it, not with the first signal.
	beneath, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	failed := make(chan error, 4)
	go func() {
		if err := s.App.Listen(beneath, s.dsn, s.events.Store); err != nil {
			failed <- fmt.Errorf("events: %w", err)
		}
	}()
	if s.opts.API {
		s.startHTTP(beneath, failed)
	}
	go s.watchFiles(beneath)
	s.stopBot = s.startBot(ctx, failed)
	if s.opts.API || s.opts.Worker { // a bot alone judges nothing
		if err := s.startAnalyzers(ctx); err != nil {
			return errors.Join(err, s.shutdown(ctx, stop))
		}
		defer s.followAnalyzers(ctx)()
	}
	if s.opts.Worker {
		var err error
		if s.workers, err = s.startWorkers(ctx); err != nil {
			return errors.Join(err, s.shutdown(ctx, stop))
		}
		s.working.Store(true)
	}
	if s.opts.Demo {
		go s.runDemo(ctx)
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	return errors.Join(err, s.shutdown(ctx, stop))
}

func (s *serving) startHTTP(beneath context.Context, failed chan<- error) {
	s.metrics.registry.MustRegister(gauges{s.Parts})
	s.http = &http.Server{
		Handler: s.routes(), BaseContext: func(net.Listener) context.Context { return beneath },
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}
	go func() {
		if err := s.http.Serve(s.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	if s.opts.Ready != nil {
		s.opts.Ready("http://" + s.listener.Addr().String())
	}
}

func (s *serving) shutdown(ctx context.Context, stopBeneath func()) error {
	ctx = context.WithoutCancel(ctx)
	s.draining.Store(true)
	if s.stopBot != nil {
		s.stopBot() // before the drain, so that another process leads meanwhile
	}
	var errs []error
	if s.http != nil {
		time.Sleep(drain)
		limited, cancel := context.WithTimeout(ctx, stopRequests)
		s.endStreams() // the requests that would not end by themselves; the others are waited for
		if err := s.http.Shutdown(limited); err != nil {
			errs = append(errs, s.http.Close())
		}
		cancel()
	}
	if s.workers != nil {
		s.working.Store(false)
		errs = append(errs, s.workers.stop(ctx))
	}
	stopBeneath()
	return errors.Join(errs...)
}
