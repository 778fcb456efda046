package telegramexport

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// The types of this file decode one field and remember whether it made sense, so that a wrong field is judged
// where its meaning is known instead of failing the whole message.

// number is an integer, bare or in quotes.
type number struct {
	v   int64
	set bool
	bad bool
}

func (n *number) ok() bool { return n.set && !n.bad }

// UnmarshalJSON never fails.
func (n *number) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	n.set = true
	if len(raw) > 1 && raw[0] == '"' {
		raw = raw[1 : len(raw)-1]
	}
	v, err := strconv.ParseInt(string(raw), 10, 64)
	n.v, n.bad = v, err != nil
	return nil
}

// text is a string. Null bytes are dropped: no database takes them in a text.
type text struct {
	v   string
	set bool
	bad bool
}

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	t.set = true
	if err := json.Unmarshal(raw, &t.v); err != nil {
		t.bad = true
	}
	t.v = clean(t.v)
	return nil
}

func clean(s string) string {
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// peer is user…, chat…, channel…, or the bare number of a user as exports before 2021 have it.
type peer struct {
	kind SenderKind
	id   int64
	set  bool
	bad  bool
}

// UnmarshalJSON never fails.
func (p *peer) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	p.set, p.kind = true, SenderUser
	digits := string(bytes.Trim(raw, `"`))
	for _, kind := range []SenderKind{SenderChannel, SenderChat, SenderUser} {
		if rest, ok := strings.CutPrefix(digits, string(kind)); ok {
			p.kind, digits = kind, rest
			break
		}
	}
	v, err := strconv.ParseInt(digits, 10, 64)
	p.id, p.bad = v, err != nil || v <= 0
	return nil
}
