package host

import (
	"context"
	"fmt"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
)

// Listen hands a voice note to the plugin under a name, if it is of that version (any for ""), as fast as the plugin reads it,
// and returns its result, or an error as Analyze does. An error of the Reader is in the chain: a domain.Error as it is, any
// other as unavailable. A sound that ends before audio.Bytes is such an error.
//
// The sound is read once and only after a plugin runs to take it, so a call that waited for a restart in vain may be
// repeated with the same Reader, any other needs a new one. When Listen returns early, one Read may still be under way.
// input.ID must be the message's own: a note during which the plugin failed twice is held back by it. ctx and
// Config.ListenTimeout bound the call.
func (h *Host) Listen(ctx context.Context, name, version string, input analyzer.Input, audio analyzer.Audio) (analyzer.Result, error) {
	s, err := h.slot(name)
	if err != nil {
		return analyzer.Result{}, err
	}
	result, err := s.listen(ctx, version, input, audio)
	if err != nil {
		return analyzer.Result{}, translate(name, err)
	}
	return result, nil
}

func (s *slot) listen(ctx context.Context, version string, input analyzer.Input, audio analyzer.Audio) (result analyzer.Result, err error) {
	// The text of a voice note is mostly empty, so suspicion falls on what tells one from another.
	mark := analyzer.Input{ID: input.ID, Text: fmt.Sprintf("%q %q %d %d", input.ID, audio.MIME, audio.Bytes, audio.Duration)}
	queue := s.listening
	switch s.suspects.of(mark) {
	case 0:
	case 1:
		queue = s.lone
	default:
		s.count(func(c *Status) { c.HeldBack++ })
		return s.held(input.ID), nil
	}
	free, err := s.take(ctx, queue)
	if err != nil {
		return analyzer.Result{}, err
	}
	defer free()
	err = s.call(ctx, version, errand{
		inputs: []analyzer.Input{mark}, timeout: s.host.config.ListenTimeout, audio: true,
		run: func(ctx context.Context, p *process.Process) (err error) {
			result, err = p.Listen(ctx, input, audio)
			return err
		},
	})
	if err == nil && result.Err != nil && result.Err.Fault != analyzer.FaultDownstream {
		s.count(func(c *Status) { c.BadResults++ })
	}
	return result, err
}

// take waits for a token of a queue and returns what gives it back.
func (s *slot) take(ctx context.Context, queue chan struct{}) (free func(), err error) {
	select {
	case queue <- struct{}{}:
		return func() { <-queue }, nil
	case <-ctx.Done():
		return nil, domain.Errorf(domain.KindUnavailable, "analyzer %s is busy: %w", s.name, ctx.Err())
	}
}

// held is the result of what is not sent again.
func (s *slot) held(id string) analyzer.Result {
	return analyzer.Result{ID: id, Err: analyzer.Errorf(
		analyzer.Internal, "held back: analyzer %s failed twice while it judged this message", s.name)}
}
