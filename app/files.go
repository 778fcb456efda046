package app

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/jobs/args"
	"github.com/fincokpi/finco/policies"
)

// FileStore keeps the files that come with messages, by the SHA-256 of their content. Errors are domain errors: not_found for
// a file that is not there, invalid for one that is too large, unavailable and internal for the store's own trouble.
type FileStore interface {
	// Put keeps what r yields, to its end.
	Put(ctx context.Context, r io.Reader) (StoredFile, error)
	// Open yields a file's content. The caller closes it.
	Open(ctx context.Context, sha256 string) (io.ReadCloser, error)
	// List hands over every file, in any order, with when it was last put.
	List(ctx context.Context, each func(StoredFile, time.Time) error) error
	// Remove removes a file, unless it was put again since a moment. One that is not there is no error.
	Remove(ctx context.Context, sha256 string, since time.Time) error
}

// StoredFile is a file in the store.
type StoredFile struct {
	SHA256 string // in hex
	Bytes  int64
}

// FileInput is a file of a message: one that the store has, or one that is still to be fetched.
type FileInput struct {
	// StoredFile is what the store has; without a SHA256 the file is pending.
	StoredFile
	// Source is Telegram's file id, where a pending file is fetched from; of one that the store has it may be empty.
	Source string
	// Position is which of the message's attachments it is, from 0.
	Position int
	// Kind is VOICE or VIDEO_NOTE.
	Kind string
	MIME string
	// Seconds is how long it lasts, 0 if not known.
	Seconds int
}

// maxSource is what the records hold of a file id; Telegram's are shorter.
const maxSource = 256

func (f FileInput) validate() error {
	pending := f.SHA256 == "" && f.Source != "" && len(f.Source) <= maxSource
	stored := len(f.SHA256) == 64 && strings.Trim(f.SHA256, "0123456789abcdef") == ""
	if !pending && !stored || f.Bytes < 0 || f.Seconds < 0 || f.Position < 0 || !slices.Contains([]string{"VOICE", "VIDEO_NOTE"}, f.Kind) {
		return domain.Errorf(domain.KindInvalid, "a file of a message needs its kind, its size and its SHA-256, or where to fetch it")
	}
	return nil
}

// KeepFile stores a file before what it belongs to is recorded: a message, or something that is sent. The same content again is
// one file. What nothing refers to a day later is removed; see TidyFiles.
func (a *App) KeepFile(ctx context.Context, r io.Reader) (StoredFile, error) {
	if _, err := permit(ctx, "message", policies.Write); err != nil {
		if _, sends := permit(ctx, "outbox", policies.Write); sends != nil {
			return StoredFile{}, err
		}
	}
	return a.files.Put(ctx, r)
}

// putFilesSQL notes the files of the newest version of their messages. What was known but is not in the store, and comes with its
// content now, is filled; what was kept long enough stays away. It returns what was new, and whether it says something that nobody
// has written down.
const putFilesSQL = `
WITH input AS (
  SELECT * FROM jsonb_to_recordset($1) AS x(chat_id bigint, telegram_id bigint, position bigint, kind text, mime text, bytes bigint, seconds bigint, sha256 text, source text)),
made AS (
  INSERT INTO attachments (content_id, position, kind, mime, bytes, seconds, sha256, source, state, created_at)
  SELECT c.id, i.position, i.kind, i.mime, i.bytes, i.seconds, NULLIF(i.sha256, ''), NULLIF(i.source, ''), CASE i.sha256 WHEN '' THEN 'PENDING' ELSE 'STORED' END, $2
  FROM input i JOIN messages m ON m.chat_id = i.chat_id AND m.telegram_id = i.telegram_id
  JOIN message_contents c ON c.message_id = m.id AND c.version = m.version
  ON CONFLICT (content_id, position) DO UPDATE SET state = 'STORED', sha256 = EXCLUDED.sha256, bytes = EXCLUDED.bytes
    WHERE EXCLUDED.state = 'STORED' AND attachments.state IN ('PENDING', 'TOO_BIG', 'MISSING')
  RETURNING id, content_id, state)
SELECT made.id, made.state = 'PENDING', c.id, m.side, m.side <> 'NONE' AND c.transcript IS NULL
FROM made JOIN message_contents c ON c.id = made.content_id JOIN messages m ON m.id = c.message_id ORDER BY c.id, made.id`

// fileRow is a file as the statement above takes it.
type fileRow struct {
	ChatID     int    `json:"chat_id"`
	TelegramID int64  `json:"telegram_id"`
	Position   int    `json:"position"`
	Kind       string `json:"kind"`
	MIME       string `json:"mime"`
	Bytes      int64  `json:"bytes"`
	Seconds    int    `json:"seconds"`
	SHA256     string `json:"sha256"`
	Source     string `json:"source"`
}

// putFiles notes what came with the messages, has what is new listened to, and what is not there yet fetched. A later import may
// bring the files that an earlier one left out.
func (r *recording) putFiles(ctx context.Context, in []MessageInput) error {
	var rows []fileRow
	for _, m := range in {
		once := map[int]bool{} // of two at one place the first counts
		for _, f := range m.Files {
			if once[f.Position] {
				continue
			}
			once[f.Position] = true
			rows = append(rows, fileRow{r.chats[m.chatKey()], m.TelegramID, f.Position, f.Kind, clip(f.MIME, 127), f.Bytes, f.Seconds, f.SHA256, f.Source})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	var sounds []wordedContent
	err := r.each(ctx, putFilesSQL, []any{asJSON(rows), r.at}, func(scan scanner) error {
		var id int
		var pending, unheard bool
		var c wordedContent
		if err := scan(&id, &pending, &c.id, &c.side, &unheard); err != nil {
			return err
		}
		if pending {
			r.enqueue(args.FetchFile{AttachmentID: id}, nil)
		} else if unheard && (len(sounds) == 0 || sounds[len(sounds)-1] != c) {
			sounds = append(sounds, c)
		}
		return nil
	})
	r.done.Files = len(sounds)
	if err != nil {
		return err
	}
	r.done.Analyses += askListeners(r.tx, r.roster, sounds)
	return nil
}
