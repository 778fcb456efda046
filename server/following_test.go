package server_test

import "testing"

// A running server takes up what is enabled and disabled.
func TestARunningServerFollowsTheRegistry(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	s := m.serve()
	m.must("analyzer", "disable", "topic")
	s.until(t, func(r readiness) bool { return len(r.Analyzers) == len(builtIns)-1 })
	m.must("analyzer", "enable", "topic")
	s.until(t, func(r readiness) bool { return len(r.Analyzers) == len(builtIns) && r.Ready })
}
