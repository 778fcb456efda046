package host

import (
	"hash/maphash"
	"sync"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// maxSuspects bounds what is remembered; beyond it the whole list is forgotten, which only means more tries.
const maxSuspects = 8192

// suspects remembers the messages that a plugin was judging when it failed, and how often, by a hash of their text.
type suspects struct {
	seed   maphash.Seed
	mu     sync.Mutex
	counts map[uint64]int
}

func newSuspects() *suspects {
	return &suspects{seed: maphash.MakeSeed(), counts: map[uint64]int{}}
}

func (s *suspects) key(input analyzer.Input) uint64 {
	var hash maphash.Hash
	hash.SetSeed(s.seed)
	_, _ = hash.WriteString(input.Text) // never fails
	for _, turn := range input.Context {
		_ = hash.WriteByte(0)
		_, _ = hash.WriteString(turn.Text)
	}
	return hash.Sum64()
}

// of returns how many failures the input was part of.
func (s *suspects) of(input analyzer.Input) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.counts) == 0 { // the usual case is free of hashing
		return 0
	}
	return s.counts[s.key(input)]
}

func (s *suspects) add(inputs []analyzer.Input) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.counts)+len(inputs) > maxSuspects {
		s.counts = map[uint64]int{}
	}
	for _, input := range inputs {
		s.counts[s.key(input)]++
	}
}

func (s *suspects) remove(inputs []analyzer.Input) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.counts) == 0 {
		return
	}
	for _, input := range inputs {
		delete(s.counts, s.key(input))
	}
}

func (s *suspects) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts = map[uint64]int{}
}
