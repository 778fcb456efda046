package app

import (
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fincokpi/finco/domain"
)

// What Telegram takes, in UTF-16 units of what people see.
const (
	maxSaid    = 4096
	maxCaption = 1024
)

// methods are those of the Bot API that the outbox sends, with the parameter that is a file where there is one.
var methods = map[string]string{
	"sendMessage": "", "sendPhoto": "photo", "sendDocument": "document", "editMessageText": "", "editMessageReplyMarkup": "",
}

// parts is what is sent for one input: a text that is too long for one message is several, of which the last has the buttons, and
// a caption that is too long is a message of its own after the file. An edit that is too long is refused: nothing is cut silently.
func (in OutgoingInput) parts() ([]OutgoingInput, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	params := map[string]json.RawMessage{}
	if json.Unmarshal(in.Params, &params) != nil || params == nil {
		return nil, domain.Errorf(domain.KindInvalid, "the parameters of what is to be sent are no JSON object")
	}
	field, most := "text", maxSaid
	if in.File != nil {
		field, most = "caption", maxCaption
	}
	text, mode := wordsOf(params[field]), wordsOf(params["parse_mode"])
	units := func(s string) int { return visibleUnits(s, mode == "HTML") }
	switch {
	case field == "text" && in.Method != "editMessageReplyMarkup" && blank(text, mode == "HTML"):
		return nil, domain.Errorf(domain.KindInvalid, "what is to be sent has no text")
	case units(text) <= most:
		return []OutgoingInput{in}, nil
	case strings.HasPrefix(in.Method, "edit"):
		return nil, domain.Errorf(domain.KindInvalid, "a message cannot become one of more than %d characters: show it in pages", maxSaid)
	}
	return in.split(params, text, mode == "HTML"), nil
}

// split is the file without its caption, if there is a file, and then the text in as many messages as it takes.
func (in OutgoingInput) split(params map[string]json.RawMessage, text string, asHTML bool) []OutgoingInput {
	var out []OutgoingInput
	buttons := params["reply_markup"]
	delete(params, "reply_markup")
	if in.File != nil {
		delete(params, "caption")
		alone := in
		alone.Params = rawOf(params)
		out = append(out, alone)
	}
	texts := splitText(text, asHTML, maxSaid)
	for i, part := range texts {
		next := in
		next.Method, next.File, next.FileField, next.FileName = "sendMessage", nil, "", ""
		if len(out) > 0 {
			next.Key = fmt.Sprintf("%s/%d", in.Key, len(out)+1)
		}
		params["text"] = rawOf(part)
		if i == len(texts)-1 && buttons != nil {
			params["reply_markup"] = buttons
		}
		next.Params = rawOf(params)
		out = append(out, next)
	}
	return out
}

// rawOf is the JSON of a text or of parameters, which always have one.
func rawOf(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return raw
}

func wordsOf(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// visibleUnits is how long people see a text, in UTF-16 units.
func visibleUnits(s string, asHTML bool) int {
	n := 0
	for s != "" {
		var t textToken
		t, s = nextToken(s, asHTML)
		n += t.units
	}
	return n
}

// textToken is the smallest part of a text that is not torn: a tag, an entity or a character.
type textToken struct {
	raw   string
	units int
	// opens is the tag's name; closes tells of one that ends.
	opens  string
	closes bool
}

func nextToken(s string, asHTML bool) (textToken, string) {
	if asHTML && s[0] == '<' {
		if end := strings.IndexByte(s, '>'); end > 0 {
			t := textToken{raw: s[:end+1], closes: strings.HasPrefix(s, "</")}
			if !t.closes {
				t.opens, _, _ = strings.Cut(s[1:end], " ")
			}
			return t, s[end+1:]
		}
	}
	if asHTML && s[0] == '&' {
		if end := strings.IndexByte(s, ';'); end > 0 && end < 12 {
			return textToken{raw: s[:end+1], units: utf16Units(html.UnescapeString(s[:end+1]))}, s[end+1:]
		}
	}
	r, size := utf8.DecodeRuneInString(s)
	return textToken{raw: s[:size], units: runeUnits(r)}, s[size:]
}

// blank tells of a text in which there is nothing to see, which Telegram refuses.
func blank(s string, asHTML bool) bool {
	for s != "" {
		var t textToken
		if t, s = nextToken(s, asHTML); t.units > 0 && strings.TrimSpace(t.raw) != "" {
			return false
		}
	}
	return true
}

func runeUnits(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

func utf16Units(s string) int {
	n := 0
	for _, r := range s {
		n += runeUnits(r)
	}
	return n
}

// splitter cuts a text into parts, between lines where it can. Tags that are open where it cuts are closed and opened again.
type splitter struct {
	asHTML bool
	parts  []string
	part   strings.Builder
	units  int
	open   []textToken
	// line is where the part's last whole line ended: its bytes, its units and what was open; 0: no line has ended.
	line, lineUnits int
	lineOpen        []textToken
}

func splitText(text string, asHTML bool, most int) []string {
	s := splitter{asHTML: asHTML}
	for text != "" {
		var t textToken
		t, text = nextToken(text, asHTML)
		if s.units+t.units > most {
			s.cut()
		}
		s.add(t)
	}
	s.line = 0
	s.cut()
	return s.parts
}

func (s *splitter) add(t textToken) {
	s.part.WriteString(t.raw)
	s.units += t.units
	switch {
	case t.opens != "":
		s.open = append(s.open, t)
	case t.closes && len(s.open) > 0:
		s.open = s.open[:len(s.open)-1]
	case t.raw == "\n":
		s.line, s.lineUnits, s.lineOpen = s.part.Len(), s.units, slices.Clone(s.open)
	}
}

// cut ends the part at its last whole line, or here if it has none; the rest begins the next one.
func (s *splitter) cut() {
	whole, at, open, rest := s.part.String(), s.line, s.lineOpen, s.units-s.lineUnits
	if at == 0 {
		at, open, rest = len(whole), s.open, 0
	}
	var closing, opening strings.Builder
	for i := range open {
		opening.WriteString(open[i].raw)
		closing.WriteString("</" + open[len(open)-1-i].opens + ">")
	}
	if text := strings.TrimRight(whole[:at], "\n"); !blank(text, s.asHTML) {
		s.parts = append(s.parts, text+closing.String())
	}
	s.part.Reset()
	s.part.WriteString(opening.String() + whole[at:])
	s.units, s.line, s.lineUnits, s.lineOpen = rest, 0, 0, nil
}
