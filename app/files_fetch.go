package app

import (
	"context"
	"io"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/attachment"
	"github.com/fincokpi/finco/jobs/args"
)

// Downloads fetches what Telegram keeps.
type Downloads interface {
	// Download yields the file of a source, Telegram's file id, of about that many bytes (0: not known). Errors, also of reading: ErrFileTooBig
	// for what bots don't get, not_found where there is no such file, unavailable where trying again may help; see Later.
	Download(ctx context.Context, source string, bytes int64) (io.ReadCloser, error)
}

// ErrFileTooBig says that Telegram does not give a file to bots.
var ErrFileTooBig = domain.Errorf(domain.KindInvalid, "Telegram gives bots no files of more than 20 MiB")

// Later is an error that says when to try again.
type Later struct {
	After time.Duration
	Err   error
}

// Error implements error.
func (l *Later) Error() string { return l.Err.Error() }

// Unwrap gives the cause, whose kind counts.
func (l *Later) Unwrap() error { return l.Err }

// errNoDownloads is why a file waits in a process without a bot's token.
var errNoDownloads = domain.Errorf(domain.KindUnavailable, "files are fetched by a process with FINCO_TELEGRAM_TOKEN, which this one has not")

// FetchFile fetches a file that came with a message, stores it and has it listened to. One that is not pending any more is left
// alone, so that doing it twice is once. An error means that it stays pending: not_found that Telegram has no such file now,
// unavailable that it is to be tried again.
func (a *App) FetchFile(ctx context.Context, id int) error {
	if _, err := permit(ctx, "message_content", "write"); err != nil {
		return err
	}
	found, err := a.client.Attachment.Query().Where(attachment.ID(id)).Only(ctx)
	if err != nil {
		return notFound(err, "there is no such attachment")
	}
	if found.State != attachment.StatePending {
		return nil
	}
	if done, err := a.fillAlike(ctx, id); done || err != nil {
		return err
	}
	kept, err := a.download(ctx, found.Source, int64(found.Bytes))
	if domain.KindOf(err) == domain.KindInvalid { // ErrFileTooBig, or more than the store takes
		return a.endFetch(ctx, id, attachment.StateTooBig)
	}
	if err != nil {
		return err
	}
	const q = `UPDATE attachments SET state = 'STORED', sha256 = $2, bytes = $3 WHERE id = $1 AND state IN ('PENDING', 'MISSING') RETURNING content_id`
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		contents, err := t.ids(ctx, q, id, kept.SHA256, kept.Bytes)
		if err != nil {
			return err
		}
		return t.filled(ctx, contents)
	})
}

// download streams a file into the store. It is whole there or not there.
func (a *App) download(ctx context.Context, source string, bytes int64) (StoredFile, error) {
	if a.downloads == nil {
		return StoredFile{}, errNoDownloads
	}
	body, err := a.downloads.Download(ctx, source, bytes)
	if err != nil {
		return StoredFile{}, err
	}
	defer func() { _ = body.Close() }() // it was only read
	return a.files.Put(ctx, body)
}

// fillAlike fills a pending file with that of another version of the same message, which an edit of the caption leaves as it
// was. The other one is held meanwhile, so that nobody removes it.
func (a *App) fillAlike(ctx context.Context, id int) (bool, error) {
	const q = `
WITH alike AS (
  SELECT o.sha256, o.bytes FROM attachments f JOIN message_contents c ON c.id = f.content_id
  JOIN message_contents oc ON oc.message_id = c.message_id JOIN attachments o ON o.content_id = oc.id AND o.source = f.source AND o.state = 'STORED'
  WHERE f.id = $1 LIMIT 1 FOR SHARE OF o)
UPDATE attachments f SET state = 'STORED', sha256 = alike.sha256, bytes = alike.bytes FROM alike WHERE f.id = $1 AND f.state = 'PENDING' RETURNING f.content_id`
	done := false
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		contents, err := t.ids(ctx, q, id)
		if err != nil {
			return err
		}
		done = len(contents) > 0
		return t.filled(ctx, contents)
	})
	return done, err
}

// filled has what came into the store listened to, if it is of the newest version and says something that nobody wrote down.
func (t *tx) filled(ctx context.Context, contents []int) error {
	const q = `
SELECT c.id, m.side FROM message_contents c JOIN messages m ON m.id = c.message_id AND m.version = c.version
WHERE c.id = ANY($1) AND m.side <> 'NONE' AND c.transcript IS NULL ORDER BY c.id`
	var sounds []wordedContent
	err := t.each(ctx, q, []any{idArray(contents)}, func(scan scanner) error {
		var c wordedContent
		err := scan(&c.id, &c.side)
		sounds = append(sounds, c)
		return err
	})
	if err != nil || len(sounds) == 0 {
		return err
	}
	r, err := t.roster(ctx)
	if err != nil {
		return err
	}
	askListeners(t, r, sounds)
	return nil
}

// GiveUpFile marks a file as missing once fetching it was tried often enough. RetryFiles takes that back.
func (a *App) GiveUpFile(ctx context.Context, id int) error {
	if _, err := permit(ctx, "message_content", "write"); err != nil {
		return err
	}
	return a.endFetch(ctx, id, attachment.StateMissing)
}

func (a *App) endFetch(ctx context.Context, id int, state attachment.State) error {
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.sql.ExecContext(ctx, `UPDATE attachments SET state = $2 WHERE id = $1 AND state = 'PENDING'`, id, string(state))
		return err
	})
}

// RetryFiles has what could not be fetched fetched again, with all also what was too big, as after moving to a Bot API server of
// one's own, and returns how many files that are. For the command line.
func (a *App) RetryFiles(ctx context.Context, all bool) (int, error) {
	if _, err := permit(ctx, "telegram", "replay"); err != nil {
		return 0, err
	}
	n := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		const q = `UPDATE attachments SET state = 'PENDING' WHERE (state = 'MISSING' OR $1 AND state = 'TOO_BIG') AND source <> '' RETURNING id`
		ids, err := t.ids(ctx, q, all)
		if n = len(ids); n == 0 || err != nil {
			return err
		}
		for _, id := range ids {
			t.enqueue(args.FetchFile{AttachmentID: id}, nil)
		}
		return t.audit(ctx, "retry", "attachment", 0, map[string]int{"files": n})
	})
	return n, err
}

// FileCounts counts the attachments by their state. For the command line.
func (a *App) FileCounts(ctx context.Context) (map[string]int, error) {
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return nil, err
	}
	out := map[string]int{}
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		return t.each(ctx, `SELECT state, count(*) FROM attachments GROUP BY 1`, nil, func(scan scanner) error {
			var state string
			var n int
			err := scan(&state, &n)
			out[state] = n
			return err
		})
	})
	return out, err
}
