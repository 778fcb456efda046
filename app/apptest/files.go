package apptest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
)

// Files is a file store in memory.
type Files struct {
	mu    sync.Mutex
	files map[string][]byte
	put   map[string]time.Time
	now   func() time.Time
}

func newFiles(now func() time.Time) *Files {
	return &Files{files: map[string][]byte{}, put: map[string]time.Time{}, now: now}
}

// Put implements app.FileStore.
func (f *Files) Put(_ context.Context, r io.Reader) (app.StoredFile, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return app.StoredFile{}, err
	}
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[hash], f.put[hash] = content, f.now()
	return app.StoredFile{SHA256: hash, Bytes: int64(len(content))}, nil
}

// Open implements app.FileStore.
func (f *Files) Open(_ context.Context, hash string) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	content, ok := f.files[hash]
	if !ok {
		return nil, domain.Errorf(domain.KindNotFound, "there is no such file")
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// List implements app.FileStore.
func (f *Files) List(_ context.Context, each func(app.StoredFile, time.Time) error) error {
	f.mu.Lock()
	put, files := maps.Clone(f.put), maps.Clone(f.files)
	f.mu.Unlock()
	for _, hash := range slices.Sorted(maps.Keys(files)) {
		if err := each(app.StoredFile{SHA256: hash, Bytes: int64(len(files[hash]))}, put[hash]); err != nil {
			return err
		}
	}
	return nil
}

// Remove implements app.FileStore.
func (f *Files) Remove(_ context.Context, hash string, since time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.put[hash].Before(since) {
		delete(f.files, hash)
	}
	return nil
}

// Has tells whether a file is there.
func (f *Files) Has(hash string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.files[hash]
	return ok
}

// Forget loses a file.
func (f *Files) Forget(hash string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.files, hash)
}
