package bot

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	telegram "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
)

// unread is a file that the store does not give now.
type unread struct{ error }

// upload sends a file of the store. The file of a broadcast goes up once: whoever comes later gets what Telegram has already.
func (s *sender) upload(ctx context.Context, o app.Outgoing) (*models.Message, error) {
	if o.BroadcastID == 0 {
		return s.sendFile(ctx, o, "")
	}
	key := o.File + " " + o.FileField
	known, done, err := s.uploads.begin(ctx, key)
	if err != nil {
		return nil, &broken{method: o.Method, err: err} // it waited for the one that goes up
	}
	sent, err := s.sendFile(ctx, o, known)
	switch {
	case err == nil && known == "":
		known = fileIDOf(sent)
	case badRequest(err) && known != "" && strings.Contains(strings.ToLower(description(err)), "file"):
		// Telegram has forgotten it: it goes up again.
		sent, err = s.sendFile(ctx, o, "")
		known = fileIDOf(sent)
	}
	done(known)
	return sent, err
}

// sendFile sends a file by what Telegram calls it, or if that is empty from the store.
func (s *sender) sendFile(ctx context.Context, o app.Outgoing, known string) (*models.Message, error) {
	var file models.InputFile = &models.InputFileString{Data: known}
	if known == "" {
		content, err := s.app.OpenOutgoing(ctx, o.File)
		if domain.KindOf(err) == domain.KindNotFound {
			return nil, &refusal{method: o.Method, code: http.StatusGone, description: "the file is no longer in the store"}
		}
		if err != nil {
			return nil, unread{err}
		}
		defer func() { _ = content.Close() }() // it was only read
		name := o.FileName
		if name == "" {
			name = "picture.png"
		}
		file = &models.InputFileUpload{Filename: name, Data: content}
	}
	if o.Method == "sendPhoto" {
		params := &telegram.SendPhotoParams{}
		if err := json.Unmarshal(o.Params, params); err != nil {
			return nil, &refusal{method: o.Method, code: http.StatusBadRequest, description: "the parameters cannot be read"}
		}
		params.ChatID, params.Photo = o.Chat, file
		return s.client.SendPhoto(ctx, params)
	}
	params := &telegram.SendDocumentParams{}
	if err := json.Unmarshal(o.Params, params); err != nil {
		return nil, &refusal{method: o.Method, code: http.StatusBadRequest, description: "the parameters cannot be read"}
	}
	params.ChatID, params.Document = o.Chat, file
	return s.client.SendDocument(ctx, params)
}

// fileIDOf is what Telegram calls the file of a message; empty if it does not say.
func fileIDOf(m *models.Message) string {
	switch {
	case m == nil:
	case len(m.Photo) > 0:
		return m.Photo[len(m.Photo)-1].FileID
	case m.Document != nil:
		return m.Document.FileID
	}
	return ""
}

// uploads remembers what Telegram calls the files of broadcasts. While one goes up, others with the same file wait for it.
type uploads struct {
	mu    sync.Mutex
	known map[string]string
	going map[string]chan struct{}
}

func newUploads() *uploads {
	return &uploads{known: map[string]string{}, going: map[string]chan struct{}{}}
}

// begin is what Telegram calls a file; if that is empty, the caller's upload is the one that others wait for until done is called
// with the file's name.
func (u *uploads) begin(ctx context.Context, key string) (known string, done func(string), err error) {
	for {
		u.mu.Lock()
		known, there := u.known[key]
		going := u.going[key]
		if !there && going == nil {
			going = make(chan struct{})
			u.going[key] = going
			u.mu.Unlock()
			return "", func(name string) { u.end(key, name, going) }, nil
		}
		u.mu.Unlock()
		if there {
			return known, func(name string) { u.end(key, name, nil) }, nil
		}
		select {
		case <-going:
		case <-ctx.Done():
			return "", nil, ctx.Err()
		}
	}
}

func (u *uploads) end(key, name string, going chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if name == "" {
		delete(u.known, key)
	} else {
		u.known[key] = name
	}
	if going != nil {
		delete(u.going, key)
		close(going)
	}
}
