package bot

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
)

// DownloadConfig is what a Downloader stands on.
type DownloadConfig struct {
	Log *slog.Logger
	// Token is BotFather's, and URL the Bot API server; empty: Telegram's own.
	Token, URL string
	// FilesDir is the folder of a Bot API server on this machine that runs with --local and names files by their paths; empty: none
	// is read.
	FilesDir string
}

// Downloader fetches files from Telegram. It needs nothing but the token, so that every worker may have one.
type Downloader struct {
	calls           *caller
	token, filesDir string
	// telegrams is whether the server is Telegram's own.
	telegrams bool
}

// mostFileBytes is what Telegram's own server gives.
const mostFileBytes = 20 << 20

// NewDownloader makes one.
func NewDownloader(cfg DownloadConfig) (*Downloader, error) {
	if err := CheckToken(cfg.Token); err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "FINCO_TELEGRAM_TOKEN: %w", err)
	}
	base := strings.TrimRight(cfg.URL, "/")
	if base == "" {
		base = telegramURL
	}
	log := cfg.Log.With("room", "bot")
	silent := func(d time.Duration) { log.Warn("telegram asks for silence", "for", d) }
	return &Downloader{calls: newCaller(base, cfg.Token, silent), token: cfg.Token, filesDir: cfg.FilesDir, telegrams: base == telegramURL}, nil
}

// Download implements app.Downloads. Only what is as long as Telegram says is read to its end without an error.
func (d *Downloader) Download(ctx context.Context, source string, bytes int64) (io.ReadCloser, error) {
	if d.telegrams && bytes > mostFileBytes {
		return nil, app.ErrFileTooBig
	}
	if wait := d.calls.held(); wait > 0 { // nobody's worker is kept
		return nil, &app.Later{After: wait, Err: domain.Errorf(domain.KindUnavailable, "Telegram asked for silence")}
	}
	found, err := d.find(ctx, source)
	if err != nil {
		return nil, downloadFault(err)
	}
	if filepath.IsAbs(found.FilePath) {
		return d.openLocal(found)
	}
	return d.get(ctx, found)
}

// find asks where a file is.
func (d *Downloader) find(ctx context.Context, source string) (models.File, error) {
	var found models.File
	body, err := d.calls.ask(ctx, d.token, "getFile", map[string]any{"file_id": source})
	if err != nil {
		return found, err
	}
	var said answer
	if err := json.Unmarshal(body, &said); err != nil || !said.OK || json.Unmarshal(said.Result, &found) != nil || found.FilePath == "" {
		return found, &broken{method: "getFile", sent: true, err: errors.New("the answer names no file")}
	}
	return found, nil
}

// get follows the link, which has the token in it.
func (d *Downloader) get(ctx context.Context, found models.File) (io.ReadCloser, error) {
	link, err := url.JoinPath(d.calls.base, "file", "bot"+d.token)
	if err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "FINCO_TELEGRAM_URL is no address")
	}
	for part := range strings.SplitSeq(found.FilePath, "/") {
		if part == "" || part == "." || part == ".." {
			return nil, domain.Errorf(domain.KindNotFound, "Telegram names a path that is none")
		}
		link += "/" + url.PathEscape(part)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
	if err != nil {
		return nil, domain.Errorf(domain.KindInternal, "%w", d.calls.clean(err))
	}
	response, err := d.calls.Do(r)
	if err != nil {
		return nil, downloadFault(err)
	}
	return d.bodyOf(response, found.FileSize), nil
}

// bodyOf is what an answer brings, which the caller closes.
func (d *Downloader) bodyOf(response *http.Response, size int64) io.ReadCloser {
	if size == 0 {
		size = response.ContentLength
	}
	return &exactly{body: response.Body, calls: d.calls, left: size, known: size > 0, most: d.most()}
}

// openLocal opens what a Bot API server with --local wrote on this machine: nothing outside its folder, and no links out of it.
func (d *Downloader) openLocal(found models.File) (io.ReadCloser, error) {
	if d.filesDir == "" {
		return nil, domain.Errorf(domain.KindUnavailable, "the Bot API server runs with --local: set FINCO_TELEGRAM_FILES_DIR to its folder")
	}
	// The path has the token in it and stays out of errors.
	inside, err := filepath.Rel(d.filesDir, found.FilePath)
	if err != nil || !filepath.IsLocal(inside) {
		return nil, domain.Errorf(domain.KindUnavailable, "the Bot API server names a file outside FINCO_TELEGRAM_FILES_DIR")
	}
	folder, err := os.OpenRoot(d.filesDir)
	if err != nil {
		return nil, domain.Errorf(domain.KindUnavailable, "FINCO_TELEGRAM_FILES_DIR cannot be opened")
	}
	defer func() { _ = folder.Close() }() // the file stays open
	info, err := folder.Stat(inside)
	if err != nil || !info.Mode().IsRegular() {
		return nil, domain.Errorf(domain.KindUnavailable, "a file in FINCO_TELEGRAM_FILES_DIR cannot be read: mount the server's folder at its own path, readable")
	}
	f, err := folder.Open(inside)
	if err != nil {
		return nil, domain.Errorf(domain.KindUnavailable, "a file in FINCO_TELEGRAM_FILES_DIR cannot be read: mount the server's folder at its own path, readable")
	}
	return &exactly{body: f, calls: d.calls, left: found.FileSize, known: found.FileSize > 0, most: d.most()}, nil
}

func (d *Downloader) most() int64 {
	if d.telegrams {
		return mostFileBytes
	}
	return 2 << 30 // Telegram's largest
}

// downloadFault says what a failed call means for the file. Telegram says of a file that is away for a moment what it says of a
// wrong id; the caller asks for both again.
func downloadFault(err error) error {
	if after, ok := retryAfter(err); ok {
		return &app.Later{After: after, Err: domain.Errorf(domain.KindUnavailable, "%w", err)}
	}
	if badRequest(err) {
		if strings.Contains(strings.ToLower(description(err)), "too big") {
			return app.ErrFileTooBig
		}
		return domain.Errorf(domain.KindNotFound, "%w", err)
	}
	return domain.Errorf(domain.KindUnavailable, "%w", err)
}

// exactly ends with an error unless the body is as long as was said.
type exactly struct {
	body       io.ReadCloser
	calls      *caller
	left, read int64
	known      bool
	most       int64
}

// Read implements io.Reader.
func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.body.Read(p)
	e.left, e.read = e.left-int64(n), e.read+int64(n)
	switch {
	case e.read > e.most:
		return n, app.ErrFileTooBig
	case err == nil || errors.Is(err, io.EOF):
		if e.known && (e.left < 0 || err != nil && e.left != 0) {
			return n, domain.Errorf(domain.KindUnavailable, "Telegram sent another length of the file than it said")
		}
		return n, err
	}
	return n, domain.Errorf(domain.KindUnavailable, "the download was cut off: %w", e.calls.clean(err))
}

// Close implements io.Closer.
func (e *exactly) Close() error { return e.body.Close() }
