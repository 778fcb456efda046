package postgres

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fincokpi/finco/domain"
)

// serveBinaries is a repository that holds one archive of a server, testdata/postgres.txz: scripts that say their version.
func serveBinaries(t *testing.T) string {
	t.Helper()
	archive, err := os.ReadFile(filepath.Join("testdata", "postgres.txz"))
	if err != nil {
		t.Fatal(err)
	}
	var jar bytes.Buffer
	w := zip.NewWriter(&jar)
	file, err := w.Create("postgres-linux.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(archive); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".sha256") {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(jar.Bytes())
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestFetchUnpacksAServerForEveryUser(t *testing.T) {
	t.Parallel()
	cache := filepath.Join(t.TempDir(), "binaries")
	if err := fetch(t.Context(), cache, serveBinaries(t)); err != nil {
		t.Fatal(err)
	}
	b, ok := inspect(t.Context(), filepath.Join(cache, "bin"))
	if !ok || b.major != 17 {
		t.Errorf("fetched %+v (%v), want version 17", b, ok)
	}
	if info, err := os.Stat(cache); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the folder is %v (%v), want one that all can enter", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(cache), "fetch-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left %v (%v)", left, err)
	}
}

func TestFetchSaysThatNothingIsThere(t *testing.T) {
	t.Parallel()
	empty := httptest.NewServer(http.NotFoundHandler())
	defer empty.Close()
	cache := filepath.Join(t.TempDir(), "binaries")
	if err := fetch(t.Context(), cache, empty.URL); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("err = %v, want one line", err)
	}
}

func TestFindBinariesPrefersTheVersionOfTheData(t *testing.T) {
	t.Parallel()
	cache := filepath.Join(t.TempDir(), "binaries")
	if err := fetch(t.Context(), cache, serveBinaries(t)); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(cache, "bin")
	if b, err := findBinaries(t.Context(), bin, 17, ""); err != nil || b.dir != bin {
		t.Errorf("found %+v (%v), want %s", b, err, bin)
	}
	_, err := findBinaries(t.Context(), bin, 14, "")
	if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), "postgresql-14") {
		t.Errorf("err = %v, want one that names the package", err)
	}
}
