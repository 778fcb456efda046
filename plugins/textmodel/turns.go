package textmodel

import (
	"bytes"
	"strings"
)

// turn is a part of a dialogue in one line, `C: … A: … C: …`: the customer's or
// the agent's words from from to before to.
type turn struct {
	side     byte
	from, to int
}

// splitTurns finds the turns of a dialogue; a text that does not begin with one has none.
func splitTurns(body string) []turn {
	var out []turn
	for i := 0; i+2 < len(body); i++ {
		if (body[i] != 'C' && body[i] != 'A') || body[i+1] != ':' || body[i+2] != ' ' || (i > 0 && body[i-1] != ' ') {
			continue
		}
		if i > 0 && len(out) == 0 {
			return nil
		}
		if n := len(out); n > 0 {
			out[n-1].to = i
		}
		out = append(out, turn{side: body[i], from: i + 3, to: len(body)})
	}
	return out
}

// maxClosing bounds, in bytes, a turn that only closes a dialogue.
const maxClosing = 100

// closings are what turns have that close a dialogue: they tell the least of how it went.
var closings = []string{"bye", "anything else", "something else", "до свидания", "всего доброго", "что-то еще", "что-нибудь ещё",
	"xayr", "yana nima", "yana biror", "хайр", "яна нима", "яна бирор"}

func closes(text string) bool {
	if len(text) >= maxClosing {
		return false
	}
	text = strings.ToLower(text)
	for _, c := range closings {
		if strings.Contains(text, c) {
			return true
		}
	}
	return false
}

// The places of a turn among those of its side.
const (
	lastTurn = iota
	earlierTurn
	closingTurn
	dialogueEnd // the last of all, whoever it is of
	turnPlaces
)

// readTurns adds the words of each turn by its side and place: what was said
// last, closings aside, tells most of how a dialogue went.
func (r *reader) readTurns(body string) {
	turns := splitTurns(body)
	var spoken [256]bool
	for i := len(turns) - 1; i >= 0; i-- {
		t := turns[i]
		text := strings.TrimSpace(body[t.from:t.to])
		place := uint64(earlierTurn)
		switch {
		case closes(text):
			place = closingTurn
		case !spoken[t.side]:
			place, spoken[t.side] = lastTurn, true
		}
		form := AppendRoman(nil, text)
		r.readTurn(form, uint64(t.side)*turnPlaces+place)
		if i == len(turns)-1 {
			r.readTurn(form, uint64(t.side)*turnPlaces+dialogueEnd)
		}
	}
}

// readTurn adds the words of a normalised turn, its first word once more as such.
func (r *reader) readTurn(form []byte, place uint64) {
	salt := (turnOffset ^ place) * fnvPrime
	for n, word := range bytes.Fields(form) {
		h := hashString(salt, string(word))
		r.open = append(r.open, r.bucket(h))
		if n == 0 {
			r.open = append(r.open, r.bucket((h^1)*fnvPrime))
		}
	}
}

// dialogues reports whether most of the texts are dialogues of turns.
func dialogues(examples []Example) bool {
	n := 0
	for _, e := range examples {
		if len(splitTurns(e.Text.Body)) > 1 {
			n++
		}
	}
	return 2*n > len(examples)
}
