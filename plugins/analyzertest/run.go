package analyzertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
)

// Options say how to examine. The zero value fits most plugins.
type Options struct {
	Settings     json.RawMessage // for Configure; needed if the plugin has required settings
	Memory       int64           // bytes it may take; 0: what the host grants by default
	CallTimeout  time.Duration   // for one batch; 0: 30 s
	StartTimeout time.Duration   // 0: 10 s
	Log          io.Writer       // gets the plugin's lines; nil: nobody
}

// Finding is what one check found.
type Finding struct {
	Check   string        // what was asked of the plugin
	Problem string        // what it did wrong; empty: nothing
	Note    string        // what was measured, if anything
	Took    time.Duration // including a restart, where the check before left no plugin behind
}

// OK says whether the check was passed.
func (f Finding) OK() bool { return f.Problem == "" }

// TB is what Check needs of a *testing.T.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// Check examines the plugin at path and reports each problem as an error of the test.
func Check(t TB, path string) {
	t.Helper()
	for _, finding := range Run(context.Background(), path, Options{}) {
		if finding.OK() {
			t.Logf("ok: %s (%s) %s", finding.Check, finding.Took.Round(time.Millisecond), finding.Note)
			continue
		}
		t.Errorf("%s: %s", finding.Check, finding.Problem)
	}
}

// Run examines the plugin at path with every check and returns one finding a check, in a fixed order. When the plugin does
// not start, there is only the first.
func Run(ctx context.Context, path string, options Options) []Finding {
	if options.CallTimeout <= 0 {
		options.CallTimeout = 30 * time.Second
	}
	if options.Log == nil {
		options.Log = io.Discard
	}
	e := &exam{path: path, options: options}
	defer func() {
		if e.plugin != nil {
			e.plugin.Stop(ctx)
		}
	}()
	findings := e.ask(ctx, common)
	if e.plugin == nil || ctx.Err() != nil {
		return findings
	}
	if e.plugin.Description().Audio {
		return append(findings, e.ask(ctx, sounds)...)
	}
	return append(findings, e.ask(ctx, texts)...)
}

// ask goes through checks until the plugin has never started, or ctx ends.
func (e *exam) ask(ctx context.Context, checks []check) []Finding {
	var findings []Finding
	for _, check := range checks {
		began := time.Now()
		e.note = ""
		err := e.run(ctx, check)
		finding := Finding{Check: check.name, Note: e.note, Took: time.Since(began)}
		if err != nil {
			finding.Problem = strings.ToUpper(err.Error()[:1]) + err.Error()[1:]
		}
		findings = append(findings, finding)
		if e.plugin == nil || ctx.Err() != nil {
			break
		}
	}
	return findings
}

// exam is one plugin under examination.
type exam struct {
	path    string
	options Options
	plugin  *process.Process // nil: none ever started
	note    string           // what the check under way measured
	leaked  atomic.Int64     // lines that the host would have withheld
}

type check struct {
	name string
	ask  func(context.Context, *exam) error
}

// run asks one question with a living plugin and afterwards sees whether it still lives and answers.
func (e *exam) run(ctx context.Context, c check) error {
	if e.plugin == nil || e.plugin.Exited() {
		plugin, err := e.start(ctx, e.options.Settings)
		if err != nil {
			return fmt.Errorf("it does not start: %w", err)
		}
		e.plugin = plugin
	}
	err := c.ask(ctx, e)
	if e.plugin.Exited() {
		return errors.Join(err, fmt.Errorf("the process %s", e.plugin.Reason()))
	}
	if err != nil {
		return err
	}
	after, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
	defer cancel()
	if err := e.plugin.Ping(after); err != nil {
		e.plugin.Kill("it no longer answers")
		return fmt.Errorf("it is not healthy afterwards: %w", err)
	}
	return nil
}

func (e *exam) start(ctx context.Context, settings json.RawMessage) (*process.Process, error) {
	checksum, err := process.Checksum(e.path)
	if err != nil {
		return nil, err
	}
	log := slog.New(&watcher{Handler: slog.NewTextHandler(e.options.Log, nil), leaked: &e.leaked})
	return process.Start(ctx, process.Options{
		Path: e.path, Checksum: checksum, Settings: settings, Log: log, Memory: e.options.Memory, StartTimeout: e.options.StartTimeout,
	})
}

// analyze sends a batch with the deadline of the options.
func (e *exam) analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
	defer cancel()
	return e.plugin.Analyze(ctx, inputs)
}

// sound runs a batch and returns an error if it failed in a way that the contract does not allow.
func (e *exam) sound(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return e.judged(inputs)(e.analyze(ctx, inputs))
}

// judged says whether the end of a batch is one that the contract allows. Errors of a downstream are allowed anywhere: the
// examination can't provide a model server.
func (e *exam) judged(inputs []analyzer.Input) func([]analyzer.Result, error) ([]analyzer.Result, error) {
	return func(results []analyzer.Result, err error) ([]analyzer.Result, error) {
		var told *analyzer.Error
		if errors.As(err, &told) && told.Fault == analyzer.FaultDownstream {
			results = make([]analyzer.Result, len(inputs))
			for i, input := range inputs {
				results[i] = analyzer.Result{ID: input.ID, Err: told}
			}
			return results, nil
		}
		if err != nil {
			return nil, err
		}
		for _, result := range results {
			if result.Err != nil && result.Err.Fault == analyzer.FaultPlugin && result.Err.Kind == analyzer.Internal {
				return nil, fmt.Errorf("input %q: %w", result.ID, result.Err)
			}
		}
		return results, nil
	}
}

// watcher counts the lines that process withheld.
type watcher struct {
	slog.Handler
	leaked *atomic.Int64
}

// Handle implements slog.Handler.
func (w *watcher) Handle(ctx context.Context, record slog.Record) error {
	withheld := strings.Contains(record.Message, process.Withheld)
	record.Attrs(func(attr slog.Attr) bool {
		withheld = withheld || strings.Contains(attr.Value.String(), process.Withheld)
		return true
	})
	if withheld {
		w.leaked.Add(1)
	}
	return w.Handler.Handle(ctx, record)
}
