package app

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/fincokpi/finco/domain"
)

// FileStore keeps the files that come with messages, by the SHA-256 of their content. Errors are domain errors: not_found for
// a file that is not there, invalid for one that is too large, unavailable and internal for the store's own trouble.
type FileStore interface {
	// Put keeps what r yields, to its end.
	Put(ctx context.Context, r io.Reader) (StoredFile, error)
	// Open yields a file's content. The caller closes it.
	Open(ctx context.Context, sha256 string) (io.ReadCloser, error)
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

// KeepFile stores a file before the message that it belongs to is recorded. The same content again is one file.
func (a *App) KeepFile(ctx context.Context, r io.Reader) (StoredFile, error) {
	if _, err := permit(ctx, "message", "write"); err != nil {
		return StoredFile{}, err
	}
	return a.files.Put(ctx, r)
}

// putFilesSQL notes the files of the newest version of their messages and returns those that were not known and say something
// that nobody has written down.
const putFilesSQL = `
WITH input AS (
  SELECT * FROM jsonb_to_recordset($1) AS x(chat_id bigint, telegram_id bigint, position bigint, kind text, mime text, bytes bigint, seconds bigint, sha256 text)),
made AS (
  INSERT INTO attachments (content_id, position, kind, mime, bytes, seconds, sha256, created_at)
  SELECT c.id, i.position, i.kind, i.mime, i.bytes, i.seconds, i.sha256, $2
  FROM input i JOIN messages m ON m.chat_id = i.chat_id AND m.telegram_id = i.telegram_id
  JOIN message_contents c ON c.message_id = m.id AND c.version = m.version
  ON CONFLICT (content_id, position) DO NOTHING
  RETURNING content_id)
SELECT DISTINCT c.id, m.side FROM made JOIN message_contents c ON c.id = made.content_id JOIN messages m ON m.id = c.message_id
WHERE m.side <> 'NONE' AND c.transcript IS NULL ORDER BY c.id`

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
}

// putFiles notes what came with the messages and has what is new listened to. A later import may bring the files that an
// earlier one left out.
func (r *recording) putFiles(ctx context.Context, in []MessageInput) error {
	var rows []fileRow
	for _, m := range in {
		for _, f := range m.Files {
			rows = append(rows, fileRow{r.chats[m.chatKey()], m.TelegramID, f.Position, f.Kind, clip(f.MIME, 127), f.Bytes, f.Seconds, f.SHA256})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	var sounds []wordedContent
	err := r.each(ctx, putFilesSQL, []any{asJSON(rows), r.at}, func(scan scanner) error {
		var c wordedContent
		err := scan(&c.id, &c.side)
		sounds = append(sounds, c)
		return err
	})
	r.done.Files = len(sounds)
	if err != nil {
		return err
	}
	r.done.Analyses += askListeners(r.tx, r.roster, sounds)
	return nil
}
