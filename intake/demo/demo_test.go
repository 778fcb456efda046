package demo

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/intake/companyfile"
)

var now = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

func history(t *testing.T, now time.Time) *Timeline {
	t.Helper()
	h, err := History(now)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestCompanyFileGoesThroughTheDoor(t *testing.T) {
	t.Parallel()
	f, faults := companyfile.Parse(CompanyFile())
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	roles := map[string]string{}
	for _, p := range f.People {
		roles[p.Email] = p.Role
	}
	if len(f.People) != 9 {
		t.Errorf("%d people", len(f.People))
	}
	for _, s := range SignIns() {
		if roles[s.Email] != s.Role || s.Password != "savdo-"+strings.TrimSuffix(s.Email, "@demo.example")+"-2026" {
			t.Errorf("sign-in %s: %s in the file", s.Email, roles[s.Email])
		}
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	h := history(t, now)
	if again := history(t, now); !reflect.DeepEqual(h, again) {
		t.Fatal("the same moment gives another timeline")
	}
	zone, err := time.LoadLocation("Asia/Tashkent")
	if err != nil {
		t.Fatal(err)
	}
	days, voices, replies := map[string]int{}, 0, 0
	keys, staff := map[string]bool{}, map[string]int{}
	for i, m := range h.Messages {
		if m.At.After(now) || i > 0 && m.At.Before(h.Messages[i-1].At) {
			t.Fatalf("message %d at %v", i, m.At)
		}
		key := fmt.Sprint(m.Dialogue.ChatID, m.ID)
		if keys[key] || m.ID < 1 || m.Dialogue.ChatID > -1_000_000_000_000 {
			t.Fatalf("key %s", key)
		}
		keys[key] = true
		local := m.At.In(zone)
		if local.Month() == time.October {
			days[local.Format(time.DateOnly)]++
			if m.Sender.Staff {
				staff[m.Sender.Name]++
			}
		}
		if m.Kind == "voice" {
			voices++
			if m.Duration < time.Second || m.Text != "" || m.Transcript == "" {
				t.Errorf("voice note: %+v", m)
			}
		}
		if m.ReplyTo != 0 {
			replies++
		}
	}
	if len(days) < 31 || len(staff) < 6 {
		t.Errorf("the closed month has messages on %d days by %v", len(days), staff)
	}
	for name, n := range staff {
		if n < 100 {
			t.Errorf("%s wrote %d messages in the closed month", name, n)
		}
	}
	if voices == 0 || replies == 0 || len(h.Edits) == 0 {
		t.Errorf("%d voices, %d replies, %d edits", voices, replies, len(h.Edits))
	}
}

func TestEditsAndDialogues(t *testing.T) {
	t.Parallel()
	h, keys := history(t, now), map[string]bool{}
	for _, m := range h.Messages {
		keys[fmt.Sprint(m.Dialogue.ChatID, m.ID)] = true
	}
	for _, e := range h.Edits {
		if !keys[fmt.Sprint(e.Dialogue.ChatID, e.ID)] || !e.EditedAt.After(e.At) {
			t.Errorf("edit: %+v", e)
		}
	}
	customers := map[int64]bool{}
	for _, d := range h.Dialogues {
		if customers[d.Customer.TelegramID] || d.Truth.Topic == "" {
			t.Errorf("dialogue: %+v", d)
		}
		customers[d.Customer.TelegramID] = true
	}
}

func TestALaterHistoryOnlyAdds(t *testing.T) {
	t.Parallel()
	type version struct{ at, edited, text string }
	index := func(h *Timeline) map[string]version {
		out := map[string]version{}
		for _, m := range append(h.Messages, h.Edits...) {
			out[fmt.Sprint(m.Dialogue.ChatID, m.ID, m.EditedAt)] = version{m.At.String(), m.EditedAt.String(), m.Text + m.Dialogue.Customer.Name}
		}
		return out
	}
	early, late := index(history(t, now)), index(history(t, now.Add(40*time.Hour)))
	if len(late) <= len(early) {
		t.Fatalf("%d, then %d", len(early), len(late))
	}
	for key, v := range early {
		if late[key] != v {
			t.Fatalf("%s was %+v, is %+v", key, v, late[key])
		}
	}
}

func TestMonthsOfEveryLength(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"2026-01-01T00:00:30Z", "2027-03-01T00:00:00Z", "2028-02-29T23:00:00Z", "2026-12-31T20:00:00Z"} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		h := history(t, moment)
		span := moment.Sub(h.Messages[0].At).Hours() / 24
		if span < 27 || span > 70 {
			t.Errorf("%s: %.0f days", at, span)
		}
	}
}

func TestLive(t *testing.T) {
	t.Parallel()
	l, err := NewLive(now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewLive(now.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	seen, chats := map[string]bool{}, map[int64]bool{}
	for range 600 {
		delay, m := l.Next()
		if delay < shortest || delay > longest {
			t.Fatalf("delay %v", delay)
		}
		key := fmt.Sprint(m.Dialogue.ChatID, m.ID, m.EditedAt.IsZero())
		if seen[key] && m.EditedAt.IsZero() {
			t.Fatalf("%s twice", key)
		}
		seen[key], chats[m.Dialogue.ChatID] = true, true
	}
	for range 600 {
		if _, m := other.Next(); chats[m.Dialogue.ChatID] {
			t.Fatal("two replays share a chat")
		}
	}
}

func TestInput(t *testing.T) {
	t.Parallel()
	h := history(t, now)
	for _, m := range append(h.Messages, h.Edits...) {
		in := m.Input()
		if in.SentAt.IsZero() || in.Sender.TelegramID == 0 || in.TelegramID == 0 || (in.EditedAt == nil) != m.EditedAt.IsZero() || (in.Attachments == nil) != (m.Kind == "text") {
			t.Fatalf("%+v", in)
		}
	}
	l, err := NewLive(now)
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		_, m := l.Next()
		if in := m.Sent(now).Input(); !in.SentAt.Equal(now) || in.EditedAt != nil && !in.EditedAt.Equal(now) {
			t.Fatalf("%+v", in)
		}
	}
}
