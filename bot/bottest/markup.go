package bottest

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/go-telegram/bot/models"
)

// Button is one below a message: an inline one with Data or URL, or one of the keyboard that takes the place of typing.
type Button struct {
	Text, Data, URL string
	// Contact and Location are what pressing a button of the keyboard shares.
	Contact, Location bool
}

// keyboard is a message's reply_markup.
type keyboard struct {
	inline  [][]models.InlineKeyboardButton
	reply   [][]models.KeyboardButton
	remove  bool
	oneTime bool
}

func (k *keyboard) buttons() [][]Button {
	if k == nil {
		return nil
	}
	var out [][]Button
	for _, row := range k.inline {
		var line []Button
		for _, b := range row {
			line = append(line, Button{Text: b.Text, Data: b.CallbackData, URL: b.URL})
		}
		out = append(out, line)
	}
	for _, row := range k.reply {
		var line []Button
		for _, b := range row {
			line = append(line, Button{Text: b.Text, Contact: b.RequestContact, Location: b.RequestLocation})
		}
		out = append(out, line)
	}
	return out
}

// inlineMarkup is what other people see of it.
func (k *keyboard) inlineMarkup() *models.InlineKeyboardMarkup {
	if k == nil || len(k.inline) == 0 {
		return nil
	}
	return &models.InlineKeyboardMarkup{InlineKeyboard: k.inline}
}

// parseMarkup reads a reply_markup for a chat; nil if there is none.
func parseMarkup(raw string, c *Chat) (*keyboard, error) {
	if raw == "" || raw == "null" {
		return nil, nil
	}
	var in struct {
		Inline  *[][]models.InlineKeyboardButton `json:"inline_keyboard"`
		Reply   *[]json.RawMessage               `json:"keyboard"`
		Remove  bool                             `json:"remove_keyboard"`
		Force   bool                             `json:"force_reply"`
		OneTime bool                             `json:"one_time_keyboard"`
	}
	if err := json.Unmarshal([]byte(raw), &in); err != nil {
		return nil, bad("can't parse reply keyboard markup JSON object")
	}
	switch {
	case in.Inline != nil:
		k := &keyboard{}
		for _, row := range *in.Inline {
			if len(row) > 0 {
				k.inline = append(k.inline, row)
			}
			for _, b := range row {
				if err := checkInline(b); err != nil {
					return nil, err
				}
			}
		}
		return k, nil
	case in.Reply != nil:
		k := &keyboard{oneTime: in.OneTime}
		for _, row := range *in.Reply {
			line, err := parseRow(row, c)
			if err != nil {
				return nil, err
			}
			k.reply = append(k.reply, line)
		}
		return k, nil
	case in.Remove:
		return &keyboard{remove: true}, nil
	case in.Force:
		return &keyboard{}, nil
	}
	return nil, bad("object expected as reply markup")
}

// A message takes at most so many inline buttons.
const maxInline = 100

func checkInline(b models.InlineKeyboardButton) error {
	switch {
	case strings.TrimSpace(b.Text) == "":
		return bad("can't parse inline keyboard button: Field \"text\" must be non-empty")
	case b.URL != "":
		if !validURL(b.URL) {
			return bad("inline keyboard button URL '%s' is invalid: Wrong HTTP URL", b.URL)
		}
	case b.CallbackData != "":
		if len(b.CallbackData) > 64 {
			return bad("BUTTON_DATA_INVALID")
		}
	case b.WebApp != nil, b.LoginURL != nil, b.CopyText != nil, b.SwitchInlineQuery != nil, b.SwitchInlineQueryCurrentChat != nil, b.Pay:
	default:
		return bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
	}
	return nil
}

// validURL wants http, https, tg or ton, and a host with a dot.
func validURL(s string) bool {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || strings.ContainsAny(s, " \n\t") {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "tg", "ton":
		return u.Host != ""
	case "http", "https":
		host := u.Hostname()
		return strings.Contains(host, ".") && !strings.HasPrefix(host, ".") && !strings.HasSuffix(host, ".")
	}
	return false
}

func parseRow(raw json.RawMessage, c *Chat) ([]models.KeyboardButton, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return nil, bad("field \"keyboard\" must be an Array of Arrays")
	}
	var line []models.KeyboardButton
	for _, e := range elements {
		var b models.KeyboardButton
		if json.Unmarshal(e, &b.Text) != nil {
			if err := json.Unmarshal(e, &b); err != nil {
				return nil, bad("can't parse keyboard button: KeyboardButton must be a String or an Object")
			}
		}
		switch {
		case b.Text == "":
			return nil, bad("can't parse keyboard button: Field \"text\" must be non-empty")
		case b.RequestContact && c.Type != models.ChatTypePrivate:
			return nil, bad("phone number can be requested in private chats only")
		case b.RequestLocation && c.Type != models.ChatTypePrivate:
			return nil, bad("location can be requested in private chats only")
		}
		line = append(line, b)
	}
	return line, nil
}
