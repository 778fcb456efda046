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
			results[i] = s.held(input.ID)
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
	for i := range alone {
		if err := s.alone(ctx, version, inputs, alone[i:i+1], results); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// alone sends one suspect when no other suspect is under way, whoever sent it, so that a failure points at one message.
func (s *slot) alone(ctx context.Context, version string, inputs []analyzer.Input, index []int, results []analyzer.Result) error {
	free, err := s.take(ctx, s.lone)
	if err != nil {
		return err
	}
	defer free()
	return s.chunk(ctx, version, inputs, index, results)
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
	var got []analyzer.Result
	err := s.call(ctx, version, errand{
		inputs: batch, timeout: s.host.config.CallTimeout,
		run: func(ctx context.Context, p *process.Process) (err error) {
			got, err = p.Analyze(ctx, batch)
			return err
		},
	})
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

// errand is one call to a process.
type errand struct {
	inputs  []analyzer.Input // what is suspected if the plugin fails meanwhile
	timeout time.Duration
	audio   bool
	run     func(context.Context, *process.Process) error
}

// call runs an errand on whatever process is current, if it is of the version.
func (s *slot) call(ctx context.Context, version string, e errand) error {
	free, err := s.take(ctx, s.inFlight)
	if err != nil {
		return err
	}
	defer free()
	g, incident, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer g.calls.Done()
	d := g.process.Description()
	switch {
	case version != "" && d.Version != version:
		return domain.Errorf(domain.KindUnavailable, "analyzer %s runs in version %s, not %s", s.name, d.Version, version)
	case e.audio && !d.Audio:
		return domain.Errorf(domain.KindInvalid, "analyzer %s judges texts and does not listen", s.name)
	case d.Audio && !e.audio:
		return domain.Errorf(domain.KindInvalid, "analyzer %s listens to voice notes and judges no texts", s.name)
	}
	callCtx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	began := time.Now()
	err = e.run(callCtx, g.process)
	var failure *process.Failure
	if errors.As(err, &failure) && failure.Kind == process.TimedOut && shorter(ctx, callCtx) {
		failure.Kind = process.Cancelled // nobody's failure
	}
	s.account(g, incident, e.inputs, time.Since(began), err)
	return err
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
