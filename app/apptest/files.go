package apptest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"sync"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
)

// Files is a file store in memory.
type Files struct {
	mu    sync.Mutex
	files map[string][]byte
}

func newFiles() *Files { return &Files{files: map[string][]byte{}} }

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
	f.files[hash] = content
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

// Forget loses a file.
func (f *Files) Forget(hash string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.files, hash)
}
