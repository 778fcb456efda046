package domain_test

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/domain/response"
	"github.com/fincokpi/finco/domain/schedule"
)

type aggregateCase struct {
	Waits, Answered, Unanswered int
	MedianBusiness              number `json:"median_business"`
	P90Business                 number `json:"p90_business"`
	MedianWall                  number `json:"median_wall"`
	P90Wall                     number `json:"p90_wall"`
	WithinTargetRate            number `json:"within_target_rate"`
}

type waitCase struct {
	Chat, Thread   int64
	Opens          int64
	Closes         *int64
	Responder      *string
	First          bool
	Wall, Business *int64
	State          response.State
}

type messageCase struct {
	ID           int64
	From         string
	At           time.Time
	Chat, Thread int64
	NeedsReply   *bool `json:"needs_reply"`
}

type scheduleCase struct {
	Zone, Timezone string
	Days           map[string][]string
	Holidays       []string
	Exceptions     map[string][]string
}

type waitsCase struct {
	Company struct {
		Timezone        string
		ConversationGap string `json:"conversation_gap"`
	}
	Schedules map[string]scheduleCase
	Team      struct {
		Schedule    string
		ReplyTarget string `json:"reply_target"`
	}
	Staff map[string]struct {
		Schedule string
		Shifts   map[string][]string
	}
	At       time.Time
	Messages []messageCase
	Expect   struct {
		Waits  []waitCase
		Team   aggregateCase
		People map[string]aggregateCase
	}
}

// person gives the staff keys above 0, in alphabetical order.
func (c waitsCase) person(name string) int64 {
	names := make([]string, 0, len(c.Staff))
	for n := range c.Staff {
		names = append(names, n)
	}
	slices.Sort(names)
	return int64(slices.Index(names, name) + 1)
}

func (c waitsCase) calendar(t *testing.T, name string, shifts map[string][]string) *schedule.Calendar {
	t.Helper()
	in := c.Schedules[name]
	s, err := schedule.New(cmp.Or(in.Zone, in.Timezone), in.Days, in.Holidays, in.Exceptions)
	if err != nil {
		t.Fatal(err)
	}
	own, err := schedule.ParseShifts(shifts)
	if err != nil {
		t.Fatal(err)
	}
	company, err := time.LoadLocation(c.Company.Timezone)
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := s.Calendar(company, own)
	if err != nil {
		t.Fatal(err)
	}
	return calendar
}

func (c waitsCase) config(t *testing.T) response.Config {
	t.Helper()
	calendars := map[int64]*schedule.Calendar{0: c.calendar(t, c.Team.Schedule, nil)}
	for name, s := range c.Staff {
		calendars[c.person(name)] = c.calendar(t, cmp.Or(s.Schedule, c.Team.Schedule), s.Shifts)
	}
	gap, err := time.ParseDuration(c.Company.ConversationGap)
	if err != nil {
		t.Fatal(err)
	}
	target, err := time.ParseDuration(c.Team.ReplyTarget)
	if err != nil {
		t.Fatal(err)
	}
	return response.Config{
		ConversationGap: gap, ReplyTarget: target, At: c.At,
		Calendar: func(responder int64, _ time.Time) response.Business { return calendars[responder] },
	}
}

func (c waitsCase) message(m messageCase) response.Message {
	out := response.Message{ID: m.ID, At: m.At, NeedsReply: m.NeedsReply, Side: response.SideNone}
	switch from, who, _ := strings.Cut(m.From, ":"); from {
	case "customer":
		out.Side = response.SideCustomer
	case "staff":
		out.Side, out.Person = response.SideStaff, c.person(who)
	case "chat":
		out.Side = response.SideStaff
	}
	return out
}

// assignee is the last staff sender in the chat before a wait opened.
func (c waitsCase) assignee(chat int64, opened time.Time) int64 {
	var last messageCase
	for _, m := range c.Messages {
		before := m.At.Before(opened) && max(m.Chat, 1) == chat && strings.HasPrefix(m.From, "staff:")
		if before && (last.At.IsZero() || m.At.After(last.At) || (m.At.Equal(last.At) && m.ID > last.ID)) {
			last = m
		}
	}
	return c.person(strings.TrimPrefix(last.From, "staff:"))
}

// describe writes a computed wait as the cases do.
func (c waitsCase) describe(chat, thread int64, w response.Wait) waitCase {
	d := waitCase{Chat: chat, Thread: thread, Opens: w.OpensID, First: w.First, State: w.State}
	if w.Answered() {
		d.Closes = &w.ClosesID
	}
	for name := range c.Staff {
		if w.Answered() && c.person(name) == w.Responder {
			d.Responder = &name
		}
	}
	if w.Timed() {
		d.Wall, d.Business = &w.Wall, &w.Business
	}
	return d
}

func TestGoldenWaits(t *testing.T) {
	t.Parallel()
	golden(t, "waits", func(t *testing.T, c waitsCase) {
		type place struct{ chat, thread int64 }
		chats := map[place][]response.Message{}
		for _, m := range c.Messages {
			at := place{max(m.Chat, 1), m.Thread}
			chats[at] = append(chats[at], c.message(m))
		}
		type placed struct {
			place
			response.Wait
		}
		var all []placed
		for at, messages := range chats {
			for _, w := range response.Compute(messages, c.config(t)) {
				w.Assignee = c.assignee(at.chat, w.OpenedAt)
				all = append(all, placed{at, w})
			}
		}
		slices.SortFunc(all, func(a, b placed) int {
			return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.chat, b.chat), cmp.Compare(a.thread, b.thread), cmp.Compare(a.OpensID, b.OpensID))
		})
		var waits []response.Wait
		var got []waitCase
		for _, w := range all {
			waits = append(waits, w.Wait)
			got = append(got, c.describe(w.chat, w.thread, w.Wait))
		}
		for i := range c.Expect.Waits {
			c.Expect.Waits[i].Chat = max(c.Expect.Waits[i].Chat, 1)
		}
		gotText, _ := json.Marshal(got)
		wantText, _ := json.Marshal(c.Expect.Waits)
		if string(gotText) != string(wantText) {
			t.Errorf("waits\n got %s\nwant %s", gotText, wantText)
		}
		sameStats(t, "team", response.Aggregate(waits), c.Expect.Team)
		for name, want := range c.Expect.People {
			sameStats(t, name, response.Aggregate(response.ForPerson(waits, c.person(name))), want)
		}
	})
}

func sameStats(t *testing.T, who string, got response.Stats, want aggregateCase) {
	t.Helper()
	if got.Waits != want.Waits || got.Answered != want.Answered || got.Unanswered != want.Unanswered {
		t.Errorf("%s: waits %d, answered %d, unanswered %d; want %d, %d, %d", who,
			got.Waits, got.Answered, got.Unanswered, want.Waits, want.Answered, want.Unanswered)
	}
	sameNumber(t, who+" median_business", got.MedianBusiness, want.MedianBusiness)
	sameNumber(t, who+" p90_business", got.P90Business, want.P90Business)
	sameNumber(t, who+" median_wall", got.MedianWall, want.MedianWall)
	sameNumber(t, who+" p90_wall", got.P90Wall, want.P90Wall)
	sameNumber(t, who+" within_target_rate", got.WithinTargetRate, want.WithinTargetRate)
}
