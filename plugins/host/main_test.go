package host

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzertest"
)

// helperEnv makes the test binary a host that runs the plugin at that path until it is killed.
const helperEnv = "FINCO_TEST_HOST_OF"

var misbehaving string // the plugin's executable

func TestMain(m *testing.M) {
	if path := os.Getenv(helperEnv); path != "" {
		beHost(path)
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	folder, err := os.MkdirTemp("", "host-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	misbehaving, err = analyzertest.Build(context.Background(), folder, "github.com/fincokpi/finco/plugins/analyzertest/testdata/misbehaving")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// beHost runs one plugin, prints its process id and waits to be killed.
func beHost(path string) {
	h := New(Config{Log: slog.New(slog.DiscardHandler)})
	sum, err := Checksum(path)
	if err == nil {
		_, err = h.Add(context.Background(), Spec{Name: "orphan", Path: path, Checksum: sum})
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(h.Status()[0].PID)
	select {}
}

// logBook is a concurrent buffer for the host's log.
type logBook struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	grown chan struct{} // closed and replaced with each line; nil: nobody waits
}

// await returns when the log holds text.
func (b *logBook) await(t *testing.T, text string) {
	t.Helper()
	for {
		b.mu.Lock()
		if strings.Contains(b.buf.String(), text) {
			b.mu.Unlock()
			return
		}
		if b.grown == nil {
			b.grown = make(chan struct{})
		}
		grown := b.grown
		b.mu.Unlock()
		select {
		case <-grown:
		case <-t.Context().Done():
			t.Fatalf("%q never was in the log", text)
		}
	}
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.grown != nil {
		close(b.grown)
		b.grown = nil
	}
	return b.buf.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// bench is a host under test with the misbehaving plugin's path.
type bench struct {
	*Host
	t    *testing.T
	log  *logBook
	path string
}

func newBench(t *testing.T, change func(*Config)) *bench {
	t.Helper()
	b := &bench{t: t, log: &logBook{}, path: misbehaving}
	config := Config{
		Log:     slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Backoff: func(int) time.Duration { return 0 },
	}
	if change != nil {
		change(&config)
	}
	b.Host = New(config)
	t.Cleanup(func() { b.Close(context.Background()) })
	return b
}

// as returns the plugin's executable under another name, by which it misbehaves at the start.
func (b *bench) as(name string) string {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), name)
	if err := os.Link(b.path, path); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b *bench) spec(name, path, version string) Spec {
	b.t.Helper()
	sum, err := Checksum(path)
	if err != nil {
		b.t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]string{"version": version})
	if err != nil {
		b.t.Fatal(err)
	}
	return Spec{Name: name, Path: path, Checksum: sum, Settings: settings}
}

// unset is a spec without settings.
func (b *bench) unset(name, path string) Spec {
	b.t.Helper()
	spec := b.spec(name, path, "")
	spec.Settings = nil
	return spec
}

// variable returns what the plugin's act "env" told of an environment variable.
func variable(t *testing.T, result analyzer.Result, name string) string {
	t.Helper()
	var details struct{ Env []string }
	if err := json.Unmarshal(result.Outcomes[0].Details, &details); err != nil {
		t.Fatal(err)
	}
	for _, entry := range details.Env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// mustAdd runs the plugin under the name "p".
func (b *bench) mustAdd(version string) {
	b.t.Helper()
	if _, err := b.Add(b.t.Context(), b.spec("p", b.path, version)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) status(name string) Status {
	b.t.Helper()
	for _, status := range b.Status() {
		if status.Name == name {
			return status
		}
	}
	b.t.Fatalf("%s has no status", name)
	return Status{}
}

// await waits, by the slot's own signal, until it is in a state.
func (b *bench) await(name string, state State) {
	b.t.Helper()
	s, err := b.slot(name)
	if err != nil {
		b.t.Fatal(err)
	}
	for {
		s.mu.Lock()
		now, changed := s.state, s.changed
		s.mu.Unlock()
		if now == state {
			return
		}
		select {
		case <-changed:
		case <-b.t.Context().Done():
			b.t.Fatalf("%s never was %s", name, state)
		}
	}
}

// process returns a channel that closes when the process that runs now is gone.
func (b *bench) process(name string) <-chan struct{} {
	b.t.Helper()
	s, err := b.slot(name)
	if err != nil {
		b.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		b.t.Fatalf("%s has no process", name)
	}
	return s.current.process.Done()
}

// texts makes inputs with ids 0, 1, …
func texts(texts ...string) []analyzer.Input {
	inputs := make([]analyzer.Input, len(texts))
	for i, text := range texts {
		inputs[i] = analyzer.Input{ID: fmt.Sprint(i), Text: text, Side: analyzer.Customer}
	}
	return inputs
}

// awaitDeath returns when a process that is not our child has ended.
func awaitDeath(t *testing.T, pidfd int) {
	t.Helper()
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 20_000)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			t.Fatalf("the process lives on (%v)", err)
		}
		return
	}
}

func openPID(t *testing.T, pid int) int {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatalf("process %d: %v", pid, err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}
