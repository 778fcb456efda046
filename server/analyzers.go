package server

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fincokpi/finco/auth"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/host"
)

// startAnalyzers registers the built-in analyzers and starts every enabled one. One that does not start is logged and left
// out; its jobs wait.
func (p *Parts) startAnalyzers(ctx context.Context) error {
	if err := p.RegisterBuiltIns(ctx); err != nil {
		return err
	}
	return p.renewAnalyzers(ctx)
}

// analyzersEvery is how soon a running process takes up what was enabled, disabled or set otherwise.
const analyzersEvery = 5 * time.Second

// followAnalyzers keeps running what the registry has enabled, until the context or the function returned ends it. Only one
// goroutine at a time may follow or start.
func (p *Parts) followAnalyzers(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		every := time.NewTicker(analyzersEvery)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
			}
			if err := p.renewAnalyzers(ctx); err != nil && ctx.Err() == nil {
				p.Log.Warn("the analyzers cannot be looked up", "room", "server", "error", err)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// renewAnalyzers brings the host to what the registry has enabled, and to the candidates beside it. What an analyzer could not
// judge before is tried again when it comes up.
func (p *Parts) renewAnalyzers(ctx context.Context) error {
	specs, err := p.App.Analyzers(auth.With(ctx, auth.System("operator")))
	if err != nil {
		return err
	}
	wanted := make(map[string]string, len(specs))
	for _, s := range specs {
		print := strings.Join([]string{s.Version, s.Path, s.Checksum, string(s.Settings)}, "\x00")
		slot := slotOf(s)
		wanted[slot] = print
		if s.Candidate() {
			p.slots.put(slot, s.State)
		}
		if p.specs[slot] == print {
			continue
		}
		_, err := p.host.Add(ctx, host.Spec{Name: slot, Path: s.Path, Checksum: s.Checksum, Settings: p.cfg.withToken(s.Name, s.Settings)})
		if err != nil {
			p.Log.Error("analyzer does not start", "room", "server", "analyzer", s.Name, "version", s.Version, "error", err)
			continue
		}
		if s.State == entanalyzer.StateShadow {
			continue // nobody misses its judgements
		}
		if _, err := p.App.RetryAnalyses(auth.With(ctx, auth.System("analyzer")), s.Name); err != nil {
			return err
		}
	}
	for slot := range p.specs {
		if _, ok := wanted[slot]; !ok {
			p.slots.drop(slot)
			p.remove(ctx, slot)
		}
	}
	p.specs = wanted
	return nil
}

// removeWithin is how long calls may go on in what is removed: enough for a batch. A voice note would keep everything else from
// being renewed for minutes; its job is tried again, by whoever works then.
const removeWithin = 30 * time.Second

func (p *Parts) remove(ctx context.Context, slot string) {
	ctx, cancel := context.WithTimeout(ctx, removeWithin)
	defer cancel()
	p.host.Remove(ctx, slot)
}

// RegisterBuiltIns makes the registry know the analyzers that came with this program, so that what is imported before the
// first start is judged too.
func (p *Parts) RegisterBuiltIns(ctx context.Context) error {
	ctx = auth.With(ctx, auth.System("operator"))
	dir, err := p.cfg.analyzersDir()
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		p.Log.Warn("there are no built-in analyzers; make build puts them beside the program", "dir", dir)
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			continue
		}
		if err := p.register(ctx, filepath.Join(dir, e.Name())); err != nil {
			p.Log.Error("analyzer not registered", "room", "server", "file", e.Name(), "error", err)
		}
	}
	return nil
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// sidesOf are the sides whose messages an analyzer wants, as the message record writes them.
func sidesOf(d analyzer.Description) []string {
	var out []string
	for _, side := range []analyzer.Side{analyzer.Customer, analyzer.Staff} {
		if d.Judges(side) {
			out = append(out, strings.ToUpper(string(side)))
		}
	}
	return out
}

func labelsOf(d analyzer.Description) map[string][]string {
	out := map[string][]string{}
	for kind, labels := range d.Labels {
		out[string(kind)] = labels
	}
	return out
}
