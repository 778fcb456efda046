//go:build unix

package process

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	maxProcesses   = 64                     // a plugin and its descendants; more is a fork bomb
	watchInterval  = 100 * time.Millisecond // between two looks at memory and children
	stopPasses     = 20                     // looks for children that left the group, until none is new
	mostStrays     = 1 << 16
	drainTime      = 500 * time.Millisecond // for the last lines of a dead plugin
	handshakeBytes = 64 << 10               // the first line on stdout
)

// passedEnv is all that a plugin gets to see of the host's environment. Proxy settings are not in it: they may hold a password.
var passedEnv = []string{"PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}

// runner is the operating system's side of a plugin: go-plugin asks it to start the file and gives it the environment of
// the handshake. It replaces go-plugin's own because that one forks on any thread, kills only the process and not its
// group, and waits for pipes that grandchildren may hold for ever.
type runner struct {
	path   string
	memory int64
	sink   *sink

	dir       string         // of the socket and temporary files, private to us; valid after prepare
	cmd       *exec.Cmd      // valid after prepare
	handshake *io.PipeReader // the first line of stdout, then EOF; valid after Start
	done      chan struct{}  // closed when the process was reaped and its group killed

	mu     sync.Mutex
	pid    int
	reaped bool
	why    string // why we killed it, if we did
	misled error  // what was wrong with the first line on stdout, if anything
}

func newRunner(path string, memory int64, sink *sink) *runner {
	return &runner{path: path, memory: memory, sink: sink, done: make(chan struct{})}
}

// prepare takes what go-plugin wants in the environment and the folder for the plugin's socket and temporary files.
func (r *runner) prepare(env []string, dir string) {
	cmd := exec.Command(r.path)
	cmd.Dir = filepath.Dir(r.path)
	cmd.SysProcAttr = attributes()
	cmd.Env = append(cmd.Env, env...)
	for _, key := range passedEnv {
		if value, ok := os.LookupEnv(key); ok {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, "TMPDIR="+dir, fmt.Sprintf("GOMEMLIMIT=%d", r.memory*8/10))
	r.cmd, r.dir = cmd, dir
}

// Start implements runner.Runner.
func (r *runner) Start(context.Context) error {
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		return errors.Join(err, outRead.Close(), outWrite.Close())
	}
	r.cmd.Stdout, r.cmd.Stderr = outWrite, errWrite
	err = r.fork()
	closed := errors.Join(outWrite.Close(), errWrite.Close())
	if err := errors.Join(err, closed); err != nil {
		return errors.Join(err, outRead.Close(), errRead.Close())
	}
	if err := limit(r.pid, r.memory); err != nil {
		r.sink.note("plugin runs without kernel limits", "error", err.Error())
	}
	reader, writer := io.Pipe()
	r.handshake = reader
	var drained sync.WaitGroup
	drained.Go(func() { r.relayFirstLine(outRead, writer) })
	drained.Go(func() { r.sink.lines(errRead) })
	go r.reap(outRead, errRead, &drained)
	go r.watch()
	return nil
}

// fork starts the process unless it was already told to end.
func (r *runner) fork() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.why != "" {
		return errors.New(r.why)
	}
	if err := startOnSpawner(r.cmd); err != nil {
		return err
	}
	r.pid = r.cmd.Process.Pid
	return nil
}

// relayFirstLine hands on the handshake and then swallows what else is printed, so that a chatty plugin never blocks on a
// full pipe.
func (r *runner) relayFirstLine(from io.Reader, to *io.PipeWriter) {
	buffered := bufio.NewReaderSize(from, handshakeBytes)
	line, err := buffered.ReadSlice('\n')
	if err == nil {
		line, err = withoutCertificate(line)
	}
	if err == nil {
		_, err = to.Write(line)
	}
	if errors.Is(err, bufio.ErrBufferFull) {
		err = errors.New("the first line on stdout is too long")
	}
	r.mu.Lock()
	r.misled = err
	r.mu.Unlock()
	if err == nil {
		err = io.EOF
	}
	_ = to.CloseWithError(err)           // never fails
	_, _ = io.Copy(io.Discard, buffered) // ends with the pipe
}

// certificateBytes is what no certificate stays under; older go-plugins print something shorter in its place.
const certificateBytes = 50

// withoutCertificate cuts a handshake to the fields that the contract knows: version of go-plugin, version of the wire,
// network, address, protocol. go-plugin's host half panics on a certificate that it did not ask for.
func withoutCertificate(line []byte) ([]byte, error) {
	fields := bytes.Split(bytes.TrimSpace(line), []byte("|"))
	if len(fields) > 5 && len(fields[5]) > certificateBytes {
		return nil, errors.New("its first line on stdout has a certificate; serve without TLS, the host hands out no certificates")
	}
	return append(bytes.Join(fields[:min(len(fields), 5)], []byte("|")), '\n'), nil
}

// reap waits for the end of the process, kills what is left of its group and then, only then, frees the number.
func (r *runner) reap(out, err *os.File, drained *sync.WaitGroup) {
	awaitExit(r.cmd)
	r.mu.Lock()
	_ = syscall.Kill(-r.pid, syscall.SIGKILL) // ESRCH when nothing is left
	r.reaped = true
	r.mu.Unlock()
	_ = r.cmd.Wait()                      // its error says no more than ProcessState
	deadline := time.Now().Add(drainTime) // a grandchild that left the group may hold the pipes open
	_ = errors.Join(out.SetReadDeadline(deadline), err.SetReadDeadline(deadline))
	drained.Wait()
	_ = errors.Join(out.Close(), err.Close())
	close(r.done)
}

// watch ends a plugin that takes too much memory or forks without end.
func (r *runner) watch() {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-r.done:
			return
		case <-ticker.C:
		}
		resident, processes := usage(r.pid)
		switch {
		case processes > maxProcesses:
			r.kill(fmt.Sprintf("it started more than %d processes", maxProcesses-1))
		case resident > r.memory:
			if fair := fairUsage(r.pid); processes == 1 || fair > r.memory || fair == 0 {
				r.kill(fmt.Sprintf("it took %d MiB of memory, more than its limit of %d MiB", resident>>20, r.memory>>20))
			}
		}
	}
}

// kill ends the whole group at once, also a stopped one, and the descendants that left it; before the start, it forbids
// the start. The first reason given is the one told.
func (r *runner) kill(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reaped {
		return
	}
	if r.why == "" {
		r.why = why
	}
	if r.pid == 0 {
		return
	}
	strays := r.stop()
	_ = syscall.Kill(-r.pid, syscall.SIGKILL) // the group exists: its leader is not reaped
	for stray := range strays {
		_ = syscall.Kill(stray, syscall.SIGKILL)
	}
}

// stop halts the group and the descendants that left it, which it returns: what stands still does not fork while it is
// looked at. The lock is held.
func (r *runner) stop() map[int]bool {
	_ = syscall.Kill(-r.pid, syscall.SIGSTOP)
	strays := map[int]bool{}
	for range stopPasses {
		before := len(strays)
		for _, member := range family(r.pid, mostStrays) {
			if group, err := syscall.Getpgid(member); err == nil && group != r.pid && !strays[member] {
				strays[member] = true
				_ = syscall.Kill(member, syscall.SIGSTOP) // ESRCH if it ended meanwhile
			}
		}
		if len(strays) == before {
			break
		}
	}
	return strays
}

// ask requests an end, of the plugin alone: its children are its own to end.
func (r *runner) ask() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pid != 0 && !r.reaped {
		_ = syscall.Kill(r.pid, syscall.SIGTERM) // a zombie takes it too
	}
}

// reason says in a few words why the process is gone; valid after done.
func (r *runner) reason() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.why != "" {
		return "was ended: " + r.why
	}
	return "ended: " + r.cmd.ProcessState.String()
}

// fromOutside says whether somebody else ended the process: a person, a service manager, the kernel. Valid after done.
func (r *runner) fromOutside() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	status, ok := r.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || r.why != "" || !status.Signaled() {
		return false
	}
	return slices.Contains([]syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}, status.Signal())
}

// fault returns what was wrong with the first line on stdout, nil if nothing was or none came.
func (r *runner) fault() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if errors.Is(r.misled, io.EOF) || errors.Is(r.misled, os.ErrClosed) {
		return nil
	}
	return r.misled
}

// Wait implements runner.Runner.
func (r *runner) Wait(ctx context.Context) error {
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kill implements runner.Runner.
func (r *runner) Kill(context.Context) error {
	r.kill("the host stopped it")
	return nil
}

// Stdout implements runner.Runner.
func (r *runner) Stdout() io.ReadCloser { return r.handshake }

// Stderr implements runner.Runner; the lines go to the sink, not through go-plugin.
func (r *runner) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name implements runner.Runner.
func (r *runner) Name() string { return r.path }

// ID implements runner.Runner.
func (r *runner) ID() string { return strconv.Itoa(r.processID()) }

func (r *runner) processID() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pid
}

// Diagnose implements runner.Runner.
func (r *runner) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner. The only address that nobody else can take or reach is a socket in the plugin's
// own folder: no other place and no network is dialled.
func (r *runner) PluginToHost(network, address string) (string, string, error) {
	if network != "unix" {
		return "", "", fmt.Errorf("it serves on network %.20q, not on a unix socket", network)
	}
	if filepath.Dir(filepath.Clean(address)) != filepath.Clean(r.dir) {
		return "", "", errors.New("its socket is not in the folder that PLUGIN_UNIX_SOCKET_DIR names")
	}
	return network, address, nil
}

// HostToPlugin implements runner.Runner: same machine, same names.
func (r *runner) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// private returns an error unless the folder belongs to us and nobody else may enter it.
func private(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || info.Mode().Perm() != 0o700 || int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("the folder %s for the plugin's socket is not private: %s", dir, info.Mode())
	}
	return nil
}
