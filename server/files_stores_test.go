package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
)

const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, appendix B.1

// s3Config are settings for an S3 server that ends with the test.
func s3Config(t *testing.T) *Config {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("finco-files"); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(s.Close)
	return &Config{DataDir: t.TempDir(), S3Endpoint: s.URL, S3Bucket: "finco-files", S3AccessKey: "access", S3SecretKey: "a very secret key", S3Region: "us-east-1"}
}

func stores(t *testing.T) map[string]app.FileStore {
	t.Helper()
	out := map[string]app.FileStore{}
	for name, cfg := range map[string]*Config{"folder": {DataDir: t.TempDir()}, "bucket": s3Config(t)} {
		store, err := cfg.files()
		if err != nil {
			t.Fatal(err)
		}
		out[name] = store
	}
	return out
}

func listed(t *testing.T, s app.FileStore) []string {
	t.Helper()
	var out []string
	if err := s.List(t.Context(), func(f app.StoredFile, at time.Time) error {
		if age := time.Since(at); age < -time.Minute || age > time.Hour {
			t.Errorf("put %s ago", age)
		}
		out = append(out, f.SHA256)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func put(t *testing.T, s app.FileStore, content string) app.StoredFile {
	t.Helper()
	stored, err := s.Put(t.Context(), strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// Both stores do the same.
func TestStoresKeepTheirPromises(t *testing.T) {
	t.Parallel()
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				if stored := put(t, s, "abc"); stored.SHA256 != abc || stored.Bytes != 3 {
					t.Fatalf("%+v", stored)
				}
			}
			large := strings.Repeat("0123456789abcdef", 1<<16)
			other := put(t, s, large)
			f, err := s.Open(t.Context(), other.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if content, err := io.ReadAll(f); string(content) != large || err != nil {
				t.Errorf("%d bytes, %v", len(content), err)
			}
			seeker, ok := f.(io.ReadSeeker)
			if !ok {
				t.Fatal("it cannot seek")
			}
			part := make([]byte, 3)
			if _, err := seeker.Seek(10, io.SeekStart); err != nil {
				t.Error(err)
			}
			if _, err := io.ReadFull(seeker, part); string(part) != "abc" || err != nil {
				t.Errorf("%q, %v", part, err)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			refusals(t, s)
			if got := listed(t, s); len(got) != 2 || !slices.Contains(got, abc) {
				t.Errorf("listed %v", got)
			}
			stop := errors.New("stop")
			if err := s.List(t.Context(), func(app.StoredFile, time.Time) error { return stop }); !errors.Is(err, stop) {
				t.Errorf("listing goes on: %v", err)
			}
			removals(t, s, other.SHA256)
		})
	}
}

func refusals(t *testing.T, s app.FileStore) {
	t.Helper()
	if _, err := s.Open(t.Context(), strings.Repeat("0", 64)); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("no such file: %v", err)
	}
	for _, name := range []string{"", "../../secret", abc[:63] + "/", strings.ToUpper(abc)} {
		if _, err := s.Open(t.Context(), name); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("open %q: %v", name, err)
		}
		if err := s.Remove(t.Context(), name, time.Now()); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("remove %q: %v", name, err)
		}
	}
	// What could not be read to its end is not there.
	broken := domain.Errorf(domain.KindUnavailable, "broken")
	if _, err := s.Put(t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken))); domain.KindOf(err) != domain.KindUnavailable {
		t.Errorf("half a file: %v", err)
	}
	given, giveUp := context.WithCancel(t.Context())
	giveUp()
	if _, err := s.Put(given, strings.NewReader("given up")); err == nil {
		t.Error("a file is kept that nobody waits for")
	}
}

func removals(t *testing.T, s app.FileStore, gone string) {
	t.Helper()
	remove := func(hash string, since time.Time) {
		if err := s.Remove(t.Context(), hash, since); err != nil {
			t.Error(err)
		}
	}
	remove(gone, time.Now().Add(-time.Hour)) // it was put since
	if got := listed(t, s); len(got) != 2 {
		t.Errorf("a fresh file is removed: %v", got)
	}
	for range 2 {
		remove(gone, time.Now().Add(time.Hour))
	}
	if got := listed(t, s); len(got) != 1 || got[0] != abc {
		t.Errorf("left are %v", got)
	}
	if _, err := s.Open(t.Context(), gone); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("opened after all: %v", err)
	}
}

// What is put again is as new, so that nobody removes it as long forgotten.
func TestAFilePutAgainIsYoung(t *testing.T) {
	t.Parallel()
	s, dir := newTestStore(t)
	put(t, s, "abc")
	place, long := filepath.Join(dir, abc[:2], abc[2:]), time.Now().Add(-48*time.Hour)
	if err := os.Chtimes(place, long, long); err != nil {
		t.Fatal(err)
	}
	put(t, s, "abc")
	if err := s.Remove(t.Context(), abc, time.Now().Add(-24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(place); err != nil {
		t.Error(err)
	}
}

// Whoever moves to a bucket goes on reading what the folder has.
func TestABucketAfterAFolder(t *testing.T) {
	t.Parallel()
	cfg := s3Config(t)
	folder, err := newFileStore(cfg.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	put(t, folder, "abc")
	s, err := cfg.files()
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Open(t.Context(), abc)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(f)
	if string(content) != "abc" || err != nil || f.Close() != nil {
		t.Errorf("%q, %v", content, err)
	}
	put(t, s, "new")
	if got := listed(t, folder); len(got) != 1 {
		t.Errorf("what is new is in the folder: %v", got)
	}
	if got := listed(t, s); len(got) != 2 {
		t.Errorf("listed %v", got)
	}
	if err := s.Remove(t.Context(), abc, time.Now().Add(time.Hour)); err != nil || len(listed(t, folder)) != 0 {
		t.Errorf("%v, the folder keeps it", err)
	}
}

// A bucket that is away or wrong is told by what to set, without the key, and is not the file's fault.
func TestABucketInTrouble(t *testing.T) {
	t.Parallel()
	wrong := s3Config(t)
	wrong.S3Bucket = "another"
	away := s3Config(t)
	away.S3Endpoint = "http://127.0.0.1:1"
	denied := s3Config(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>no</Message></Error>`)
	}))
	t.Cleanup(s.Close)
	denied.S3Endpoint = s.URL
	for name, cfg := range map[string]*Config{"FINCO_S3_BUCKET": wrong, "does not answer": away, "FINCO_S3_ACCESS_KEY": denied} {
		store, err := newS3Store(cfg, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // it would try for long
		_, err = store.Put(ctx, strings.NewReader("abc"))
		cancel()
		if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), cfg.S3SecretKey) {
			t.Errorf("%s: %v", name, err)
		}
		kind := domain.KindInvalid // which stops the start
		if cfg == away {
			kind = domain.KindUnavailable
		}
		if err := store.check(t.Context()); domain.KindOf(err) != kind || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), cfg.S3SecretKey) {
			t.Errorf("%s: asked, it is %v", name, err)
		}
	}
	for name, cfg := range map[string]*Config{"folder": {DataDir: t.TempDir()}, "bucket": s3Config(t)} {
		store, err := cfg.files()
		if err != nil {
			t.Fatal(err)
		}
		if err := store.check(t.Context()); err != nil || !strings.Contains(store.where(), name) {
			t.Errorf("%s: %v", store.where(), err)
		}
	}
}

func TestSettingsOfFiles(t *testing.T) {
	t.Parallel()
	whole := Config{Addr: "127.0.0.1:0", STTEngine: "auto", S3Endpoint: "https://s3.example.com", S3Bucket: "b-b", S3AccessKey: "a", S3SecretKey: "very secret"}
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"whole":         {func(*Config) {}, ""},
		"none":          {func(c *Config) { c.S3Endpoint, c.S3Bucket, c.S3AccessKey, c.S3SecretKey = "", "", "", "" }, ""},
		"no key":        {func(c *Config) { c.S3SecretKey = "" }, "all or none"},
		"no scheme":     {func(c *Config) { c.S3Endpoint = "s3.example.com:9000" }, "FINCO_S3_ENDPOINT"},
		"a path":        {func(c *Config) { c.S3Endpoint = "https://s3.example.com/bucket" }, "FINCO_S3_ENDPOINT"},
		"90 days":       {func(c *Config) { c.FilesKeep = "90d" }, ""},
		"hours":         {func(c *Config) { c.FilesKeep = "2160h" }, ""},
		"an hour":       {func(c *Config) { c.FilesKeep = "1h" }, "FINCO_FILES_KEEP"},
		"minus":         {func(c *Config) { c.FilesKeep = "-3d" }, "FINCO_FILES_KEEP"},
		"words":         {func(c *Config) { c.FilesKeep = "for ever" }, "FINCO_FILES_KEEP"},
		"relative path": {func(c *Config) { c.TelegramFilesDir = "files" }, "FINCO_TELEGRAM_FILES_DIR"},
	} {
		cfg := whole
		c.change(&cfg)
		var faults domain.Faults
		cfg.checkFiles(&faults)
		err := faults.Err()
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "very secret")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if keep, _ := parseKeep("90d"); keep != 90*24*time.Hour {
		t.Errorf("90d are %s", keep)
	}
}
