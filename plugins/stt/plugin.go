package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// codeVersion changes when the same engine may give another outcome for the same note.
const codeVersion = "1.0.0"

// margin is left of the host's deadline, so that a slow engine is told as such and does not count as a plugin that hangs.
const margin = time.Second

// engine turns one note into a transcript. An empty one means that there was no speech.
type engine interface {
	transcribe(ctx context.Context, note *note) (transcript, error)
}

// plugin hears voice notes with the engine that the settings name; it is safe for concurrent use.
type plugin struct {
	version string
	tools   tools
	setup   atomic.Pointer[setup] // set by Configure
}

// setup is what the settings say.
type setup struct {
	settings settings
	engine   engine        // nil: none that could hear
	turns    chan struct{} // as many as the engine takes at once
}

func newPlugin() (*plugin, error) {
	tongues, err := language.Load()
	if err != nil {
		return nil, err
	}
	return &plugin{version: fmt.Sprintf("%s+%08x", codeVersion, tongues), tools: installed}, nil
}

// Describe implements analyzer.Analyzer.
func (p *plugin) Describe() analyzer.Description {
	return analyzer.Description{
		Name: "stt", Version: p.version, Kinds: []analyzer.Kind{analyzer.Transcript}, MaxBatch: 1, Audio: true, Settings: schema,
	}
}

// Configure implements analyzer.Analyzer. It calls no server and looks for no program: what is away now may be there for
// the next note.
func (p *plugin) Configure(raw json.RawMessage) error {
	s, err := readSettings(raw)
	if err != nil {
		return err
	}
	made := &setup{settings: s, turns: make(chan struct{}, s.atOnce())}
	client := newClient(s)
	switch s.Engine {
	case openAI:
		made.engine = &openAIEngine{client: client, model: s.Model, language: s.code(), decode: s.Decode, tools: p.tools}
	case whisperCPP:
		made.engine = &whisperCPPEngine{client: client, language: s.code(), tools: p.tools}
	case custom:
		made.engine = &transcribeEngine{client: client, settings: s, tools: p.tools}
	case vosk:
		made.engine = &voskEngine{client: client, tools: p.tools}
	case pocketSphinx, auto:
		made.engine = &pocketSphinxEngine{language: s.Language, tools: p.tools, automatic: s.Engine == auto}
	}
	p.setup.Store(made)
	return nil
}

// Analyze implements analyzer.Analyzer. Nobody calls it, because the description says audio.
func (p *plugin) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return analyzer.Each(ctx, inputs, func(context.Context, analyzer.Input) ([]analyzer.Outcome, error) {
		return nil, analyzer.Errorf(analyzer.Invalid, "stt listens to voice notes and does not judge texts")
	})
}

// Listen implements analyzer.Listener.
func (p *plugin) Listen(ctx context.Context, input analyzer.Input, audio analyzer.Audio) ([]analyzer.Outcome, error) {
	made := p.setup.Load()
	if made == nil {
		return nil, analyzer.Errorf(analyzer.Internal, "asked before it had its settings")
	}
	if made.engine == nil { // engine off
		return nil, nil
	}
	within, cancel := context.WithDeadline(ctx, made.until(ctx))
	defer cancel()
	said, err := made.hear(within, input, audio)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, ctx.Err()
	case err == nil:
		return said.outcomes(made.settings), nil
	case within.Err() != nil && !typed(err):
		return nil, analyzer.Downstreamf(analyzer.Unavailable, "%s did not answer in time", made.settings.place())
	default:
		return nil, err
	}
}

func (s *setup) hear(ctx context.Context, input analyzer.Input, audio analyzer.Audio) (transcript, error) {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return transcript{}, analyzer.Downstreamf(analyzer.Unavailable, "%s was busy with other voice notes all the time", s.settings.place())
	}
	note, err := openNote(input, audio, time.Duration(s.settings.MaxDuration)*time.Second)
	if err != nil {
		return transcript{}, err
	}
	defer note.source.close()
	began := time.Now()
	said, err := s.engine.transcribe(ctx, note)
	if err != nil && !typed(err) && errors.Is(ctx.Err(), context.DeadlineExceeded) && s.settings.local() && time.Since(began) >= s.fair() {
		// Tried again it would take as long, and keep a core and all other notes waiting every time.
		return transcript{}, analyzer.Downstreamf(analyzer.Invalid, "%s takes too long for this voice note: set engine and url to a server that is faster",
			s.settings.place())
	}
	return said, err
}

// hostTime is what the host by default leaves a note.
const hostTime = 10 * time.Minute

// fair is how long a program on this machine had to have before its slowness is the note's fault and not that of a queue: half of
// what there is.
func (s *setup) fair() time.Duration {
	return min(time.Duration(s.settings.Timeout)*time.Second, hostTime) / 2
}

// until is when an answer must be there: the setting's time, and less than the host's.
func (s *setup) until(ctx context.Context) time.Time {
	end := time.Now().Add(time.Duration(s.settings.Timeout) * time.Second)
	if latest, ok := ctx.Deadline(); ok {
		left := time.Until(latest)
		if latest = latest.Add(-min(margin, left/4)); latest.Before(end) {
			end = latest
		}
	}
	return end
}

// typed says whether an error already says what happened.
func typed(err error) bool {
	var own *analyzer.Error
	return errors.As(err, &own)
}
