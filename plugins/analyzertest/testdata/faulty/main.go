// A plugin with one fault, chosen by its file's name.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/fincokpi/finco/plugins/analyzer"
)

func has(fault string) bool { return filepath.Base(os.Args[0]) == fault }

type faulty struct {
	mu       sync.Mutex
	last     string
	asked    int // how often it was asked what it is
	offended bool
	hoard    [][]byte
	stuck    sync.Mutex
}

func (f *faulty) Describe() analyzer.Description {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := analyzer.Description{Name: "faulty", Version: "1", Kinds: []analyzer.Kind{analyzer.Question}}
	if has("undoc") {
		d.Settings = []analyzer.Setting{{Key: "x", Type: analyzer.Bool}}
	}
	if f.asked++; has("moody") {
		d.Version = fmt.Sprint(f.asked)
	}
	return d
}

func (*faulty) Configure(json.RawMessage) error {
	switch {
	case has("alone"):
		// A lock of the machine, as an author's fixed port or lock file would be; it ends with the process.
		_, err := net.Listen("unix", fmt.Sprintf("@finco-faulty-%d", os.Getppid()))
		return err
	case has("stale"): // finds the traces of the one before it, which did not get to clear them away
		_, err := os.Stat("lock")
		if err == nil {
			return errors.New("it runs already")
		}
	}
	return nil
}

func (f *faulty) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	switch {
	case len(inputs) == 0:
		return nil, nil
	case has("stale") && strings.HasPrefix(inputs[0].ID, "killed"):
		if err := os.WriteFile("lock", nil, 0o600); err != nil {
			return nil, err
		}
	case has("late") && strings.HasPrefix(inputs[0].ID, "deadline"):
		f.stuck.Lock() // and nobody unlocks
	case has("sulks") && strings.HasPrefix(inputs[0].ID, "cancel"):
		<-ctx.Done()
		f.offend()
	case has("late"):
		f.stuck.Lock()
		defer f.stuck.Unlock()
	case f.isOffended():
		return nil, errors.New("somebody gave up on me")
	case has("spoils") && strings.ContainsRune(inputs[0].Text, 0) && len(inputs) > 1:
		return analyzer.Each(ctx, inputs, func(context.Context, analyzer.Input) ([]analyzer.Outcome, error) {
			return nil, analyzer.Errorf(analyzer.Invalid, "one is odd")
		})
	}
	results, err := analyzer.Each(ctx, inputs, f.judge)
	if has("drops") && len(results) > 10 {
		results = results[:10]
	}
	if has("swaps") && len(results) == 16 { // keeps the batch in a field that calls share
		f.mu.Lock()
		defer f.mu.Unlock()
		results[0].ID, f.last = f.last, results[0].ID
	}
	return results, err
}

func (f *faulty) offend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.offended = true
}

func (f *faulty) isOffended() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.offended
}

// keep is a cache without a bound.
func (f *faulty) keep() {
	page := make([]byte, 16<<10)
	for i := range page {
		page[i] = 1
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hoard = append(f.hoard, page)
}

func (f *faulty) judge(_ context.Context, in analyzer.Input) ([]analyzer.Outcome, error) {
	switch {
	case has("empty"):
		_ = in.Text[0]
	case has("huge") && len(in.Text) > 1<<16:
		return nil, errors.New("too long")
	case has("odd") && strings.ContainsRune(in.Text, 0):
		os.Exit(2)
	case has("hoards"):
		f.keep()
	case has("prints"):
		fmt.Fprintln(os.Stderr, "judging", in.Text)
	}
	return []analyzer.Outcome{{Kind: analyzer.Question, Label: analyzer.Yes}}, nil
}

func main() {
	switch {
	case has("accepts"), has("brittle"), has("eager"), has("glass"):
		serveCarelessly()
	case strings.HasPrefix(filepath.Base(os.Args[0]), "ear-"):
		analyzer.Serve(&ear{})
	}
	analyzer.Serve(&faulty{})
}
