package host

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
)

// Config says how plugins are run. Only Log is required; what is zero takes the default.
type Config struct {
	Log           *slog.Logger
	Now           func() time.Time        // time.Now
	CallTimeout   time.Duration           // 30 s: deadline of one batch
	ListenTimeout time.Duration           // 10 min: deadline of one voice note
	StartTimeout  time.Duration           // 10 s: from fork to configured
	HealthEvery   time.Duration           // 10 s: between looks at an idle plugin
	HealthTimeout time.Duration           // 5 s: for an answer to such a look; two missed in a row are a failure
	BatchSize     int                     // 64 inputs a call, less if the plugin says so
	BatchBytes    int                     // 4 MiB of text a call; a single input may have more
	InFlight      int                     // 8 calls at once a plugin
	Listening     int                     // 2 voice notes at once a plugin: each may mean children that share its memory limit
	MaxFailures   int                     // 3 ...
	FailureWindow time.Duration           // ... in 60 min put a plugin out of service
	Backoff       func(int) time.Duration // before restart n (from 1): 0.5 s, 1 s, 2 s … 30 s
	Memory        int64                   // 512 MiB for a plugin and its children, unless its Spec says otherwise
	MaxMessage    int                     // 16 MiB either way

	// OnCall is told of every batch that was sent, for metrics. It must return at once.
	OnCall func(name string, took time.Duration, inputs int, err error)
}

func (c Config) withDefaults() Config {
	defaultTo(&c.CallTimeout, 30*time.Second)
	defaultTo(&c.ListenTimeout, 10*time.Minute)
	defaultTo(&c.StartTimeout, process.DefaultStartTimeout)
	defaultTo(&c.HealthEvery, 10*time.Second)
	defaultTo(&c.HealthTimeout, 5*time.Second)
	defaultTo(&c.BatchSize, 64)
	defaultTo(&c.BatchBytes, 4<<20)
	defaultTo(&c.InFlight, 8)
	defaultTo(&c.Listening, 2)
	defaultTo(&c.MaxFailures, 3)
	defaultTo(&c.FailureWindow, time.Hour)
	defaultTo(&c.Memory, process.DefaultMemory)
	defaultTo(&c.MaxMessage, analyzer.MaxMessage)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Backoff == nil {
		c.Backoff = func(n int) time.Duration { return min(30*time.Second, 250*time.Millisecond<<min(n, 10)) }
	}
	if c.OnCall == nil {
		c.OnCall = func(string, time.Duration, int, error) {}
	}
	return c
}

func defaultTo[T int | int64 | time.Duration](value *T, standard T) {
	if *value <= 0 {
		*value = standard
	}
}

// Spec says what runs under a name.
type Spec struct {
	Name     string // the registry's name; the plugin's own may differ
	Path     string // the executable
	Checksum string // its pinned SHA-256 in hex, from the registry
	Settings json.RawMessage
	Memory   int64 // bytes; 0: Config.Memory
}

// Host is a set of running plugins. Its methods may be called from several goroutines.
type Host struct {
	config Config
	ctx    context.Context // ends when Close has begun
	cancel context.CancelFunc
	tasks  sync.WaitGroup // keepers, restarts and retirements

	patience context.Context // ends when Close no longer waits for calls under way
	hurry    context.CancelFunc

	mu     sync.Mutex
	slots  map[string]*slot
	closed bool
}

// New returns a host that runs nothing yet. Close it in the end.
func New(config Config) *Host {
	ctx, cancel := context.WithCancel(context.Background())
	patience, hurry := context.WithCancel(context.Background())
	return &Host{config: config.withDefaults(), ctx: ctx, cancel: cancel, patience: patience, hurry: hurry, slots: map[string]*slot{}}
}

// Checksum returns the SHA-256 of a file in hex, to be pinned when a person installs it.
func Checksum(path string) (string, error) {
	sum, err := process.Checksum(path)
	if err != nil {
		return "", domain.Errorf(domain.KindInvalid, "read analyzer: %w", err)
	}
	return sum, nil
}

// Describe starts the file at path, reads its description and ends it again. The file is trusted as it is now: pin its
// Checksum before, and compare after, when the description decides about an installation.
func (h *Host) Describe(ctx context.Context, path string) (analyzer.Description, error) {
	sum, err := Checksum(path)
	if err != nil {
		return analyzer.Description{}, err
	}
	p, err := process.Start(ctx, process.Options{
		Path: path, Checksum: sum, Unconfigured: true, Log: h.config.Log.With("path", path),
		StartTimeout: h.config.StartTimeout, Memory: h.config.Memory, MaxMessage: h.config.MaxMessage,
	})
	if err != nil {
		return analyzer.Description{}, translate(path, err)
	}
	defer p.Stop(ctx)
	return p.Description(), nil
}

// Add runs a plugin under a name and returns its description once it is ready. If the name already runs, the new one takes
// over only when ready: calls under way end on the old one, and if the new one fails to start, the old one stays. Failures
// of the past are forgotten.
//
// Errors: invalid (checksum, settings or description refused), internal (it breaks the contract), unavailable (it
// crashed or was too slow). A new name that fails so stays visible in Status: out of service, or restarting if unavailable.
func (h *Host) Add(ctx context.Context, spec Spec) (analyzer.Description, error) {
	if spec.Name == "" {
		return analyzer.Description{}, domain.Errorf(domain.KindInvalid, "an analyzer needs a name")
	}
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return analyzer.Description{}, errClosed()
	}
	s, ok := h.slots[spec.Name]
	if !ok {
		s = newSlot(h, spec.Name)
		h.slots[spec.Name] = s
	}
	h.mu.Unlock()
	return s.add(ctx, spec)
}

// Remove ends a plugin after its calls under way and forgets its name. Unknown names are fine.
func (h *Host) Remove(ctx context.Context, name string) {
	h.mu.Lock()
	s, ok := h.slots[name]
	delete(h.slots, name)
	h.mu.Unlock()
	if ok {
		s.close(ctx)
	}
}

// Reset forgets the failures of a plugin that is out of service and starts it again. Errors as those of Add; not_found
// for an unknown name. A plugin that runs is left alone.
func (h *Host) Reset(ctx context.Context, name string) error {
	s, err := h.slot(name)
	if err != nil {
		return domain.Errorf(domain.KindNotFound, "analyzer %s is not registered", name)
	}
	return s.reset(ctx)
}

// Description returns what the plugin under a name last said about itself, false if it never ran.
func (h *Host) Description(name string) (analyzer.Description, bool) {
	s, err := h.slot(name)
	if err != nil {
		return analyzer.Description{}, false
	}
	return s.describe()
}

// Analyze hands inputs to the plugin under a name, if it is of that version (any for ""), in as many calls as its limits ask for, and returns one result per
// input in the same order. An input that the plugin could not judge has its Result.Err; a score out of range is such an
// error too. The error of the whole is a domain.Error that names the plugin: invalid (an id twice), unavailable (not running, another version,
// restarting, out of service, crashed, too slow, or what it calls is away), internal (it broke the contract). Its chain
// holds the *analyzer.Error or *process.Failure. ctx bounds the whole, waiting for a restart included.
func (h *Host) Analyze(ctx context.Context, name, version string, inputs []analyzer.Input) ([]analyzer.Result, error) {
	s, err := h.slot(name)
	if err != nil {
		return nil, err
	}
	results, err := s.analyze(ctx, version, inputs)
	if err != nil {
		return nil, translate(name, err)
	}
	return results, nil
}

func (h *Host) slot(name string) (*slot, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errClosed()
	}
	s, ok := h.slots[name]
	if !ok {
		return nil, domain.Errorf(domain.KindUnavailable, "analyzer %s does not run here", name)
	}
	return s, nil
}

// Close refuses new calls, lets those under way end until ctx does, and ends all plugins. No process is left.
func (h *Host) Close(ctx context.Context) {
	h.mu.Lock()
	h.closed = true
	slots := h.slots
	h.slots = map[string]*slot{}
	h.mu.Unlock()
	h.cancel()
	defer context.AfterFunc(ctx, h.hurry)()
	defer h.hurry()
	var closing sync.WaitGroup
	for _, s := range slots {
		closing.Go(func() { s.close(ctx) })
	}
	closing.Wait()
	h.tasks.Wait()
}

func errClosed() error { return domain.Errorf(domain.KindUnavailable, "analyzers are shutting down") }

// translate gives an error the project's kind and the plugin's name.
func translate(name string, err error) error {
	var known *domain.Error
	if errors.As(err, &known) {
		return err
	}
	kind := domain.KindUnavailable
	var told *analyzer.Error
	var failure *process.Failure
	switch {
	case errors.As(err, &told):
		kind = map[analyzer.ErrorKind]domain.Kind{
			analyzer.Invalid: domain.KindInvalid, analyzer.Unavailable: domain.KindUnavailable,
		}[told.Kind]
		if kind == "" {
			kind = domain.KindInternal
		}
	case errors.As(err, &failure) && failure.Kind == process.Refused:
		kind = domain.KindInvalid
	case errors.As(err, &failure) && failure.Kind == process.Broken:
		kind = domain.KindInternal
	}
	return domain.Errorf(kind, "analyzer %s %w", name, err)
}
