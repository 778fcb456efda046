package apptest

import (
	"context"
	"io"
	"strings"
	"sync"

	"github.com/fincokpi/finco/domain"
)

// Downloads is what Telegram keeps, in memory.
type Downloads struct {
	mu     sync.Mutex
	files  map[string]string
	faults map[string][]error
	asked  []string
}

func newDownloads() *Downloads {
	return &Downloads{files: map[string]string{}, faults: map[string][]error{}}
}

// Keep has a source yield a content.
func (d *Downloads) Keep(source, content string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[source] = content
}

// Fail has the next downloads of a source fail, one with each error.
func (d *Downloads) Fail(source string, errs ...error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults[source] = append(d.faults[source], errs...)
}

// Asked are the sources that were asked for, in order.
func (d *Downloads) Asked() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.asked...)
}

// Download implements app.Downloads.
func (d *Downloads) Download(_ context.Context, source string, _ int64) (io.ReadCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, source)
	if faults := d.faults[source]; len(faults) > 0 {
		d.faults[source] = faults[1:]
		return nil, faults[0]
	}
	content, ok := d.files[source]
	if !ok {
		return nil, domain.Errorf(domain.KindNotFound, "there is no file %s", source)
	}
	return io.NopCloser(strings.NewReader(content)), nil
}
