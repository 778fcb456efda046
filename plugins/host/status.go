package host

import (
	"slices"
	"strings"
	"time"
)

// State is what a plugin is doing.
type State string

// The states.
const (
	Running      State = "running"
	Restarting   State = "restarting"
	OutOfService State = "out_of_service"
)

// Status is what there is to know about a plugin from outside. Counters grow from the start of the host and survive
// restarts and swaps.
type Status struct {
	Name         string
	Version      string // of the plugin that ran last; empty: none ever did
	State        State
	PID          int // 0: no process
	Restarts     int64
	Calls        int64         // batches sent
	Inputs       int64         // inputs in them
	BadResults   int64         // inputs whose result was an error of the plugin's own making
	HeldBack     int64         // inputs not sent because the plugin died of them twice
	Failures     int64         // that counted towards going out of service, in all
	RecentFaults int           // of these, within the window
	InFlight     int           // batches under way
	Busy         time.Duration // sum of the batches' times
	Memory       int64         // resident bytes, children included
	LastError    string        // why it last failed; empty: never
}

// Status returns the state of every plugin, by name.
func (h *Host) Status() []Status {
	h.mu.Lock()
	slots := make([]*slot, 0, len(h.slots))
	for _, s := range h.slots {
		slots = append(slots, s)
	}
	h.mu.Unlock()
	all := make([]Status, len(slots))
	for i, s := range slots {
		all[i] = s.status()
	}
	slices.SortFunc(all, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (s *slot) status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.counts
	status.Name, status.State, status.Version = s.name, s.state, s.description.Version
	status.InFlight, status.RecentFaults, status.LastError = len(s.inFlight), len(s.recentFailures()), s.lastError
	if s.current != nil {
		status.PID, status.Memory = s.current.process.PID(), s.current.process.Memory()
	}
	return status
}
