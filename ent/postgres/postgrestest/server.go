package postgrestest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/ent/postgres"
)

// server is what this process knows of the shared server once the template is there.
type server struct {
	admin    *sql.DB
	adminDSN string
	template string
	// strategy is how CREATE DATABASE copies.
	strategy string
	// password is the application role's, where the server asks for one.
	password string
}

var shared struct {
	sync.Mutex
	*server
}

// serving connects to the shared server, starting and migrating it if need be, once a process.
func serving(ctx context.Context) (*server, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		return shared.server, nil
	}
	s := &server{template: "finco_template_" + postgres.Fingerprint(), adminDSN: os.Getenv("FINCO_TEST_DATABASE_URL")}
	fresh := false
	if s.adminDSN == "" {
		private, err := startPrivate(ctx)
		if err != nil {
			return nil, err
		}
		s.adminDSN, fresh = private.OwnerDSN(), !private.Adopted()
	} else {
		s.password = postgres.AppRole
	}
	var err error
	if s.admin, err = postgres.Open(s.adminDSN, postgres.WithConnections(4)); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, fresh); err != nil {
		return nil, errors.Join(err, s.admin.Close())
	}
	shared.server = s
	return s, nil
}

func (s *server) prepare(ctx context.Context, fresh bool) error {
	var version int
	if err := s.admin.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&version); err != nil {
		return fmt.Errorf("the test server does not answer: %w", err)
	}
	if version >= 150000 {
		s.strategy = copyStrategy
	}
	// One connection, for the lock is the session's. It keeps other processes from making the same template.
	conn, err := s.admin.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(hashtext('finco_template'))`); err != nil {
		return err
	}
	defer func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtext('finco_template'))`)
	}()
	if fresh {
		if err := dropLeftovers(ctx, conn, s.template); err != nil {
			return err
		}
	}
	var exists bool
	if err := conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, s.template).Scan(&exists); err != nil || exists {
		return err
	}
	return s.makeTemplate(ctx, conn)
}

// makeTemplate migrates under another name, so that a template of the right name is always whole.
func (s *server) makeTemplate(ctx context.Context, conn *sql.Conn) error {
	building := s.template + "_new"
	run := func(statements ...string) error {
		for _, statement := range statements {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("making the template: %w", err)
			}
		}
		return nil
	}
	if err := run(`DROP DATABASE IF EXISTS `+building+` WITH (FORCE)`, `CREATE DATABASE `+building); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, s.dsn(building, ""), nil); err != nil {
		return err
	}
	if s.password != "" {
		if err := run(`ALTER ROLE ` + postgres.AppRole + ` PASSWORD ` + pq.QuoteLiteral(s.password)); err != nil {
			return err
		}
	}
	return run(`ALTER DATABASE `+building+` RENAME TO `+s.template, `ALTER DATABASE `+s.template+` WITH ALLOW_CONNECTIONS false`)
}

// dropLeftovers removes the clones of processes that were killed, and templates that nobody made anew for a day.
func dropLeftovers(ctx context.Context, conn *sql.Conn, template string) error {
	rows, err := conn.QueryContext(ctx, `SELECT datname FROM pg_database WHERE datname LIKE 'finco\_test\_%'
		OR (datname LIKE 'finco\_template\_%' AND datname <> $1
			AND (pg_stat_file('base/' || oid || '/PG_VERSION')).modification < now() - interval '1 day')`, template)
	if err != nil {
		return err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range names {
		if _, err := conn.ExecContext(ctx, `DROP DATABASE IF EXISTS `+pq.QuoteIdentifier(name)+` WITH (FORCE)`); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) clone(ctx context.Context, name string) error {
	_, err := s.admin.ExecContext(ctx, `CREATE DATABASE `+name+` TEMPLATE `+s.template+s.strategy)
	if err != nil {
		return fmt.Errorf("cloning the template: %w", err)
	}
	return nil
}

// dsn is the administrator's DSN with another database and, if role is not empty, another role.
func (s *server) dsn(database, role string) string {
	if at, err := url.Parse(s.adminDSN); err == nil && strings.HasPrefix(at.Scheme, "postgres") {
		at.Path = "/" + database
		switch {
		case role != "" && s.password != "":
			at.User = url.UserPassword(role, s.password)
		case role != "":
			at.User = url.User(role)
		}
		return at.String()
	}
	// In the other form, later words win.
	dsn := s.adminDSN + " dbname=" + database
	if role != "" {
		dsn += " user=" + role + " password=" + s.password
	}
	return dsn
}

// startPrivate joins or starts the server that all test processes of this user share.
func startPrivate(ctx context.Context) (*postgres.Server, error) {
	base := filepath.Join(root(), "finco-test-"+strconv.Itoa(os.Getuid()))
	if err := ownFolder(base); err != nil {
		return nil, err
	}
	// Before looking for the watchdog's sign; see watchdog.
	if err := register(base); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(base, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	if err := awaitClosing(ctx, base); err != nil {
		return nil, err
	}
	options := postgres.Options{
		Dir: filepath.Join(base, "server"), NoSync: true,
		Settings: map[string]string{"max_connections": "400", "shared_buffers": "256MB", "max_wal_size": "512MB", "autovacuum_naptime": "5min"},
	}
	started, err := postgres.Start(ctx, options)
	if err != nil && ctx.Err() == nil {
		// Without syncing, a crash of the machine may leave data that no server can read. There is nothing to keep.
		if removed := os.RemoveAll(filepath.Join(options.Dir, "data")); removed != nil {
			return nil, errors.Join(err, removed)
		}
		started, err = postgres.Start(ctx, options)
	}
	if err != nil {
		return nil, err
	}
	if !started.Adopted() {
		// Whoever waits for the lock registers again when they have it.
		if err := os.RemoveAll(filepath.Join(base, "users")); err != nil {
			return nil, err
		}
	}
	if err := register(base); err != nil {
		return nil, err
	}
	return started, watch(base)
}

// enoughMemory is how large /dev/shm must be, in bytes, to hold the server.
const enoughMemory = 4 << 30

// root is where the server's folder is: in memory where there is enough, since creating and dropping databases is all about
// making and removing files, ten times faster there than on a disk; else the folder for temporary files.
func root() string {
	const memory = "/dev/shm"
	var stat syscall.Statfs_t
	if err := syscall.Statfs(memory, &stat); err == nil && stat.Blocks*uint64(stat.Bsize) >= enoughMemory {
		return memory
	}
	return os.TempDir()
}

// ownFolder makes the folder, which the server's user must be able to enter, and refuses one that somebody else put there.
func ownFolder(dir string) error {
	if err := os.Mkdir(dir, 0o711); err != nil && !os.IsExist(err) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || int(info.Sys().(*syscall.Stat_t).Uid) != os.Getuid() {
		return fmt.Errorf("the folder %s belongs to another user: remove it", dir)
	}
	return os.Chmod(dir, 0o711)
}

func register(base string) error {
	users := filepath.Join(base, "users")
	if err := os.MkdirAll(users, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(users, strconv.Itoa(os.Getpid())), nil, 0o600)
}

// awaitClosing waits while the watchdog stops a server; a watchdog that was killed meanwhile is not waited for long.
func awaitClosing(ctx context.Context, base string) error {
	sign := filepath.Join(base, "closing")
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(sign); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		select {
		case <-ctx.Done():
			return os.RemoveAll(sign)
		case <-tick.C:
		}
	}
}

// watch starts the watchdog, unless there is one.
func watch(base string) error {
	note := filepath.Join(base, "watchdog")
	if text, err := os.ReadFile(note); err == nil {
		if dog, err := strconv.Atoi(string(text)); err == nil && syscall.Kill(dog, 0) == nil {
			return nil
		}
	}
	cmd := exec.Command("/bin/sh", "-c", watchdog, "finco-test-watchdog", base)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	// It outlives this process and must not be reached by a Ctrl-C.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the watchdog of the test server: %w", err)
	}
	go func() { _ = cmd.Wait() }()
	return os.WriteFile(note, []byte(strconv.Itoa(cmd.Process.Pid)), 0o600)
}
