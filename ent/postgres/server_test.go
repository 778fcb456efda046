package postgres_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/postgres"
)

// holdDir names the folder whose server this very program starts and holds when it is run as another process.
const holdDir = "FINCO_TEST_HOLD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdDir); dir != "" {
		hold(dir)
		return
	}
	os.Exit(m.Run())
}

// hold starts a server, says so, and stops it when its standard input ends.
func hold(dir string) {
	server, err := postgres.Start(context.Background(), postgres.Options{Dir: dir, NoSync: true})
	if err != nil {
		fmt.Println("failed:", err)
		return
	}
	fmt.Println("started")
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := server.Stop(context.Background()); err != nil {
		fmt.Println("failed:", err)
		return
	}
	fmt.Println("stopped")
}

type holder struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startHolder runs program, which is this one or a copy of it, in another process.
func startHolder(t *testing.T, program, dir string, attr *syscall.SysProcAttr) *holder {
	t.Helper()
	h := &holder{Cmd: exec.Command(program)}
	h.Env = append(os.Environ(), holdDir+"="+dir)
	h.Dir, h.SysProcAttr = filepath.Dir(dir), attr
	in, err := h.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.in, h.out = in, bufio.NewReader(out)
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if h.ProcessState == nil {
			_ = h.Process.Kill()
			_ = h.Wait()
		}
	})
	h.expect(t, "started")
	return h
}

func (h *holder) expect(t *testing.T, want string) {
	t.Helper()
	line, err := h.out.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != want {
		t.Fatalf("the other process said %q (%v), want %q", line, err, want)
	}
}

// folder is one that the server's user can enter, unlike t.TempDir for root.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "finco-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t *testing.T, dir string) *postgres.Server {
	t.Helper()
	server, err := postgres.Start(t.Context(), postgres.Options{Dir: dir, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, server) })
	return server
}

func stop(t *testing.T, server *postgres.Server) {
	t.Helper()
	if err := server.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func run(t *testing.T, dsn, statement string) {
	t.Helper()
	if _, err := open(t, dsn).ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := postgres.Open(dsn, postgres.WithConnections(2))
	if err != nil {
		t.Fatal(err)
	}
	// The server may have gone before: then closing fails, and that is no matter.
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func answers(t *testing.T, dsn string) bool {
	t.Helper()
	return open(t, dsn).PingContext(t.Context()) == nil
}

func TestStopKeepsTheData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "postgres")
	first, err := postgres.Start(t.Context(), postgres.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	run(t, first.OwnerDSN(), `CREATE TABLE kept ()`)
	var fsync, commit string
	err = open(t, first.AppDSN()).QueryRowContext(t.Context(), `SELECT current_setting('fsync'), current_setting('synchronous_commit')`).Scan(&fsync, &commit)
	if err != nil || fsync != "on" || commit != "on" {
		t.Errorf("fsync = %s, synchronous_commit = %s (%v), want both on", fsync, commit, err)
	}
	stop(t, first)
	stop(t, first) // twice is once
	if answers(t, first.OwnerDSN()) {
		t.Error("the server answers after its stop")
	}
	second := start(t, dir)
	if second.Adopted() {
		t.Error("a stopped server was adopted")
	}
	run(t, second.OwnerDSN(), `SELECT FROM kept`)
	var synced string
	if err := open(t, second.AppDSN()).QueryRowContext(t.Context(), `SELECT current_setting('listen_addresses') || current_user`).Scan(&synced); err != nil || synced != postgres.AppRole {
		t.Errorf("addresses and user = %q (%v), want none and %s", synced, err, postgres.AppRole)
	}
}

func TestTheServerOfAKilledProcessIsAdopted(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "postgres")
	parent := startHolder(t, os.Args[0], dir, nil)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	server := start(t, dir)
	if !server.Adopted() {
		t.Error("the running server was not adopted")
	}
	run(t, server.OwnerDSN(), `CREATE TABLE here ()`)
	stop(t, server)
	if answers(t, server.OwnerDSN()) {
		t.Error("the adopted server answers after its stop")
	}
}

func TestAKilledServerIsStartedAnew(t *testing.T) {
	t.Parallel()
	server, err := postgres.Start(t.Context(), postgres.Options{Dir: filepath.Join(folder(t), "postgres")})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, server)
	dsn, pid := server.OwnerDSN(), server.PID()
	run(t, dsn, `CREATE TABLE kept ()`)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// The old server's children answer until they see that it is gone; the new one has another number.
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for server.PID() == pid {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the server was not started anew")
		}
	}
	run(t, dsn, `SELECT FROM kept`)
}

func TestTheLastUserStopsTheServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "postgres")
	first := start(t, dir)
	other := startHolder(t, os.Args[0], dir, nil)
	stop(t, first)
	if !answers(t, first.OwnerDSN()) {
		t.Error("the server was stopped under another process")
	}
	if err := other.in.Close(); err != nil {
		t.Fatal(err)
	}
	other.expect(t, "stopped")
	if answers(t, first.OwnerDSN()) {
		t.Error("the server outlived its last user")
	}
}

func TestALongPathGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), strings.Repeat("deep/", 25), "postgres")
	first := start(t, dir)
	remembered, err := os.ReadFile(filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(string(remembered)) })
	stop(t, first)
	second := start(t, dir)
	if first.OwnerDSN() != second.OwnerDSN() {
		t.Errorf("the socket moved from %s to %s", first.OwnerDSN(), second.OwnerDSN())
	}
}

func TestStartAsAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	base := folder(t)
	program, attr := os.Args[0], (*syscall.SysProcAttr)(nil)
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		uid, gid := number(t, nobody.Uid), number(t, nobody.Gid)
		program, attr = copyProgram(t, base), &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
		base = filepath.Join(base, "home")
		if err := os.Mkdir(base, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(base, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	h := startHolder(t, program, filepath.Join(base, "postgres"), attr)
	if err := h.in.Close(); err != nil {
		t.Fatal(err)
	}
	h.expect(t, "stopped")
}

func number(t *testing.T, text string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

// copyProgram puts this program where every user can run it.
func copyProgram(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "program")
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	t.Run("no binaries in the named folder", func(t *testing.T) {
		t.Parallel()
		base := folder(t)
		_, err := postgres.Start(t.Context(), postgres.Options{Dir: filepath.Join(base, "postgres"), Binaries: base})
		if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), base) {
			t.Errorf("err = %v, want one that names the folder", err)
		}
	})
	t.Run("data of another version", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(folder(t), "postgres")
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := postgres.Start(t.Context(), postgres.Options{Dir: dir})
		if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), "postgresql-9") {
			t.Errorf("err = %v, want one that names the package", err)
		}
	})
	t.Run("somebody else's data", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(folder(t), "postgres")
		if err := os.MkdirAll(filepath.Join(dir, "data", "photos"), 0o700); err != nil {
			t.Fatal(err)
		}
		_, err := postgres.Start(t.Context(), postgres.Options{Dir: dir})
		if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("err = %v, want one that says what is in the way", err)
		}
	})
}

func TestOpenNeverRepeatsThePassword(t *testing.T) {
	t.Parallel()
	_, err := postgres.Open("postgres://finco:hunter2@host:notaport/finco")
	if domain.KindOf(err) != domain.KindInvalid || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("err = %v, want an invalid one without the password", err)
	}
}
