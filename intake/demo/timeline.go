package demo

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// liveFrom is the first of the newest dialogues, which are kept for the live replay.
const liveFrom = 99

// The ids of the demo. Those of a laid-out dialogue depend on its week and its number only.
const (
	historyChats     = 2_100_000_000
	historyCustomers = 800_000_000
	liveIDs          = 10_000_000_000
	supergroupShift  = 1_000_000_000_000
)

// firstMonday is where weeks are counted from.
var firstMonday = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

var weekdays = map[string]int{"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}

// Dialogue is one dialogue at its place in time: a supergroup of its own with one customer and the staff.
type Dialogue struct {
	Number   int   // of the written dialogue, 1 to 110; several weeks may hold the same
	ChatID   int64 // as the Bot API counts
	Title    string
	Customer Sender
	Language string // uz_latn, uz_cyrl, ru or mixed
	Staff    string // e-mail of the one it is assigned to
	Truth    Truth
}

// Sender is who wrote a message.
type Sender struct {
	TelegramID int64
	Name       string
	Staff      bool
}

// Message is one message, or a later version of one.
type Message struct {
	Dialogue *Dialogue
	ID       int64     // in its chat, from 1
	At       time.Time // UTC, of the first version
	EditedAt time.Time // UTC; zero for the first version
	Sender   Sender
	ReplyTo  int64  // message id, 0 if none
	Kind     string // text, voice, photo, document or video
	// Text is what is written; a voice note has none until it is heard.
	Text       string
	Transcript string        // what a voice note says
	Duration   time.Duration // of a voice note
}

// Timeline is the demo's past.
type Timeline struct {
	Dialogues []*Dialogue
	Messages  []Message // first versions, by time
	Edits     []Message // later versions, by the time of the edit; to be recorded after Messages
}

// History lays the dialogues over the time from the first week of the month before now's up to now. Each week has
// every second of them, so that neighbouring weeks differ. What would lie after now is left out.
func History(now time.Time) (*Timeline, error) {
	s, err := load()
	if err != nil {
		return nil, err
	}
	t := &Timeline{}
	local := now.In(s.zone)
	first := time.Date(local.Year(), local.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	for week := weekOf(first); week <= weekOf(last); week++ {
		for i := range s.scripts {
			if d := &s.scripts[i]; d.ID < liveFrom && (d.ID+week)%2 == 0 {
				t.lay(s, d, week, now)
			}
		}
	}
	byTime := func(a, b Message) int {
		return cmp.Or(a.when().Compare(b.when()), cmp.Compare(b.Dialogue.ChatID, a.Dialogue.ChatID), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(t.Messages, byTime)
	slices.SortFunc(t.Edits, byTime)
	return t, nil
}

func (m Message) when() time.Time {
	if m.EditedAt.IsZero() {
		return m.At
	}
	return m.EditedAt
}

func weekOf(day time.Time) int {
	days := int(day.Sub(firstMonday).Hours() / 24)
	if days < 0 {
		days -= 6
	}
	return days / 7
}

// lay puts one dialogue into one week.
func (t *Timeline) lay(s *source, d *script, week int, now time.Time) {
	day := firstMonday.AddDate(0, 0, 7*week+weekdays[d.Weekday])
	clock, _ := time.Parse("15:04", d.Start)
	at := time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), 0, 0, s.zone).UTC()
	place := s.dialogue(d, historyChats+int64(week)*1000+int64(d.ID), historyCustomers+int64(week)*1000+int64(d.ID), week)
	before := len(t.Messages)
	for _, m := range s.play(d, place, func(gap int) time.Time {
		at = at.Add(time.Duration(gap) * time.Second)
		return at
	}) {
		switch {
		case m.when().After(now):
		case m.EditedAt.IsZero():
			t.Messages = append(t.Messages, m)
		default:
			t.Edits = append(t.Edits, m)
		}
	}
	if len(t.Messages) > before {
		t.Dialogues = append(t.Dialogues, place)
	}
}

// dialogue names a dialogue's chat and customer. In every week but one in eleven the customer is another one of
// the same first name, as the texts call them by it.
func (s *source) dialogue(d *script, chat, customer int64, variant int) *Dialogue {
	name := d.Customer.Name
	if variant%11 != 0 {
		name = variantOf(name, variant+d.ID)
	}
	return &Dialogue{
		Number:   d.ID,
		ChatID:   -supergroupShift - chat,
		Title:    "Demo Savdo · " + name,
		Customer: Sender{TelegramID: customer, Name: name},
		Language: d.Customer.Lang,
		Staff:    d.Staff + "@demo.example",
		Truth:    d.Truth,
	}
}

// variantOf is another person of the same first name.
func variantOf(name string, n int) string {
	first, _, _ := strings.Cut(name, " ")
	initials := []rune("ABDEFGHIKMNORSTUXYZ")
	if r, _ := utf8.DecodeRuneInString(first); unicode.Is(unicode.Cyrillic, r) {
		initials = []rune("АБВГДЕЗИКЛМНОРСТУХШ")
	}
	return first + " " + string(initials[n%len(initials)]) + "."
}

// play turns the entries into messages; clock gives the time of the next one, a gap in seconds after the last.
func (s *source) play(d *script, place *Dialogue, clock func(gap int) time.Time) []Message {
	out := make([]Message, 0, len(d.Messages))
	byEntry := make([]int, len(d.Messages)) // index in out of the message's first version
	var lastID int64
	for i, e := range d.Messages {
		at := clock(e.Gap)
		if e.EditOf != nil {
			byEntry[i] = byEntry[*e.EditOf]
			m := out[byEntry[i]]
			m.EditedAt = at
			m.write(e)
			out = append(out, m)
			continue
		}
		lastID++
		m := Message{Dialogue: place, ID: lastID, At: at, Sender: s.sender(d, e, place)}
		m.write(e)
		if e.ReplyTo != nil {
			m.ReplyTo = out[byEntry[*e.ReplyTo]].ID
		}
		byEntry[i] = len(out)
		out = append(out, m)
	}
	return out
}

func (s *source) sender(d *script, e entry, place *Dialogue) Sender {
	if e.Side != "staff" {
		return place.Customer
	}
	key := e.Staff
	if key == "" {
		key = d.Staff
	}
	p := s.staff[key]
	return Sender{TelegramID: p.telegramID, Name: p.name, Staff: true}
}

// write fills in what a message says. [photo], [file] and [video] at the start stand for an attachment.
func (m *Message) write(e entry) {
	m.Kind, m.Text, m.Transcript, m.Duration = "text", e.Text, "", 0
	if e.Voice {
		m.Kind, m.Text, m.Transcript = "voice", "", e.Text
		m.Duration = time.Duration(e.Seconds) * time.Second
		return
	}
	for tag, kind := range map[string]string{"[photo]": "photo", "[file]": "document", "[video]": "video"} {
		if rest, ok := strings.CutPrefix(m.Text, tag); ok {
			m.Kind, m.Text = kind, strings.TrimSpace(rest)
			return
		}
	}
}
