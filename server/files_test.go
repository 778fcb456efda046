package server

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/fincokpi/finco/domain"
)

func newTestStore(t *testing.T) (*fileStore, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := newFileStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, filepath.Join(dir, "files")
}

func TestFilesAreKeptByTheirContent(t *testing.T) {
	t.Parallel()
	s, dir := newTestStore(t)
	for range 2 {
		stored, err := s.Put(t.Context(), strings.NewReader("abc"))
		if err != nil || stored.SHA256 != abc || stored.Bytes != 3 {
			t.Fatalf("%+v, %v", stored, err)
		}
	}
	f, err := s.Open(t.Context(), abc)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if content, err := io.ReadAll(f); string(content) != "abc" || err != nil {
		t.Errorf("%q, %v", content, err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, abc[:2]): 0o700, filepath.Join(dir, abc[:2], abc[2:]): 0o400} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if names := namesIn(t, dir); len(names) != 1 {
		t.Errorf("the folder has %v", names)
	}
	if _, err := s.Open(t.Context(), strings.Repeat("0", 64)); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("no such file: %v", err)
	}
	for _, name := range []string{"", "../../secret", abc[:63] + "/", strings.ToUpper(abc)} {
		if _, err := s.Open(t.Context(), name); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// What could not be read to its end is not there, and leaves nothing behind.
func TestHalfAFileIsNone(t *testing.T) {
	t.Parallel()
	s, dir := newTestStore(t)
	broken := errors.New("broken")
	if _, err := s.Put(t.Context(), io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	given, giveUp := context.WithCancel(t.Context())
	giveUp()
	if _, err := s.Put(given, strings.NewReader("abc")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if names := namesIn(t, dir); len(names) != 0 {
		t.Errorf("the folder has %v", names)
	}
}

// A process that is killed while it writes leaves a file behind; one that still writes keeps its own.
func TestUnfinishedFilesAreSwept(t *testing.T) {
	t.Parallel()
	s, dir := newTestStore(t)
	long := time.Now().Add(-2 * unfinishedFor)
	for name, at := range map[string]time.Time{unfinished + "1": long, unfinished + "2": time.Now(), "ba": long} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte("half"), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := newFileStore(filepath.Dir(s.dir)); err != nil {
		t.Fatal(err)
	}
	if names := namesIn(t, dir); strings.Join(names, " ") != unfinished+"2 ba" {
		t.Errorf("the folder has %v", names)
	}
}

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
