package host

import (
	"context"
	"errors"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
)

// keep watches a generation until it ends or is retired.
func (s *slot) keep(g *generation) {
	ticker := time.NewTicker(s.host.config.HealthEvery)
	defer ticker.Stop()
	missed := 0
	for {
		select {
		case <-g.retired:
			return
		case <-g.process.Done():
			s.ended(g)
			return
		case <-ticker.C:
		}
		if g.answered.Swap(false) || s.healthy(g) {
			missed = 0
			continue
		}
		if missed++; missed >= 2 {
			s.condemn(g, "it does not answer health checks", true)
		}
	}
}

func (s *slot) healthy(g *generation) bool {
	ctx, cancel := context.WithTimeout(s.host.ctx, s.host.config.HealthTimeout)
	defer cancel()
	return g.process.Ping(ctx) == nil || s.host.ctx.Err() != nil
}

// condemn kills a generation that can't be helped; count says whether that is a failure of its own.
func (s *slot) condemn(g *generation, why string, count bool) {
	s.mu.Lock()
	if s.current == g && !g.condemned {
		g.condemned = true
		if count {
			s.failed(why)
		}
	}
	s.mu.Unlock()
	g.process.Kill(why)
}

// ended is called when a process is gone that we did not retire.
func (s *slot) ended(g *generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endedLocked(g)
}

// endedLocked is ended for who holds the lock; the second to notice does nothing.
func (s *slot) endedLocked(g *generation) {
	if s.current != g {
		return
	}
	s.current = nil
	if !g.condemned {
		s.failed(g.process.Reason())
	}
	s.restartOrGiveUp()
}

// failed counts a failure. The lock is held.
func (s *slot) failed(why string) {
	s.failures = append(s.recentFailures(), s.host.config.Now())
	s.incident++
	s.counts.Failures++
	s.lastError = why
	s.log.Warn("analyzer failed", "reason", why, "failures", len(s.failures))
}

// recentFailures returns the failures within the window. The lock is held.
func (s *slot) recentFailures() []time.Time {
	since := s.host.config.Now().Add(-s.host.config.FailureWindow)
	var recent []time.Time
	for _, at := range s.failures {
		if at.After(since) {
			recent = append(recent, at)
		}
	}
	return recent
}

// restartOrGiveUp decides about a plugin without a process. The lock is held.
func (s *slot) restartOrGiveUp() {
	if s.host.ctx.Err() != nil {
		s.become(OutOfService)
		return
	}
	recent := len(s.recentFailures())
	if recent >= s.host.config.MaxFailures {
		s.giveUp()
		return
	}
	s.become(Restarting)
	turn, spec := s.turn, s.spec
	s.host.tasks.Go(func() { s.restart(turn, spec, max(recent, 1)) })
}

// giveUp puts the plugin out of service. The lock is held.
func (s *slot) giveUp() {
	s.become(OutOfService)
	s.log.Error("analyzer is out of service", "reason", s.lastError)
	if old := s.current; old != nil {
		s.current = nil
		s.host.tasks.Go(func() { s.retire(s.host.ctx, old) })
	}
}

// restart starts the plugin again after a pause that grows with n, unless the slot took another turn meanwhile.
func (s *slot) restart(turn int, spec Spec, n int) {
	pause := time.NewTimer(s.host.config.Backoff(n))
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-s.host.ctx.Done():
		return
	}
	s.mu.Lock()
	stale := s.turn != turn
	s.mu.Unlock()
	if stale {
		return
	}
	p, err := s.start(s.host.ctx, spec)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn != turn || s.host.ctx.Err() != nil {
		if err == nil {
			p.Kill("it is no longer wanted")
		}
		return
	}
	if err == nil {
		s.counts.Restarts++
		s.install(p)
		return
	}
	s.failed(err.Error())
	var failure *process.Failure
	if errors.As(err, &failure) && failure.Kind == process.Refused {
		s.giveUp() // the file or the settings changed: trying again is useless
		return
	}
	s.restartOrGiveUp()
}

// account draws the consequences of a call's end: counters, suspicion, and for a failure of the plugin a count and a look
// at its health. Ends of the process are counted where they are seen, in ended.
func (s *slot) account(g *generation, incident int, inputs []analyzer.Input, took time.Duration, err error) {
	s.host.config.OnCall(s.name, took, len(inputs), err)
	var failure *process.Failure
	isFailure := errors.As(err, &failure) && failure.Kind != process.Cancelled
	if isFailure && failure.Kind != process.Killed {
		s.suspects.add(inputs)
	} else if err == nil {
		s.suspects.remove(inputs)
	}
	if !isFailure {
		g.answered.Store(g.answered.Load() || err == nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Calls++
	s.counts.Inputs += int64(len(inputs))
	s.counts.Busy += took
	if !isFailure || s.current != g || g.process.Exited() {
		return
	}
	if s.incident == incident {
		s.failed(failure.Message)
		if len(s.failures) >= s.host.config.MaxFailures {
			s.giveUp()
			return
		}
	}
	s.host.tasks.Go(func() {
		if !s.healthy(g) {
			s.condemn(g, "it froze: "+failure.Message, false)
		}
	})
}
