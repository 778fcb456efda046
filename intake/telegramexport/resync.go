package telegramexport

import "regexp"

// overlap is how much of the text searched in vain is searched again with what follows: more than any header.
const overlap = 8 << 10

var (
	// messageStart is how every message starts, in both the indented and the compact form. Inside a text the
	// quotes would be escaped, so text cannot look like it.
	messageStart = regexp.MustCompile(`\{\s*"id"\s*:\s*-?[0-9]+\s*,\s*"type"\s*:\s*"(?:message|service|unsupported)"`)
	chatStart    = regexp.MustCompile(`\{\s*(?:"name"\s*:\s*(?:null|"(?:[^"\\\n]|\\.)*")\s*,\s*)?"type"\s*:\s*"[a-z_]+"\s*,\s*"id"\s*:\s*-?[0-9]+\s*,\s*"messages"\s*:\s*\[`)
)

// found says what a search for the next whole value ended at.
type found uint8

const (
	foundNothing found = iota
	foundMessage
	foundChat
)

// resync moves to the next message or chat that starts behind the mark (or the position, without a mark).
func (s *scanner) resync() (found, error) {
	if s.mark >= 0 {
		s.pos = min(s.mark+1, len(s.buf))
		s.mark = -1
	}
	for {
		window := s.buf[s.pos:]
		message, chat := messageStart.FindIndex(window), chatStart.FindIndex(window)
		switch {
		case message != nil && (chat == nil || message[0] < chat[0]):
			s.pos += message[0]
			return foundMessage, nil
		case chat != nil:
			s.pos += chat[0]
			return foundChat, nil
		}
		if len(window) > overlap {
			s.pos = len(s.buf) - overlap
		}
		if !s.fill() {
			if err := s.failure(); err != nil {
				return foundNothing, err
			}
			s.pos = len(s.buf)
			return foundNothing, nil
		}
	}
}

// nextWithin looks for a message that starts inside the stretch between the mark and the position and, if
// there is one, moves there.
func (s *scanner) nextWithin(mark int) bool {
	at := messageStart.FindIndex(s.buf[mark+1 : s.pos])
	if at == nil {
		return false
	}
	s.pos = mark + 1 + at[0]
	return true
}
