package telegramexport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fincokpi/finco/domain"
)

const (
	resultName       = "result.json"
	defaultBatchSize = 500
)

// Export is an opened export. It may be read more than once, but by one goroutine at a time.
type Export struct {
	size int64
	// source opens the file at a byte.
	source func(offset int64) (io.ReadCloser, error)
	root   *os.Root // the folder with the media, nil if there is none
}

// Open takes a result.json or the folder that holds one. Media are looked for beside the file. The error is
// not_found if nothing is there and invalid if it is no JSON export.
func Open(path string) (*Export, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, openError(path, err)
	}
	if info.IsDir() {
		folder := path
		path = filepath.Join(folder, resultName)
		if info, err = os.Stat(path); err != nil {
			if _, htmlErr := os.Stat(filepath.Join(folder, "messages.html")); htmlErr == nil {
				return nil, domain.Errorf(domain.KindInvalid, "%s is an HTML export; export again and choose “Machine-readable JSON”", folder)
			}
			return nil, openError(path, err)
		}
	}
	if !info.Mode().IsRegular() {
		return nil, domain.Errorf(domain.KindInvalid, "%s is not a regular file", path)
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, openError(filepath.Dir(path), err)
	}
	source := func(offset int64) (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, openError(path, err)
		}
		if _, err := f.Seek(offset, io.SeekStart); err != nil {
			return nil, errors.Join(openError(path, err), f.Close())
		}
		return f, nil
	}
	return &Export{size: info.Size(), source: source, root: root}, nil
}

func openError(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return domain.Errorf(domain.KindNotFound, "there is no %s", path)
	}
	return domain.Errorf(domain.KindUnavailable, "cannot open %s: %w", path, err)
}

// Size is that of the file in bytes.
func (e *Export) Size() int64 { return e.size }

// Close releases the folder.
func (e *Export) Close() error {
	if e.root == nil {
		return nil
	}
	return e.root.Close()
}

// OpenMedia opens an attachment by Media.Path. It cannot leave the folder, whatever links lie in it, and opens files only: a
// pipe would wait for a writer for ever.
func (e *Export) OpenMedia(path string) (io.ReadCloser, error) {
	if e.root == nil || !inside(path) {
		return nil, domain.Errorf(domain.KindNotFound, "there is no attachment at this path")
	}
	path = filepath.FromSlash(path)
	info, err := e.root.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, domain.Errorf(domain.KindInvalid, "the attachment at this path is no file")
	}
	if err != nil {
		return nil, openError("attachment at this path", err)
	}
	f, err := e.root.Open(path)
	if err != nil {
		return nil, openError("attachment at this path", err)
	}
	return f, nil
}

// Read goes through the export once, hands chats and messages to the handler and says what it met. Damage is
// no error: it stands in the summary. The error is invalid if the file is no export at all, what the handler
// returned if it gave up, or the context's.
func (e *Export) Read(ctx context.Context, opts Options, h Handler) (Summary, error) {
	finder := &accountFinder{isStaff: opts.IsStaff}
	if _, err := e.walk(ctx, finder, nil); err != nil {
		return Summary{}, err
	}
	r := newReader(e, opts, h)
	r.sum.Account = finder.account(opts.Account)
	w, err := e.walk(ctx, r, opts.Progress)
	if err != nil {
		return r.sum, err
	}
	if !w.sawChats {
		return r.sum, domain.Errorf(domain.KindInvalid, "this is no JSON export of Telegram Desktop: it has neither messages nor chats")
	}
	r.sum.Break = w.brk
	return r.sum, nil
}

// walk reads the file once from its start.
func (e *Export) walk(ctx context.Context, v visitor, progress func(read, total int64)) (*walker, error) {
	src, err := e.source(0)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	s := newScanner(src)
	s.onFill = func(offset int64) error {
		if progress != nil {
			progress(min(offset, e.size), e.size)
		}
		return ctx.Err()
	}
	w := &walker{s: s, v: v, reopen: e.source}
	if err := w.run(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if progress != nil {
		progress(e.size, e.size)
	}
	return w, nil
}

// exists reports whether an attachment is there.
func (e *Export) exists(path string) bool {
	if e.root == nil {
		return false
	}
	info, err := e.root.Stat(filepath.FromSlash(path))
	return err == nil && info.Mode().IsRegular()
}

// unknownAccount is why a chat (or message) whose ids belong to an account cannot be taken without it.
const unknownAccount = "its message ids belong to the account that exported them, and the file does not say whose that is: give the account's user id"

func mailbox(account int64) string { return fmt.Sprint(account) }
