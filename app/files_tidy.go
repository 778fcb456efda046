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
	// looseMost is how many files are removed at a time; the rest waits for the next.
	looseMost = 100_000
	// looseStrangers is how many files may be left by crashes alone, before there is any file to know.
	looseStrangers = 100
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
	out.Removed, err = a.removeLoose(ctx, out.Expired)
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

// removeLoose removes what nothing refers to and what nobody put lately: whoever stores a file says only afterwards what for. It
// removes nothing from a store of which this database knows no file at all, because it is another's then.
func (a *App) removeLoose(ctx context.Context, expired int) (int, error) {
	since := a.now().Add(-looseFor)
	loose, known, err := a.findLoose(ctx, since)
	if err != nil {
		return 0, err
	}
	if known == 0 && expired == 0 && len(loose) > looseStrangers {
		a.log.Error("the store has files of which this database knows none: nothing is removed, see that they belong together", "room", "app", "files", len(loose))
		return 0, nil
	}
	for i, hash := range loose {
		if err := a.files.Remove(ctx, hash, since); err != nil {
			return i, err
		}
	}
	return len(loose), nil
}

// findLoose finds what nothing needs among the files put before a moment, and counts those that the records mention.
func (a *App) findLoose(ctx context.Context, since time.Time) (loose []string, known int, err error) {
	var batch []string
	ask := func() error {
		some, n, err := a.loose(ctx, batch)
		loose, known, batch = append(loose, some...), known+n, batch[:0]
		return err
	}
	err = a.files.List(ctx, func(f StoredFile, put time.Time) error {
		if !put.Before(since) || len(loose) >= looseMost {
			return nil
		}
		if batch = append(batch, f.SHA256); len(batch) < tidyBatch {
			return nil
		}
		return ask()
	})
	if err == nil && len(batch) > 0 {
		err = ask()
	}
	return loose, known, err
}

// loose are those of some files that no attachment, nothing that is still to be sent, no broadcast and no dialog needs; known is how
// many of them anything mentions.
func (a *App) loose(ctx context.Context, hashes []string) (loose []string, known int, err error) {
	const q = `
SELECT h, used, used OR EXISTS (SELECT 1 FROM outgoings o WHERE o.file = h) FROM (SELECT h,
  EXISTS (SELECT 1 FROM attachments f WHERE f.sha256 = h) OR EXISTS (SELECT 1 FROM outgoings o WHERE o.file = h AND o.state IN ('QUEUED', 'SENDING'))
  OR EXISTS (SELECT 1 FROM broadcasts b WHERE b.file = h) OR EXISTS (SELECT 1 FROM dialogs d WHERE d.data::text LIKE '%' || h || '%') AS used
  FROM unnest($1::text[]) AS h) x`
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		loose, known = nil, 0
		return t.each(ctx, q, []any{pq.StringArray(hashes)}, func(scan scanner) error {
			var hash string
			var used, mentioned bool
			if err := scan(&hash, &used, &mentioned); err != nil {
				return err
			}
			if mentioned {
				known++
			}
			if !used {
				loose = append(loose, hash)
			}
			return nil
		})
	})
	return loose, known, err
}
