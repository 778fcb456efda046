package server_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The limits that the figures are set against; docs/benchmarks.md has the ratios.
const (
	leastImportRate   = 1500.0 // messages a second with all analyses stored
	mostImportMemory  = 400e6  // bytes, server and plugins together
	mostEventLatency  = 150 * time.Millisecond
	mostReadySeconds  = 2.0
	eventRate         = 50 // messages a second
	eventMessages     = 1000
	generatedMessages = exportChats * exportMessages
)

// exportOf is the folder named by FINCO_BENCH_DATA (an export result.json and a company.yml beside or above it), else a
// generated export.
func exportOf(b *testing.B, dir string) (export, company string) {
	folder := os.Getenv("FINCO_BENCH_DATA")
	if folder == "" {
		b.Logf("FINCO_BENCH_DATA is not set: a generated export of %d messages", generatedMessages)
		return writeExport(b, dir)
	}
	company = filepath.Join(folder, "company.yml")
	if _, err := os.Stat(company); err != nil {
		company = filepath.Join(filepath.Dir(folder), "company.yml")
	}
	return folder, company
}

// BenchmarkImport measures an import from the start of the program until every analysis is stored.
func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		m := newMachine(b)
		export, company := exportOf(b, m.dir)
		m.must("apply", company)
		cmd := m.command("import", "telegram", export, "--wait")
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		start := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		done := make(chan struct{})
		peak := watchMemory(cmd.Process.Pid, done)
		err := cmd.Wait()
		took := time.Since(start)
		close(done)
		if err != nil {
			b.Fatal(err, errs.String())
		}
		line := lastLine(b, out.String())
		rate := float64(line.New) / took.Seconds()
		memory := <-peak
		b.ReportMetric(rate, "messages/s")
		b.ReportMetric(rate/leastImportRate, "x-limit")
		b.ReportMetric(memory/1e6, "MB")
		b.ReportMetric(memory/mostImportMemory, "of-memory-limit")
	}
}

// watchMemory samples the resident memory of a process and its children and yields the peak in bytes once done closes. The
// database's own memory is not counted.
func watchMemory(pid int, done <-chan struct{}) <-chan float64 {
	out := make(chan float64, 1)
	go func() {
		peak := 0.0
		for {
			peak = max(peak, residentTree(pid))
			select {
			case <-done:
				out <- peak
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return out
}

func residentTree(root int) float64 {
	sum := 0.0
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		name, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if pid != root && (len(fields) < 22 || fields[1] != strconv.Itoa(root) || strings.Contains(name, "postgres")) {
			continue
		}
		pages, err := strconv.ParseFloat(fields[21], 64)
		if err == nil {
			sum += pages * float64(os.Getpagesize())
		}
	}
	return sum
}

// BenchmarkReady measures how long a start on an existing data directory takes until /readyz says so.
func BenchmarkReady(b *testing.B) {
	m := newMachine(b)
	_, company := writeExport(b, m.dir)
	m.must("apply", company)
	for b.Loop() {
		start := time.Now()
		s := m.serve()
		took := time.Since(start).Seconds()
		b.ReportMetric(took, "s")
		b.ReportMetric(took/mostReadySeconds, "of-limit")
		s.stop(b)
	}
}

// BenchmarkEvent measures from the insert of a message, over the intake of a second process, until the last of its four
// analyses reached a subscriber's socket, at 50 messages a second.
func BenchmarkEvent(b *testing.B) {
	m := newMachine(b)
	_, company := writeExport(b, m.dir)
	m.must("apply", company)
	s := m.serve()
	for b.Loop() {
		latencies := measureEvents(b, m, s)
		slices.Sort(latencies)
		p99 := latencies[len(latencies)*99/100]
		b.ReportMetric(float64(latencies[len(latencies)/2].Milliseconds()), "ms-p50")
		b.ReportMetric(float64(p99.Milliseconds()), "ms-p99")
		b.ReportMetric(float64(p99)/float64(mostEventLatency), "of-limit")
	}
}
