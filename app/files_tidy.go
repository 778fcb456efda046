package app

import (
	"context"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/jobs/args"
)

const (
	// looseFor is how long a file may be in the store before something refers to it.
	looseFor = 24 * time.Hour
	// fetchFor is how long fetching a file is tried while Telegram or the network is away.
	fetchFor = 7 * 24 * time.Hour
	// tidyBatch is how many files one question is about.
	tidyBatch = 1000
)

// Tidied counts what TidyFiles did.
type Tidied struct {
	// Expired are attachments whose content is kept no longer, Removed files that left the store.
	Expired, Removed int
	// Queued are files to be fetched that no job was left for.
	Queued int
}

// TidyFiles removes the content of attachments that was kept long enough, and files that nothing refers to for a day; and has
// fetched what lost its job.
func (a *App) TidyFiles(ctx context.Context) (Tidied, error) {
	var out Tidied
	if _, err := permit(ctx, "message_content", "write"); err != nil {
		return out, err
	}
	var err error
	if out.Queued, err = a.refetch(ctx); err != nil {
		return out, err
	}
	if out.Expired, err = a.expireFiles(ctx); err != nil {
		return out, err
	}
	out.Removed, err = a.removeLoose(ctx)
	return out, err
}

// refetch finds pending files without a job, as after many crashes in a row; very old ones are given up.
func (a *App) refetch(ctx context.Context) (int, error) {
	n := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		const q = `
UPDATE attachments f SET state = CASE WHEN f.created_at < $1 THEN 'MISSING' ELSE f.state END
WHERE f.state = 'PENDING' AND NOT EXISTS (SELECT 1 FROM river_job j WHERE j.kind = $2 AND j.state IN ('available', 'pending', 'running', 'retryable', 'scheduled')
  AND (j.args ->> 'attachment_id')::bigint = f.id)
RETURNING f.id, f.state`
		n = 0
		return t.each(ctx, q, []any{t.at.Add(-fetchFor), args.FetchFile{}.Kind()}, func(scan scanner) error {
			var id int
			var state string
			if err := scan(&id, &state); err != nil {
				return err
			}
			if state == "PENDING" {
				n++
				t.enqueue(args.FetchFile{AttachmentID: id}, nil)
			}
			return nil
		})
	})
	return n, err
}

// expireFiles marks the attachments of contents that no younger one has. Their files are loose then.
func (a *App) expireFiles(ctx context.Context) (int, error) {
	if a.keepFiles <= 0 {
		return 0, nil
	}
	const q = `
UPDATE attachments SET state = 'REMOVED', sha256 = NULL WHERE id IN (
  SELECT f.id FROM attachments f WHERE f.state = 'STORED' AND f.created_at < $1
    AND NOT EXISTS (SELECT 1 FROM attachments y WHERE y.sha256 = f.sha256 AND y.created_at >= $1) LIMIT $2)
RETURNING id`
	n := 0
	for {
		var ids []int
		err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
			var err error
			ids, err = t.ids(ctx, q, t.at.Add(-a.keepFiles), tidyBatch)
			return err
		})
		n += len(ids)
		if err != nil || len(ids) < tidyBatch {
			return n, err
		}
	}
}

// removeLoose removes what nothing refers to and what nobody put lately: whoever stores a file says only afterwards what for.
func (a *App) removeLoose(ctx context.Context) (int, error) {
	since := a.now().Add(-looseFor)
	removed := 0
	var batch []string
	flush := func() error {
		loose, err := a.loose(ctx, batch)
		batch = batch[:0]
		if err != nil {
			return err
		}
		for _, hash := range loose {
			if err := a.files.Remove(ctx, hash, since); err != nil {
				return err
			}
		}
		removed += len(loose)
		return nil
	}
	err := a.files.List(ctx, func(f StoredFile, put time.Time) error {
		if !put.Before(since) {
			return nil
		}
		if batch = append(batch, f.SHA256); len(batch) < tidyBatch {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return removed, err
}

// loose are those of some files that no attachment, nothing that is still to be sent, no broadcast and no dialog refers to.
func (a *App) loose(ctx context.Context, hashes []string) ([]string, error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	const q = `
SELECT h FROM unnest($1::text[]) AS h
WHERE NOT EXISTS (SELECT 1 FROM attachments f WHERE f.sha256 = h) AND NOT EXISTS (SELECT 1 FROM outgoings o WHERE o.file = h AND o.state IN ('QUEUED', 'SENDING'))
  AND NOT EXISTS (SELECT 1 FROM broadcasts b WHERE b.file = h) AND NOT EXISTS (SELECT 1 FROM dialogs d WHERE d.data::text LIKE '%' || h || '%')`
	var out []string
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		return t.each(ctx, q, []any{pq.StringArray(hashes)}, func(scan scanner) error {
			var hash string
			err := scan(&hash)
			out = append(out, hash)
			return err
		})
	})
	return out, err
}
