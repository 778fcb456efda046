package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
)

// mostFileBytes is far above what a voice note has; Telegram's largest file is twice that.
const mostFileBytes = 1 << 30

// fileStore keeps files in the data directory, each at the first two digits of its SHA-256 and then the rest.
type fileStore struct{ dir string }

func newFileStore(dataDir string) (*fileStore, error) {
	s := &fileStore{dir: filepath.Join(dataDir, "files")}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, domain.Errorf(domain.KindInternal, "the folder of files cannot be made: %w", err)
	}
	return s, s.sweep(time.Now().Add(-unfinishedFor))
}

const (
	unfinished = ".new-" // begins the names of files that are being written
	// unfinishedFor is when nobody can still be writing such a file: a process was killed meanwhile.
	unfinishedFor = 24 * time.Hour
)

// sweep removes what was begun before a moment and never finished.
func (s *fileStore) sweep(before time.Time) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return domain.Errorf(domain.KindInternal, "the folder of files cannot be read: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), unfinished) {
			continue
		}
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) {
			_ = os.Remove(filepath.Join(s.dir, e.Name())) // another process may have done so
		}
	}
	return nil
}

// Put implements app.FileStore. A file is in its place only when it is whole and on the disk.
func (s *fileStore) Put(ctx context.Context, r io.Reader) (app.StoredFile, error) {
	var out app.StoredFile
	f, err := os.CreateTemp(s.dir, unfinished+"*")
	if err != nil {
		return out, domain.Errorf(domain.KindUnavailable, "a file cannot be stored: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // it has a second name where it took its place
	hash := sha256.New()
	out.Bytes, err = io.Copy(io.MultiWriter(f, hash), io.LimitReader(reading{ctx, r}, mostFileBytes+1))
	if err == nil && out.Bytes > mostFileBytes {
		err = errLargeFile
	}
	if err == nil {
		err = f.Chmod(0o400)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return app.StoredFile{}, err
	}
	out.SHA256 = hex.EncodeToString(hash.Sum(nil))
	place := s.path(out.SHA256)
	if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
		return app.StoredFile{}, domain.Errorf(domain.KindUnavailable, "a file cannot be stored: %w", err)
	}
	if err := s.take(f.Name(), place); err != nil {
		return app.StoredFile{}, domain.Errorf(domain.KindUnavailable, "a file cannot be stored: %w", err)
	}
	return out, nil
}

// take gives a whole file its place. One that is there already is put anew, so that nobody removes it as long forgotten.
func (s *fileStore) take(from, place string) error {
	done, err := s.lock(syscall.LOCK_SH)
	if err != nil {
		return err
	}
	defer done()
	if err = os.Link(from, place); errors.Is(err, fs.ErrExist) {
		now := time.Now()
		err = os.Chtimes(place, now, now)
	}
	return err
}

// lock keeps whoever removes and whoever puts apart, in all processes on this folder.
func (s *fileStore) lock(how int) (done func(), err error) {
	f, err := os.OpenFile(s.dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // the lock goes with it
}

// Remove implements app.FileStore.
func (s *fileStore) Remove(_ context.Context, hash string, since time.Time) error {
	if !fileHash.MatchString(hash) {
		return errFileName
	}
	done, err := s.lock(syscall.LOCK_EX)
	if err != nil {
		return domain.Errorf(domain.KindUnavailable, "a stored file cannot be removed: %w", err)
	}
	defer done()
	info, err := os.Stat(s.path(hash))
	if err == nil && info.ModTime().Before(since) {
		err = os.Remove(s.path(hash))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return domain.Errorf(domain.KindUnavailable, "a stored file cannot be removed: %w", err)
	}
	return nil
}

// List implements app.FileStore.
func (s *fileStore) List(ctx context.Context, each func(app.StoredFile, time.Time) error) error {
	folders, err := os.ReadDir(s.dir)
	if err != nil {
		return domain.Errorf(domain.KindUnavailable, "the folder of files cannot be read: %w", err)
	}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		files, err := os.ReadDir(filepath.Join(s.dir, folder.Name()))
		if err != nil {
			return domain.Errorf(domain.KindUnavailable, "the folder of files cannot be read: %w", err)
		}
		for _, f := range files {
			info, err := f.Info()
			hash := folder.Name() + f.Name()
			if err != nil || !fileHash.MatchString(hash) { // removed meanwhile, or not ours
				continue
			}
			if err := errors.Join(ctx.Err(), each(app.StoredFile{SHA256: hash, Bytes: info.Size()}, info.ModTime())); err != nil {
				return err
			}
		}
	}
	return nil
}

var (
	errLargeFile = domain.Errorf(domain.KindInvalid, "a file has more than %d MiB", mostFileBytes>>20)
	errFileName  = domain.Errorf(domain.KindInvalid, "a file is named by its SHA-256 in hex")
	errFileGone  = domain.Errorf(domain.KindNotFound, "the file is no longer in the store")
)

var fileHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Open implements app.FileStore.
func (s *fileStore) Open(_ context.Context, hash string) (io.ReadCloser, error) {
	if !fileHash.MatchString(hash) {
		return nil, errFileName
	}
	f, err := os.Open(s.path(hash))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errFileGone
	case err != nil:
		return nil, domain.Errorf(domain.KindUnavailable, "a stored file cannot be read: %w", err)
	}
	return f, nil
}

func (s *fileStore) path(hash string) string { return filepath.Join(s.dir, hash[:2], hash[2:]) }

// reading stops when its context ends.
type reading struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
