package host

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
)

// analyze splits inputs into calls and puts the results back into order.
func (s *slot) analyze(ctx context.Context, version string, inputs []analyzer.Input) ([]analyzer.Result, error) {
	seen := make(map[string]struct{}, len(inputs))
	for _, input := range inputs {
		if _, twice := seen[input.ID]; twice {
			return nil, domain.Errorf(domain.KindInvalid, "analyzer %s: the batch has an id twice", s.name)
		}
		seen[input.ID] = struct{}{}
	}
	results := make([]analyzer.Result, len(inputs))
	var free, alone []int
	for i, input := range inputs {
		switch s.suspects.of(input) {
		case 0:
			free = append(free, i)
		case 1:
			alone = append(alone, i)
		default:
			results[i] = analyzer.Result{ID: input.ID, Err: analyzer.Errorf(
				analyzer.Internal, "held back: the plugin failed twice while it judged this message")}
			s.count(func(c *Status) { c.HeldBack++ })
		}
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(s.host.config.InFlight)
	for _, chunk := range s.chunks(inputs, free) {
		group.Go(func() error { return s.chunk(groupCtx, version, inputs, chunk, results) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i := range alone { // one after the other, so that a failure points at one message
		if err := s.chunk(ctx, version, inputs, alone[i:i+1], results); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// chunks cuts the indices of inputs by number and by bytes.
func (s *slot) chunks(inputs []analyzer.Input, indices []int) [][]int {
	size := s.host.config.BatchSize
	if d, ok := s.describe(); ok && d.MaxBatch > 0 {
		size = min(size, d.MaxBatch)
	}
	var chunks [][]int
	begin, bytes := 0, 0
	for i, index := range indices {
		weight := weigh(inputs[index])
		if i > begin && (i-begin >= size || bytes+weight > s.host.config.BatchBytes) {
			chunks = append(chunks, indices[begin:i])
			begin, bytes = i, 0
		}
		bytes += weight
	}
	if begin < len(indices) {
		chunks = append(chunks, indices[begin:])
	}
	return chunks
}

func weigh(input analyzer.Input) int {
	bytes := len(input.ID) + len(input.Text)
	for _, turn := range input.Context {
		bytes += len(turn.Text)
	}
	return bytes
}

// chunk sends some inputs, and halves of them if the plugin gives up on the batch as such: the message it can't take then
// has the error alone.
func (s *slot) chunk(ctx context.Context, version string, inputs []analyzer.Input, indices []int, results []analyzer.Result) error {
	batch := make([]analyzer.Input, len(indices))
	for i, index := range indices {
		batch[i] = inputs[index]
	}
	got, err := s.call(ctx, version, batch)
	var told *analyzer.Error
	switch {
	case err == nil:
	case !errors.As(err, &told) || told.Kind == analyzer.Unavailable || told.Fault == analyzer.FaultDownstream:
		return err
	case len(batch) > 1:
		half := len(batch) / 2
		if err := s.chunk(ctx, version, inputs, indices[:half], results); err != nil {
			return err
		}
		return s.chunk(ctx, version, inputs, indices[half:], results)
	default:
		got = []analyzer.Result{{ID: batch[0].ID, Err: told}}
	}
	for i, index := range indices {
		results[index] = got[i]
		if got[i].Err != nil && got[i].Err.Fault != analyzer.FaultDownstream {
			s.count(func(c *Status) { c.BadResults++ })
		}
	}
	return nil
}

// call sends one batch to whatever process is current, if it is of the version.
func (s *slot) call(ctx context.Context, version string, batch []analyzer.Input) ([]analyzer.Result, error) {
	select {
	case s.inFlight <- struct{}{}:
	case <-ctx.Done():
		return nil, domain.Errorf(domain.KindUnavailable, "analyzer %s is busy: %w", s.name, ctx.Err())
	}
	defer func() { <-s.inFlight }()
	g, incident, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer g.calls.Done()
	if runs := g.process.Description().Version; version != "" && runs != version {
		return nil, domain.Errorf(domain.KindUnavailable, "analyzer %s runs in version %s, not %s", s.name, runs, version)
	}
	callCtx, cancel := context.WithTimeout(ctx, s.host.config.CallTimeout)
	defer cancel()
	began := time.Now()
	results, err := g.process.Analyze(callCtx, batch)
	var failure *process.Failure
	if errors.As(err, &failure) && failure.Kind == process.TimedOut && shorter(ctx, callCtx) {
		failure.Kind = process.Cancelled // nobody's failure
	}
	s.account(g, incident, batch, time.Since(began), err)
	return results, err
}

// shorter says whether the deadline of a call is its caller's and not ours. Asking ctx.Err instead would be a race: the
// plugin knows the deadline too and may answer for it first.
func shorter(ctx, callCtx context.Context) bool {
	callers, has := ctx.Deadline()
	calls, _ := callCtx.Deadline()
	return ctx.Err() != nil || has && !callers.After(calls)
}

func (s *slot) count(change func(*Status)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.counts)
}
