package app

import (
	"context"
	"io"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/attachment"
)

// File is a file as a person gets it.
type File struct {
	ID         int
	Kind, MIME string
	// State is the attachment's: Content is there if it is STORED, and nil otherwise.
	State attachment.State
	// Content is the caller's to close. It may be an io.Seeker.
	Content io.ReadCloser
}

// OpenFile yields a file that came with a message, to whoever may read the message's words. What is hidden and what came with a
// deleted message is not found.
func (a *App) OpenFile(ctx context.Context, id int) (File, error) {
	if _, err := permit(ctx, "message_content", "read"); err != nil {
		if domain.KindOf(err) == domain.KindDenied { // whoever reads no words need not learn what there is
			err = errNoFile
		}
		return File{}, err
	}
	found, err := a.client.Attachment.Query().Where(attachment.ID(id)).Only(ctx)
	if err != nil {
		return File{}, notFound(err, errNoFile.Error())
	}
	content, err := found.QueryContent().Only(ctx)
	if err != nil {
		return File{}, notFound(err, errNoFile.Error())
	}
	message, err := content.QueryMessage().Only(ctx)
	if err != nil {
		return File{}, notFound(err, errNoFile.Error())
	}
	if message.DeletedAt != nil {
		return File{}, errNoFile
	}
	out := File{ID: id, Kind: string(found.Kind), MIME: found.Mime, State: found.State}
	if found.State == attachment.StateStored {
		out.Content, err = a.files.Open(ctx, found.Sha256)
	}
	return out, err
}

var errNoFile = domain.Errorf(domain.KindNotFound, "there is no such file")
