package server

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/intake/telegramexport"
)

// keptKinds are the attachments that are stored, as the records call them: those that somebody listens to.
var keptKinds = map[string]string{"voice": "VOICE", "video_note": "VIDEO_NOTE"}

// keepFiles stores the voice and video notes of a batch and names them in the messages. A file that cannot be read is told
// and damage; its message is taken all the same, and importing again adds the file.
func (b *importer) keepFiles(ctx context.Context, batch []telegramexport.Message, in []app.MessageInput) error {
	type key struct {
		mailbox string
		id      int64
	}
	place := make(map[key]int, len(in))
	for i, m := range in {
		place[key{m.Chat.Mailbox, m.TelegramID}] = i
	}
	for _, m := range batch {
		i, recorded := place[key{m.Mailbox, m.ID}]
		if !recorded || m.Media == nil || m.Media.Path == "" || keptKinds[m.Media.Kind] == "" {
			continue
		}
		file, err := b.keepFile(ctx, m.Media)
		switch kind := domain.KindOf(err); {
		case err == nil:
			in[i].Files = append(in[i].Files, file)
		case kind == domain.KindInvalid || errors.Is(err, errUnreadable):
			b.leaveOut(m, err)
		default:
			return err
		}
	}
	return nil
}

// leaveOut tells of a file that was not stored; of very many the first are named and all are counted.
func (b *importer) leaveOut(m telegramexport.Message, err error) {
	b.result.Damaged = true
	if b.leftOut++; b.leftOut <= notesShown {
		b.result.Notes = append(b.result.Notes, fmt.Sprintf("the %s of message %d is left out: %v", m.Media.Kind, m.ID, err))
	}
}

// errUnreadable is a file of the export that yields no content: it is missing, a link out of the folder, or broken.
var errUnreadable = errors.New("the file cannot be read")

func (b *importer) keepFile(ctx context.Context, m *telegramexport.Media) (app.FileInput, error) {
	content, err := b.export.OpenMedia(m.Path)
	if err != nil {
		return app.FileInput{}, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	defer func() { _ = content.Close() }() // it was only read
	stored, err := b.app.KeepFile(ctx, unreadable{content})
	return app.FileInput{StoredFile: stored, Kind: keptKinds[m.Kind], MIME: m.MIME, Seconds: int(m.Duration.Seconds())}, err
}

// unreadable tells the export's errors from the store's.
type unreadable struct{ io.Reader }

// Read implements io.Reader.
func (u unreadable) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return n, err
}
