package analyzertest_test

import (
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
)

// Limits of a built-in plugin.
const (
	mostStart  = 60 * time.Millisecond // from the checksum to configured, model included
	mostMemory = 40e6                  // resident bytes
)

// BenchmarkBuiltIn measures the built-in plugins as they are shipped: how long a start takes and what they hold afterwards and
// after 10 000 texts. One that can't be configured without a server, or listens, is only started.
func BenchmarkBuiltIn(b *testing.B) {
	mains, err := filepath.Glob("../*/main.go")
	if err != nil || len(mains) == 0 {
		b.Fatal("no built-in plugins", err)
	}
	folder := b.TempDir()
	build := []string{"build", "-buildvcs=false", "-o", folder + "/"}
	for _, path := range mains {
		build = append(build, "../"+filepath.Base(filepath.Dir(path)))
	}
	if out, err := exec.CommandContext(b.Context(), "go", build...).CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, path := range mains {
		name := filepath.Base(filepath.Dir(path))
		executable := filepath.Join(folder, name)
		checksum, err := process.Checksum(executable)
		if err != nil {
			b.Fatal(err)
		}
		options := process.Options{Path: executable, Checksum: checksum, Log: slog.New(slog.DiscardHandler), Unconfigured: true}
		probe := start(b, options)
		d := probe.Description()
		end(probe)
		options.Unconfigured = slices.ContainsFunc(d.Settings, func(s analyzer.Setting) bool { return s.Required })
		b.Run("start/"+name, func(b *testing.B) { benchmarkStart(b, options) })
		if !options.Unconfigured && !d.Audio {
			b.Run("memory/"+name, func(b *testing.B) { benchmarkMemory(b, options) })
		}
	}
}

func start(b *testing.B, options process.Options) *process.Process {
	b.Helper()
	p, err := process.Start(b.Context(), options)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func end(p *process.Process) {
	p.Kill("it was measured")
	<-p.Done()
}

// benchmarkStart reports the median and the least of 15 starts or more.
func benchmarkStart(b *testing.B, options process.Options) {
	var took []time.Duration
	var memory int64
	for b.Loop() {
		for range 15 {
			began := time.Now()
			p := start(b, options)
			took = append(took, time.Since(began))
			memory = p.Memory()
			end(p)
		}
	}
	slices.Sort(took)
	median := took[len(took)/2]
	b.ReportMetric(0, "ns/op") // that would be 15 starts and ends
	b.ReportMetric(float64(median.Microseconds())/1e3, "ms")
	b.ReportMetric(float64(took[0].Microseconds())/1e3, "ms-least")
	b.ReportMetric(float64(median)/float64(mostStart), "of-limit")
	b.ReportMetric(float64(memory)/1e6, "MB")
	b.ReportMetric(float64(memory)/mostMemory, "of-memory-limit")
}

// benchmarkMemory sends 10 000 texts as the host does, 64 a batch and 8 batches at once, and reports the most that was held.
func benchmarkMemory(b *testing.B, options process.Options) {
	const texts, batch, inFlight = 10_000, 64, 8
	var most atomic.Int64
	for b.Loop() {
		p := start(b, options)
		var group errgroup.Group
		group.SetLimit(inFlight)
		for from := 0; from < texts; from += batch {
			group.Go(func() error {
				ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
				defer cancel()
				_, err := p.Analyze(ctx, chat(from, min(batch, texts-from)))
				most.Store(max(most.Load(), p.Memory()))
				return err
			})
		}
		if err := group.Wait(); err != nil {
			b.Fatal(err)
		}
		end(p)
	}
	b.ReportMetric(float64(most.Load())/1e6, "MB")
	b.ReportMetric(float64(most.Load())/mostMemory, "of-memory-limit")
}

// chat returns messages of which none comes twice.
func chat(from, n int) []analyzer.Input {
	inputs := make([]analyzer.Input, n)
	for i := range inputs {
		inputs[i] = analyzer.Input{
			ID: fmt.Sprint(i), Side: []analyzer.Side{analyzer.Customer, analyzer.Staff}[i%2],
			Text:    fmt.Sprintf("Здравствуйте! Где мой заказ %d? Buyurtmam qachon keladi?", from+i),
			Context: []analyzer.Turn{{Side: analyzer.Customer, Text: fmt.Sprintf("Салом, заказ %d", from+i)}},
		}
	}
	return inputs
}
