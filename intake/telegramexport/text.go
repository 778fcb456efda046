package telegramexport

import (
	"encoding/json"
	"strings"
	"unicode/utf16"
)

// part is one stretch of a text: a plain string, or an object with a type.
type part struct {
	Type     text   `json:"type"`
	Text     text   `json:"text"`
	Href     text   `json:"href"`
	UserID   number `json:"user_id"`
	Language text   `json:"language"`
	Document text   `json:"document_id"`
}

// UnmarshalJSON takes a string for a plain part.
func (p *part) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return p.Text.UnmarshalJSON(raw)
	}
	type object part
	return json.Unmarshal(raw, (*object)(p))
}

// entity is a stretch of text with a meaning, as the Bot API writes it.
type entity struct {
	Type     string      `json:"type"`
	Offset   int         `json:"offset"`
	Length   int         `json:"length"`
	URL      string      `json:"url,omitempty"`
	User     *entityUser `json:"user,omitempty"`
	Language string      `json:"language,omitempty"`
	Emoji    string      `json:"custom_emoji_id,omitempty"`
}

type entityUser struct {
	ID int64 `json:"id"`
}

// botAPIName are the entity types that the Bot API calls otherwise.
var botAPIName = map[string]string{
	"link":         "url",
	"phone":        "phone_number",
	"mention_name": "text_mention",
}

// decodeText returns the plain text and its entities. It prefers text_entities; old exports have only text,
// which is a string or an array of strings and objects.
func decodeText(simple, entities json.RawMessage) (string, json.RawMessage, string) {
	for _, raw := range []json.RawMessage{entities, simple} {
		if len(raw) == 0 || string(raw) == "null" || string(raw) == "[]" {
			continue
		}
		if raw[0] == '"' {
			var t text
			if json.Unmarshal(raw, &t) != nil || t.bad {
				return "", nil, "the text is not a string"
			}
			return t.v, nil, ""
		}
		var parts []part
		if raw[0] != '[' || json.Unmarshal(raw, &parts) != nil {
			return "", nil, "the text is neither a string nor a list of parts"
		}
		return join(parts)
	}
	return "", nil, ""
}

func join(parts []part) (string, json.RawMessage, string) {
	var b strings.Builder
	var list []entity
	offset := 0
	for _, p := range parts {
		if p.Text.bad || p.Type.bad {
			return "", nil, "a part of the text is not a string"
		}
		length := units(p.Text.v)
		b.WriteString(p.Text.v)
		if kind := p.Type.v; kind != "" && kind != "plain" && kind != "unknown" && length > 0 {
			list = append(list, p.entity(kind, offset, length))
		}
		offset += length
	}
	if list == nil {
		return b.String(), nil, ""
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return "", nil, "the parts of the text cannot be written down"
	}
	return b.String(), raw, ""
}

func (p *part) entity(kind string, offset, length int) entity {
	e := entity{Type: kind, Offset: offset, Length: length, URL: p.Href.v, Language: p.Language.v, Emoji: p.Document.v}
	if name, ok := botAPIName[kind]; ok {
		e.Type = name
	}
	if p.UserID.ok() {
		e.User = &entityUser{ID: p.UserID.v}
	}
	return e
}

// units is the length in UTF-16 code units, in which Telegram counts.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}
