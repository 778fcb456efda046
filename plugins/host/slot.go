package host

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
)

// generation is one process that served, serves or is about to serve a slot.
type generation struct {
	process   *process.Process
	calls     sync.WaitGroup // under way; Add only under the slot's lock while the generation is current
	retired   chan struct{}  // closed when it is no longer current by our own will
	answered  atomic.Bool    // since the last look at its health
	condemned bool           // killed for a failure that is already counted; under the slot's lock
}

// slot is a registered name and what runs under it.
type slot struct {
	host     *Host
	name     string
	log      *slog.Logger
	changing sync.Mutex // held by add, reset and close: one change at a time
	suspects *suspects

	// Queues: a token per call under way, per voice note among them, and per suspect among them.
	inFlight, listening, lone chan struct{}

	mu          sync.Mutex
	spec        Spec
	description analyzer.Description
	state       State
	current     *generation   // nil unless Running
	turn        int           // grows with each change of state; a restart that sees another turn gives up
	changed     chan struct{} // closed and replaced with each change of state
	failures    []time.Time
	incident    int // grows with each counted failure; calls that began before it do not count again
	lastError   string
	gone        bool   // closed for good
	counts      Status // counters only
}

func newSlot(h *Host, name string) *slot {
	return &slot{
		host: h, name: name, log: h.config.Log.With("analyzer", name), inFlight: make(chan struct{}, h.config.InFlight),
		listening: make(chan struct{}, h.config.Listening), lone: make(chan struct{}, 1),
		suspects: newSuspects(), state: OutOfService, changed: make(chan struct{}), lastError: "it has not started yet",
	}
}

func (s *slot) start(ctx context.Context, spec Spec) (*process.Process, error) {
	config := s.host.config
	memory := spec.Memory
	if memory <= 0 {
		memory = config.Memory
	}
	return process.Start(ctx, process.Options{
		Path: spec.Path, Checksum: spec.Checksum, Settings: spec.Settings, Log: s.log,
		StartTimeout: config.StartTimeout, Memory: memory, MaxMessage: config.MaxMessage,
	})
}

// add starts spec and lets it take over.
func (s *slot) add(ctx context.Context, spec Spec) (analyzer.Description, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	p, err := s.start(ctx, spec)
	if err != nil {
		s.refused(ctx, spec, err)
		return analyzer.Description{}, translate(s.name, err)
	}
	s.mu.Lock()
	if s.gone || s.host.ctx.Err() != nil { // Close or Remove came between; they will not look at this process
		s.mu.Unlock()
		p.Stop(ctx)
		return analyzer.Description{}, errClosed()
	}
	s.spec, s.failures, s.lastError = spec, nil, ""
	s.suspects.clear()
	s.install(p)
	s.mu.Unlock()
	return p.Description(), nil
}

// refused keeps a name visible that never ran; one that runs or restarts goes on as it is.
func (s *slot) refused(ctx context.Context, spec Spec, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.Error("analyzer did not start", "error", err.Error())
	if s.gone || s.description.Name != "" && s.state != OutOfService || s.host.ctx.Err() != nil {
		return
	}
	s.spec, s.failures = spec, nil
	s.failed(err.Error())
	var failure *process.Failure
	if errors.As(err, &failure) && ctx.Err() == nil && failure.Kind != process.Refused && failure.Kind != process.Broken {
		s.restartOrGiveUp()
		return
	}
	s.become(OutOfService)
}

// install makes p the current process and retires the one before. The lock is held.
func (s *slot) install(p *process.Process) {
	old := s.current
	s.current = &generation{process: p, retired: make(chan struct{})}
	s.description = p.Description()
	s.become(Running)
	s.log.Info("analyzer runs", "version", s.description.Version, "pid", p.PID())
	g := s.current
	s.host.tasks.Go(func() { s.keep(g) })
	if old != nil {
		s.host.tasks.Go(func() { s.retire(s.host.patience, old) })
	}
}

// retire ends a generation after its calls; each has a deadline, so this ends too.
func (s *slot) retire(ctx context.Context, g *generation) {
	close(g.retired)
	idle := make(chan struct{})
	go func() {
		g.calls.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
	}
	g.process.Stop(ctx)
}

// become changes the state and wakes those who wait for it. The lock is held.
func (s *slot) become(state State) {
	s.state = state
	s.turn++
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *slot) describe() (analyzer.Description, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.description, s.description.Name != ""
}

// reset starts a plugin that is out of service, without its past.
func (s *slot) reset(ctx context.Context) error {
	s.mu.Lock()
	state, spec := s.state, s.spec
	s.mu.Unlock()
	if state == Running {
		return nil
	}
	_, err := s.add(ctx, spec)
	return err
}

// close ends the plugin after its calls, or when ctx ends. The slot is of no use afterwards.
func (s *slot) close(ctx context.Context) {
	s.changing.Lock()
	defer s.changing.Unlock()
	s.mu.Lock()
	old := s.current
	s.current, s.gone, s.lastError = nil, true, "it was stopped"
	s.become(OutOfService)
	s.mu.Unlock()
	if old != nil {
		s.retire(ctx, old)
	}
}

// acquire waits until the plugin runs and books a call on it. The caller calls done on what it gets.
func (s *slot) acquire(ctx context.Context) (g *generation, incident int, err error) {
	for {
		s.mu.Lock()
		if s.current != nil && s.current.process.Exited() {
			s.endedLocked(s.current) // its keeper is about to say so
		}
		state, changed, last := s.state, s.changed, s.lastError
		if state == Running {
			g, incident = s.current, s.incident
			g.calls.Add(1)
			s.mu.Unlock()
			return g, incident, nil
		}
		s.mu.Unlock()
		if state == OutOfService {
			return nil, 0, domain.Errorf(domain.KindUnavailable, "analyzer %s is out of service: %s", s.name, last)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, 0, domain.Errorf(domain.KindUnavailable, "analyzer %s is restarting: %s", s.name, last)
		}
	}
}
