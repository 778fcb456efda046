package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is where TestMain built finco and its analyzers.
var program string

// builtIns are the analyzers that work without a setting.
var builtIns = []string{"language", "politeness", "quality", "question", "relevance", "sentiment", "stt", "topic"}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "finco-program")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		return 1
	}
	build := func(out, pkg string) error {
		cmd := exec.Command("go", "build", "-o", out, pkg)
		cmd.Dir = ".."
		cmd.Stderr = os.Stderr
		return cmd.Run()
	}
	program = filepath.Join(dir, "finco")
	targets := map[string]string{program: "./cmd/finco"}
	for _, name := range builtIns {
		targets[filepath.Join(dir, "analyzers", name)] = "./plugins/" + name
	}
	for out, pkg := range targets {
		if err := build(out, pkg); err != nil {
			fmt.Fprintln(os.Stderr, "building", pkg, err)
			return 1
		}
	}
	return m.Run()
}

// machine is one data directory and the commands run on it.
type machine struct {
	t   testing.TB
	dir string
}

func newMachine(t testing.TB) *machine {
	dir, err := os.MkdirTemp("", "finco-data")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // Postgres runs as another user when we are root
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &machine{t, dir}
}

func (m *machine) command(args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "FINCO_DATA_DIR="+m.dir, "FINCO_ADDR=127.0.0.1:0", "DATABASE_URL=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// result is what a command left.
type result struct {
	code           int
	stdout, stderr string
}

func (m *machine) run(args ...string) result {
	m.t.Helper()
	var out, errs bytes.Buffer
	cmd := m.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		m.t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

func (m *machine) must(args ...string) string {
	m.t.Helper()
	r := m.run(args...)
	if r.code != 0 {
		m.t.Fatalf("finco %s: code %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// query asks the graph as a person and decodes the data.
func (m *machine) query(as, query string, into any) {
	m.t.Helper()
	args := []string{"query", query}
	if as != "" {
		args = []string{"query", "--as", as, query}
	}
	var answer struct{ Data json.RawMessage }
	if err := json.Unmarshal([]byte(m.must(args...)), &answer); err != nil {
		m.t.Fatal(err)
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		m.t.Fatal(err)
	}
}

// served is a running server.
type served struct {
	cmd     *exec.Cmd
	address string
	logs    *logs
	done    chan struct{}
}

type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// serve starts a server and returns when it is ready; the test's end stops it.
func (m *machine) serve(args ...string) *served {
	m.t.Helper()
	s := &served{cmd: m.command(append([]string{"serve"}, args...)...), logs: &logs{}, done: make(chan struct{})}
	s.cmd.Stderr = s.logs
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { s.stop(m.t) })
	lines := bufio.NewReader(out)
	for s.address == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			_ = s.cmd.Wait()
			close(s.done)
			m.t.Fatalf("the server did not start: %v\n%s", err, s.logs)
		}
		if _, address, ok := strings.Cut(strings.TrimSpace(line), "FinCo answers on "); ok {
			s.address = address
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		_ = s.cmd.Wait()
		close(s.done)
	}()
	s.until(m.t, func(r readiness) bool { return r.Ready && len(r.Analyzers) == len(builtIns) })
	return s
}

type readiness struct {
	Ready     bool
	Demo      string
	Analyzers []struct{ Name, State string }
}

// until polls /readyz until the condition holds.
func (s *served) until(t testing.TB, holds func(readiness) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	for {
		var state readiness
		if response, err := http.Get(s.address + "/readyz"); err == nil {
			err = json.NewDecoder(response.Body).Decode(&state)
			_ = response.Body.Close()
			if err == nil && holds(state) {
				return
			}
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the server did not get there: %+v\n%s", state, s.logs)
		case <-s.done:
			t.Fatalf("the server ended\n%s", s.logs)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *served) stop(t testing.TB) {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(time.Minute):
		t.Error("the server did not stop")
		s.kill()
	}
}

// kill ends the server as a power cut would.
func (s *served) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}
