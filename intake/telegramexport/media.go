package telegramexport

import (
	"encoding/json"
	"path"
	"strings"
	"time"
)

// mediaRecord are the fields of an attachment.
type mediaRecord struct {
	Photo     text            `json:"photo"`
	PhotoSize number          `json:"photo_file_size"`
	File      text            `json:"file"`
	FileName  text            `json:"file_name"`
	FileSize  number          `json:"file_size"`
	MediaType text            `json:"media_type"`
	MIME      text            `json:"mime_type"`
	Duration  number          `json:"duration_seconds"`
	Emoji     text            `json:"sticker_emoji"`
	Contact   json.RawMessage `json:"contact_information"`
	Location  json.RawMessage `json:"location_information"`
	Place     text            `json:"place_name"`
	Poll      json.RawMessage `json:"poll"`
	Game      text            `json:"game_title"`
	Invoice   json.RawMessage `json:"invoice_information"`
}

var mediaKind = map[string]string{
	"voice_message": "voice",
	"video_message": "video_note",
	"audio_file":    "audio",
	"video_file":    "video",
	"animation":     "animation",
	"sticker":       "sticker",
	"":              "document",
}

// maxDuration is a year: what is longer is damage.
const maxDuration = 366 * 24 * 3600

// media reads the attachment, nil if there is none. Wrong details are dropped, never the message.
func (r *mediaRecord) media() *Media {
	m := &Media{MIME: r.MIME.v, Name: r.FileName.v, Emoji: r.Emoji.v}
	if r.Duration.ok() && r.Duration.v > 0 && r.Duration.v <= maxDuration {
		m.Duration = time.Duration(r.Duration.v) * time.Second
	}
	switch {
	case r.Photo.set && !r.Photo.bad:
		m.Kind = "photo"
		m.place(r.Photo.v, r.PhotoSize)
	case r.File.set && !r.File.bad:
		kind, known := mediaKind[r.MediaType.v]
		if !known {
			kind = "other"
		}
		m.Kind = kind
		m.place(r.File.v, r.FileSize)
	case r.Place.set:
		m.Kind = "venue"
	case present(r.Location):
		m.Kind = "location"
	case present(r.Contact):
		m.Kind = "contact"
	case present(r.Poll):
		m.Kind = "poll"
	case r.Game.set:
		m.Kind = "game"
	case present(r.Invoice):
		m.Kind = "invoice"
	default:
		return nil
	}
	return m
}

func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// place takes the path, or the sentence that stands in its stead.
func (m *Media) place(value string, size number) {
	if size.ok() && size.v > 0 {
		m.Size = size.v
	}
	switch {
	case strings.Contains(value, "(File not included"):
		m.Missing = "not_included"
	case strings.Contains(value, "(File exceeds maximum size"):
		m.Missing = "too_large"
	case strings.Contains(value, "(File unavailable"), value == "":
		m.Missing = "unavailable"
	case !inside(value):
		m.Missing = "outside"
	default:
		m.Path = path.Clean(value)
	}
}

// inside refuses paths that would leave the export's folder.
func inside(p string) bool {
	if strings.ContainsAny(p, "\\\x00") || path.IsAbs(p) || strings.Contains(p, ":") {
		return false
	}
	clean := path.Clean(p)
	return clean != "." && clean != ".." && !strings.HasPrefix(clean, "../")
}
