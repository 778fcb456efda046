package bottest

import (
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/go-telegram/bot/models"
)

// SendsVoice sends a voice note: OGG with Opus.
func (u *User) SendsVoice(c *Chat, ogg []byte, seconds int, options ...Writing) *models.Message {
	return u.sends(c, options, func(s *Server, w writing) models.Message {
		f := s.keepFile("voice", ".oga", ogg, w.size)
		return models.Message{Caption: w.caption, Voice: &models.Voice{FileID: f.id, FileUniqueID: f.id + "u", Duration: seconds, MimeType: "audio/ogg", FileSize: f.size}}
	})
}

// SendsVideoNote sends a round video: MP4.
func (u *User) SendsVideoNote(c *Chat, mp4 []byte, seconds int, options ...Writing) *models.Message {
	return u.sends(c, options, func(s *Server, w writing) models.Message {
		f := s.keepFile("video_notes", ".mp4", mp4, w.size)
		return models.Message{VideoNote: &models.VideoNote{FileID: f.id, FileUniqueID: f.id + "u", Length: 240, Duration: seconds, FileSize: int(f.size)}}
	})
}

// SendsPhoto sends a picture in two sizes.
func (u *User) SendsPhoto(c *Chat, jpeg []byte, options ...Writing) *models.Message {
	return u.sends(c, options, func(s *Server, w writing) models.Message {
		small, large := s.keepFile("photos", ".jpg", jpeg, 0), s.keepFile("photos", ".jpg", jpeg, w.size)
		return models.Message{Caption: w.caption, Photo: []models.PhotoSize{
			{FileID: small.id, FileUniqueID: small.id + "u", Width: 90, Height: 60, FileSize: int(small.size)},
			{FileID: large.id, FileUniqueID: large.id + "u", Width: 1280, Height: 853, FileSize: int(large.size)},
		}}
	})
}

// SendsDocument sends a file.
func (u *User) SendsDocument(c *Chat, name string, data []byte, options ...Writing) *models.Message {
	return u.sends(c, options, func(s *Server, w writing) models.Message {
		f := s.keepFile("documents", filepath.Ext(name), data, w.size)
		return models.Message{Caption: w.caption, Document: &models.Document{
			FileID: f.id, FileUniqueID: f.id + "u", FileName: name, MimeType: http.DetectContentType(data), FileSize: f.size,
		}}
	})
}

// SendsAlbum sends pictures as one; the caption is the first one's.
func (u *User) SendsAlbum(c *Chat, jpegs [][]byte, options ...Writing) []*models.Message {
	u.s.mu.Lock()
	id := fmt.Sprintf("album%d", u.s.number())
	u.s.mu.Unlock()
	var out []*models.Message
	for i, jpeg := range jpegs {
		with := append([]Writing{}, options...)
		if with = append(with, inAlbum(id)); i > 0 {
			with = append(with, Captioned(""))
		}
		out = append(out, u.SendsPhoto(c, jpeg, with...))
	}
	return out
}

// SharesContact shares the person's own contact, as the button that asks for it does.
func (u *User) SharesContact(c *Chat, options ...Writing) *models.Message {
	return u.SharesContactOf(c, u, options...)
}

// SharesContactOf shares somebody's contact from the address book.
func (u *User) SharesContactOf(c *Chat, of *User, options ...Writing) *models.Message {
	return u.sends(c, options, func(*Server, writing) models.Message {
		return models.Message{Contact: &models.Contact{PhoneNumber: of.Phone, FirstName: of.FirstName, LastName: of.LastName, UserID: of.ID}}
	})
}

// SharesLocation shares where the person is: Place.
func (u *User) SharesLocation(c *Chat, options ...Writing) *models.Message {
	return u.sends(c, options, func(*Server, writing) models.Message {
		place := u.Place
		return models.Message{Location: &place}
	})
}
