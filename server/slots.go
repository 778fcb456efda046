package server

import (
	"context"
	"sync"

	"github.com/fincokpi/finco/app"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/host"
)

// slots are the host's plugins by what they do: the enabled version of an analyzer runs under its name, so that a newer one
// takes over without a gap, and the candidate beside it under name@version.
type slots struct {
	host *host.Host

	mu         sync.RWMutex
	candidates map[string]entanalyzer.State
}

func newSlots(h *host.Host) *slots {
	return &slots{host: h, candidates: map[string]entanalyzer.State{}}
}

// slotOf is the name under which the host runs a version.
func slotOf(s app.AnalyzerSpec) string {
	if s.Candidate() {
		return s.Name + "@" + s.Version
	}
	return s.Name
}

// put says what a candidate with a slot of its own does.
func (s *slots) put(slot string, state entanalyzer.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.candidates[slot] = state
}

// drop says that a candidate has no slot of its own any more.
func (s *slots) drop(slot string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.candidates, slot)
}

// counts tells whether what runs in a slot is missed when it does not.
func (s *slots) counts(slot string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.candidates[slot] != entanalyzer.StateShadow
}

// of is where a version runs. One that was a candidate until now keeps its own slot until the one of its name is its.
func (s *slots) of(name, version string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	own := name + "@" + version
	if _, ok := s.candidates[own]; ok {
		return own
	}
	return name
}

// Analyze implements app.Analyzers.
func (s *slots) Analyze(ctx context.Context, name, version string, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return s.host.Analyze(ctx, s.of(name, version), version, inputs)
}

// Listen implements app.Analyzers.
func (s *slots) Listen(ctx context.Context, name, version string, input analyzer.Input, audio analyzer.Audio) (analyzer.Result, error) {
	return s.host.Listen(ctx, s.of(name, version), version, input, audio)
}
