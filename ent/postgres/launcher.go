package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fincokpi/finco/domain"
)

// launcher brings a server up; it is used under the transition lock.
type launcher struct {
	Options
	dir, data string
	account   account
}

// newLauncher readies the folder.
func newLauncher(options Options) (launcher, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return launcher{}, err
	}
	account, err := serverAccount()
	if err != nil {
		return launcher{}, err
	}
	if err := account.own(dir); err != nil {
		return launcher{}, err
	}
	return launcher{Options: options, dir: dir, data: filepath.Join(dir, "data"), account: account}, account.reach(dir)
}

// transitionLock is held while a server starts or stops.
func (l launcher) transitionLock() string { return filepath.Join(l.dir, "start.lock") }

func (l launcher) relaunch(ctx context.Context) (*process, error) {
	transition, err := exclude(ctx, l.transitionLock())
	if err != nil {
		return nil, err
	}
	defer transition.Close()
	return l.launch(ctx)
}

func (l launcher) launch(ctx context.Context) (*process, error) {
	major, err := l.dataVersion()
	if err != nil {
		return nil, err
	}
	bin, err := findBinaries(ctx, l.Binaries, major, filepath.Join(l.dir, "binaries"))
	if err != nil {
		return nil, err
	}
	if p, ok := l.running(bin.dir); ok {
		if err := p.ping(ctx, l.lastLog); err == nil {
			return p, nil
		} else if !p.gone() {
			return nil, err
		}
	}
	if major == 0 {
		if err := l.initialise(ctx, bin); err != nil {
			return nil, err
		}
	}
	socket, err := l.socketDir()
	if err != nil {
		return nil, err
	}
	for {
		p, err := l.start(ctx, bin, socket)
		if err == nil || !passing(err) {
			return p, err
		}
		if p, ok := l.running(bin.dir); ok && p.ping(ctx, l.lastLog) == nil {
			return p, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(firstPause):
		}
	}
}

// passing tells failures that end by themselves: the children of a server that was killed hold its memory for a moment longer
// than it lived, and a process killed just now may have left a server that is only starting.
func passing(err error) bool {
	return strings.Contains(err.Error(), "shared memory block") || strings.Contains(err.Error(), "postmaster.pid")
}

// dataVersion is the major version that wrote the data, 0 where there is none.
func (l launcher) dataVersion() (int, error) {
	text, err := os.ReadFile(filepath.Join(l.data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var major int
	if _, err := fmt.Sscan(string(text), &major); err != nil {
		return 0, fmt.Errorf("reading the version of the data: %w", err)
	}
	return major, nil
}

// running finds the server that already runs on the data.
func (l launcher) running(bin string) (*process, bool) {
	text, err := os.ReadFile(filepath.Join(l.data, "postmaster.pid"))
	if err != nil {
		return nil, false
	}
	// process, data folder, start, port, socket folder, …
	lines := strings.Split(string(text), "\n")
	var pid int
	if _, err := fmt.Sscan(lines[0], &pid); err != nil || pid <= 0 || !alive(pid) || !isPostgres(pid) {
		return nil, false
	}
	socket := l.dir
	if len(lines) > 4 && lines[4] != "" {
		socket = lines[4]
	}
	return &process{pid: pid, socket: socket, bin: bin}, true
}

// initialise writes a new data folder beside its place and then moves it there, so that a kill leaves none or a whole one.
func (l launcher) initialise(ctx context.Context, bin binaries) error {
	if entries, err := os.ReadDir(l.data); err == nil && len(entries) > 0 {
		return domain.Errorf(domain.KindUnavailable, "The folder %s is not empty and not a Postgres data folder: move it away.", l.data)
	}
	fresh := l.data + ".new"
	var out []byte
	var err error
	// C.UTF-8 folds the case of all letters; a system without it has en_US.UTF-8, or sorts and folds ASCII only.
	for _, locale := range []string{"C.UTF-8", "en_US.UTF-8", "C"} {
		if err := os.RemoveAll(fresh); err != nil {
			return err
		}
		args := []string{"-D", fresh, "-U", OwnerRole, "-A", "trust", "-E", "UTF8", "--locale=" + locale}
		if l.NoSync {
			args = append(args, "--no-sync")
		}
		cmd := l.command(ctx, bin, "initdb", args...)
		if out, err = cmd.CombinedOutput(); err == nil {
			break
		}
		if !bytes.Contains(out, []byte("locale")) {
			break
		}
	}
	if err != nil {
		return domain.Errorf(domain.KindUnavailable, "initdb failed (%w): %s", err, lastLine(out))
	}
	if err := os.RemoveAll(l.data); err != nil {
		return err
	}
	return os.Rename(fresh, l.data)
}

// socketDir is Dir where the socket's path fits; else a short temporary folder whose name Dir remembers.
func (l launcher) socketDir() (string, error) {
	if len(l.dir)+len(socketName) <= longestSocket {
		return l.dir, nil
	}
	note := filepath.Join(l.dir, "socket")
	if text, err := os.ReadFile(note); err == nil {
		if info, err := os.Lstat(string(text)); err == nil && info.IsDir() && int(info.Sys().(*syscall.Stat_t).Uid) == l.account.uid {
			return string(text), nil
		}
	}
	root := os.TempDir()
	if len(root)+len("/finco-0123456789")+len(socketName) > longestSocket {
		root = "/tmp"
	}
	dir, err := os.MkdirTemp(root, "finco-")
	if err != nil {
		return "", err
	}
	if err := l.account.own(dir); err != nil {
		return "", err
	}
	if err := l.account.reach(dir); err != nil {
		return "", err
	}
	return dir, os.WriteFile(note, []byte(dir), 0o600)
}

func (l launcher) start(ctx context.Context, bin binaries, socket string) (*process, error) {
	path := filepath.Join(l.dir, "postgres.log")
	if info, err := os.Stat(path); err == nil && info.Size() > largestLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	args := append([]string{"-D", l.data, "-k", socket, "-p", "5432"}, l.settings()...)
	// Not ctx: the server outlives the start.
	cmd := l.command(context.WithoutCancel(ctx), bin, "postgres", args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, domain.Errorf(domain.KindUnavailable, "Postgres could not be started: %w.", err)
	}
	p := &process{pid: cmd.Process.Pid, socket: socket, bin: bin.dir, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		if err := cmd.Wait(); err != nil {
			l.Log.Error("postgres ended", "pid", p.pid, "err", err)
		}
	}()
	if err := p.ping(ctx, l.lastLog); err != nil {
		return nil, errors.Join(err, p.stop(context.WithoutCancel(ctx)))
	}
	return p, nil
}

// settings keep rows out of the server's log: no statements, no details of a failing row.
func (l launcher) settings() []string {
	settings := map[string]string{
		"listen_addresses": "", "unix_socket_permissions": "0700", "timezone": "UTC", "log_timezone": "UTC",
		"max_connections": "100", "shared_buffers": "128MB", "jit": "off", "random_page_cost": "1.1",
		"log_error_verbosity": "terse", "log_min_error_statement": "panic", "log_checkpoints": "off",
	}
	if l.NoSync {
		settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"] = "off", "off", "off"
	}
	maps.Copy(settings, l.Settings)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// command runs a tool as the account, with none of our secrets in its environment.
func (l launcher) command(ctx context.Context, bin binaries, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(bin.dir, name), args...)
	cmd.Dir = l.dir
	cmd.SysProcAttr = l.account.attr()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LD_LIBRARY_PATH=" + os.Getenv("LD_LIBRARY_PATH"), "LC_MESSAGES=C", "TZ=UTC", "HOME=" + l.dir}
	return cmd
}

func (l launcher) lastLog() string {
	text, err := os.ReadFile(filepath.Join(l.dir, "postgres.log"))
	if err != nil {
		return err.Error()
	}
	return lastLine(text)
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}
