package bot

import (
	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
)

// kindService is a message in which Telegram itself says that something happened.
const kindService = "SERVICE"

// content is what a message is, besides its words.
type content struct {
	kind        string
	attachments []attachment
	// file is what is to be fetched; nil: nothing.
	file *app.FileInput
}

// attachment is how one is kept with a message: a file or a thing, and behind it what the message says of where it is from and of what
// it answers. The import of an export writes the same names.
type attachment struct {
	Type     string `json:"type"`
	FileID   string `json:"file_id,omitempty"`
	UniqueID string `json:"file_unique_id,omitempty"`
	FileName string `json:"file_name,omitempty"`
	MIME     string `json:"mime_type,omitempty"`
	Size     int64  `json:"file_size,omitempty"`
	Duration int    `json:"duration,omitempty"` // seconds
	Emoji    string `json:"emoji,omitempty"`
	// Album is the same for all pictures that were sent together.
	Album string `json:"media_group_id,omitempty"`
	// Data is what else Telegram says of it, by its names.
	Data any `json:"data,omitempty"`
}

// contentOf finds out what a message is. What holds nothing that people send is a service message: Telegram adds to those all the
// time, and they must neither open nor close a wait.
func contentOf(m *models.Message) content {
	c := content{kind: kindService}
	if m.Text != "" || m.Caption != "" {
		c.kind = "TEXT"
	}
	if kind, a := mediaOf(m); kind != "" {
		c.kind = kind
		a.Album = m.MediaGroupID
		c.attachments = append(c.attachments, a)
		c.file = fileOf(kind, a)
	}
	if c.kind != kindService {
		c.attachments = append(c.attachments, contextOf(m)...)
	}
	return c
}

// mediaOf is the file or thing in a message, and its kind; an empty one if there is none. An animation says that it is a document,
// too, and a venue that it is a location: they come first.
func mediaOf(m *models.Message) (kind string, a attachment) {
	switch {
	case m.Voice != nil:
		v := m.Voice
		return "VOICE", attachment{Type: "voice", FileID: v.FileID, UniqueID: v.FileUniqueID, MIME: v.MimeType, Size: v.FileSize, Duration: v.Duration}
	case m.VideoNote != nil:
		v := m.VideoNote
		return "VIDEO_NOTE", attachment{Type: "video_note", FileID: v.FileID, UniqueID: v.FileUniqueID, MIME: "video/mp4", Size: int64(v.FileSize), Duration: v.Duration}
	case m.Animation != nil:
		v := m.Animation
		return "ANIMATION", attachment{Type: "animation", FileID: v.FileID, UniqueID: v.FileUniqueID, FileName: v.FileName, MIME: v.MimeType, Size: v.FileSize, Duration: v.Duration}
	case m.LivePhoto != nil:
		v := m.LivePhoto
		return "PHOTO", attachment{Type: "photo", FileID: v.FileID, UniqueID: v.FileUniqueID, MIME: v.MimeType, Size: int64(v.FileSize), Duration: v.Duration}
	case len(m.Photo) > 0:
		v := m.Photo[len(m.Photo)-1] // the largest
		return "PHOTO", attachment{Type: "photo", FileID: v.FileID, UniqueID: v.FileUniqueID, Size: int64(v.FileSize)}
	case m.Video != nil:
		v := m.Video
		return "VIDEO", attachment{Type: "video", FileID: v.FileID, UniqueID: v.FileUniqueID, FileName: v.FileName, MIME: v.MimeType, Size: v.FileSize, Duration: v.Duration}
	case m.Audio != nil:
		v := m.Audio
		return "AUDIO", attachment{Type: "audio", FileID: v.FileID, UniqueID: v.FileUniqueID, FileName: v.FileName, MIME: v.MimeType, Size: v.FileSize, Duration: v.Duration}
	case m.Document != nil:
		v := m.Document
		return "DOCUMENT", attachment{Type: "document", FileID: v.FileID, UniqueID: v.FileUniqueID, FileName: v.FileName, MIME: v.MimeType, Size: v.FileSize}
	case m.Sticker != nil:
		v := m.Sticker
		return "STICKER", attachment{Type: "sticker", FileID: v.FileID, UniqueID: v.FileUniqueID, Size: int64(v.FileSize), Emoji: v.Emoji}
	}
	return thingOf(m)
}

// thingOf is what a message holds that is no file.
func thingOf(m *models.Message) (kind string, a attachment) {
	switch {
	case m.Contact != nil:
		return "CONTACT", attachment{Type: "contact", Data: m.Contact}
	case m.Venue != nil:
		return "LOCATION", attachment{Type: "venue", Data: m.Venue}
	case m.Location != nil:
		return "LOCATION", attachment{Type: "location", Data: m.Location}
	case m.Poll != nil:
		return "POLL", attachment{Type: "poll", Data: questionOf(m.Poll)}
	case m.Dice != nil:
		return "OTHER", attachment{Type: "dice", Data: m.Dice}
	case m.Story != nil:
		return "OTHER", attachment{Type: "story", Data: m.Story}
	case m.Game != nil:
		return "OTHER", attachment{Type: "game", Data: map[string]string{"title": m.Game.Title}}
	case m.Invoice != nil:
		return "OTHER", attachment{Type: "invoice", Data: m.Invoice}
	case m.Checklist != nil:
		return "OTHER", attachment{Type: "checklist", Data: map[string]string{"title": m.Checklist.Title}}
	case m.PaidMedia != nil:
		return "OTHER", attachment{Type: "paid_media"}
	case m.Giveaway != nil, m.GiveawayWinners != nil:
		return "OTHER", attachment{Type: "giveaway"}
	}
	return "", attachment{}
}

// questionOf is a poll without its votes, which change.
func questionOf(p *models.Poll) any {
	options := make([]string, len(p.Options))
	for i, o := range p.Options {
		options[i] = o.Text
	}
	return map[string]any{"id": p.ID, "question": p.Question, "options": options}
}

// contextOf is where a message is from and what it answers, as far as the record has no place for it.
func contextOf(m *models.Message) []attachment {
	var out []attachment
	if m.ForwardOrigin != nil {
		out = append(out, attachment{Type: "forward", Data: m.ForwardOrigin})
	}
	if r := m.ExternalReply; r != nil {
		out = append(out, attachment{Type: "external_reply", Data: map[string]any{"origin": &r.Origin, "chat": r.Chat, "message_id": r.MessageID}})
	}
	if q := m.Quote; q != nil {
		out = append(out, attachment{Type: "quote", Data: map[string]any{"text": q.Text, "position": q.Position}})
	}
	if m.ViaBot != nil {
		out = append(out, attachment{Type: "via_bot", Data: map[string]any{"id": m.ViaBot.ID, "username": m.ViaBot.Username}})
	}
	return out
}

// maxFileID is what the records hold; Telegram's are shorter.
const maxFileID = 256

// fileOf is the note that somebody is to listen to, which is still to be fetched.
func fileOf(kind string, a attachment) *app.FileInput {
	if kind != "VOICE" && kind != "VIDEO_NOTE" || a.FileID == "" || len(a.FileID) > maxFileID {
		return nil
	}
	return &app.FileInput{
		StoredFile: app.StoredFile{Bytes: max(a.Size, 0)}, Source: a.FileID, Kind: kind, MIME: a.MIME, Seconds: max(a.Duration, 0),
	}
}
