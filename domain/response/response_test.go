package response_test

import (
	"encoding/json"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/fincokpi/finco/domain/response"
)

// clock counts every second, or with closed none.
type clock struct{ closed bool }

func (c clock) BusinessSeconds(a, b time.Time) int64 {
	if c.closed {
		return 0
	}
	return max(0, b.Unix()-a.Unix())
}

var monday = time.Date(2026, time.September, 7, 9, 0, 0, 0, time.UTC)

func config(at time.Time) response.Config {
	return response.Config{
		ConversationGap: 8 * time.Hour, ReplyTarget: 15 * time.Minute, At: at,
		Calendar: func(int64, time.Time) response.Business { return clock{} },
	}
}

func customer(id int64, after time.Duration) response.Message {
	return response.Message{ID: id, Side: response.SideCustomer, At: monday.Add(after)}
}

func thanks(id int64, after time.Duration) response.Message {
	no := false
	m := customer(id, after)
	m.NeedsReply = &no
	return m
}

func staff(id, person int64, after time.Duration) response.Message {
	return response.Message{ID: id, Side: response.SideStaff, Person: person, At: monday.Add(after)}
}

func TestAnAnswerAfterThreeDays(t *testing.T) {
	t.Parallel()
	waits := response.Compute([]response.Message{customer(1, 0), customer(2, 24*time.Hour), staff(3, 7, 72*time.Hour)}, config(monday.Add(100*time.Hour)))
	if len(waits) != 1 {
		t.Fatalf("got %d waits", len(waits))
	}
	w := waits[0]
	if w.OpensID != 1 || w.ClosesID != 3 || !slices.Equal(w.MessageIDs, []int64{1, 2}) || w.Wall != 72*3600 || !w.First || w.Responder != 7 {
		t.Errorf("got %+v", w)
	}
}

func TestThanksBeforeAQuestionOfALaterConversation(t *testing.T) {
	t.Parallel()
	question := []response.Message{customer(1, 0), thanks(2, 24*time.Hour), staff(3, 7, 25*time.Hour)}
	if waits := response.Compute(question, config(monday.Add(100*time.Hour))); len(waits) != 1 || waits[0].OpensID != 1 {
		t.Errorf("thanks do not end the wait of a question: %+v", waits)
	}
	answered := []response.Message{thanks(1, 0), staff(2, 7, 9*time.Hour), customer(3, 10*time.Hour)}
	waits := response.Compute(answered, config(monday.Add(100*time.Hour)))
	if len(waits) != 2 || waits[0].Answered() || waits[0].State != response.StateNoReplyNeeded || waits[1].First {
		t.Errorf("thanks end with their conversation, and staff began the next: %+v", waits)
	}
}

func TestTheTargetIsTheLastSecondWithin(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]response.State{
		15 * time.Minute: response.StateWithin, 15*time.Minute + time.Second: response.StateBreached,
	} {
		waits := response.Compute([]response.Message{customer(1, 0), staff(2, 7, after)}, config(monday.Add(time.Hour)))
		if waits[0].State != want {
			t.Errorf("%v: got %s", after, waits[0].State)
		}
	}
	open := []response.Message{customer(1, 0)}
	if w := response.Compute(open, config(monday.Add(15*time.Minute)))[0]; w.State != response.StateOpen || w.Wall != 900 {
		t.Errorf("got %+v", w)
	}
	if w := response.Compute(open, config(monday.Add(901*time.Second)))[0]; w.State != response.StateBreached {
		t.Errorf("got %+v", w)
	}
}

func TestTheCalendarIsAskedForTheResponderAtTheClose(t *testing.T) {
	t.Parallel()
	type asked struct {
		responder int64
		at        time.Time
	}
	var got []asked
	c := config(monday.Add(10 * time.Hour))
	c.Calendar = func(responder int64, at time.Time) response.Business {
		got = append(got, asked{responder, at})
		return clock{closed: responder == 7}
	}
	waits := response.Compute([]response.Message{
		customer(1, 0), staff(2, 7, time.Hour), customer(3, 2*time.Hour), staff(4, 0, 3*time.Hour), customer(5, 4*time.Hour),
	}, c)
	want := []asked{{7, monday.Add(time.Hour)}, {0, monday.Add(3 * time.Hour)}, {0, c.At}}
	if !slices.Equal(got, want) {
		t.Errorf("asked for %v, want %v", got, want)
	}
	if waits[0].Business != 0 || waits[1].Business != 3600 || waits[2].Business != 6*3600 {
		t.Errorf("got %+v", waits)
	}
}

func TestLaterMessagesDoNotCount(t *testing.T) {
	t.Parallel()
	messages := []response.Message{customer(1, 0), staff(2, 7, time.Hour)}
	if w := response.Compute(messages, config(monday.Add(30*time.Minute))); len(w) != 1 || w[0].Answered() || w[0].State != response.StateBreached {
		t.Errorf("got %+v", w)
	}
	if w := response.Compute(messages, config(monday.Add(-time.Second))); len(w) != 0 {
		t.Errorf("got %+v", w)
	}
}

func TestForPerson(t *testing.T) {
	t.Parallel()
	waits := []response.Wait{
		{ClosesID: 2, Responder: 7, Assignee: 8, State: response.StateWithin, NeedsReply: true},
		{Assignee: 8, State: response.StateBreached, NeedsReply: true},
		{Assignee: 0, State: response.StateBreached, NeedsReply: true},
		{ClosesID: 4, Responder: 0, Assignee: 8, State: response.StateWithin, NeedsReply: true},
	}
	for person, want := range map[int64]int{7: 1, 8: 1, 9: 0, 0: 0} {
		if got := len(response.ForPerson(waits, person)); got != want {
			t.Errorf("person %d: got %d waits, want %d", person, got, want)
		}
	}
	if s := response.Aggregate(response.ForPerson(waits, 8)); s.Unanswered != 1 || s.Answered != 0 || s.WithinTargetRate.Decimal.String() != "0" || !s.WithinTargetRate.Valid {
		t.Errorf("got %+v", s)
	}
}

// genMessages draws a chat whose ids and times need not agree.
func genMessages(t *rapid.T) []response.Message {
	n := rapid.IntRange(0, 25).Draw(t, "messages")
	list := make([]response.Message, 0, n)
	for i := range n {
		m := response.Message{ID: int64(i + 1), At: monday.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "hours")) * time.Hour)}
		m.Side = rapid.SampledFrom([]response.Side{response.SideCustomer, response.SideStaff, response.SideNone}).Draw(t, "side")
		if m.Side == response.SideStaff {
			m.Person = rapid.Int64Range(0, 3).Draw(t, "person")
		}
		if m.Side == response.SideCustomer {
			m.NeedsReply = rapid.SampledFrom([]*bool{nil, new(bool), yes()}).Draw(t, "needs reply")
		}
		list = append(list, m)
	}
	return list
}

func yes() *bool { v := true; return &v }

func text(t *rapid.T, v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestOrderAndRepetitionChangeNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		messages := genMessages(t)
		c := config(monday.Add(time.Duration(rapid.IntRange(0, 70).Draw(t, "at")) * time.Hour))
		want := response.Compute(messages, c)
		again := append(slices.Clone(messages), messages[:rapid.IntRange(0, len(messages)).Draw(t, "twice")]...)
		again = rapid.Permutation(again).Draw(t, "order")
		got := response.Compute(again, c)
		if text(t, got) != text(t, want) {
			t.Fatalf("got %s, want %s", text(t, got), text(t, want))
		}
		if len(want) > 0 {
			shuffled := rapid.Permutation(want).Draw(t, "waits")
			if text(t, response.Aggregate(shuffled)) != text(t, response.Aggregate(want)) {
				t.Fatal("the order of the waits changed their aggregate")
			}
		}
	})
}

func TestWaitProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		messages := genMessages(t)
		c := config(monday.Add(100 * time.Hour))
		waits := response.Compute(messages, c)
		belongs := map[int64]int{}
		within, breached, open := 0, 0, 0
		for i, w := range waits {
			for _, id := range w.MessageIDs {
				belongs[id]++
			}
			if w.Business < 0 || w.Business > w.Wall || w.FirstMessageID != w.MessageIDs[0] || !slices.Contains(w.MessageIDs, w.OpensID) {
				t.Fatalf("got %+v", w)
			}
			if !w.Answered() && w.NeedsReply && i != len(waits)-1 {
				t.Fatalf("an unclosed wait is not the last: %+v", waits)
			}
			switch w.State {
			case response.StateWithin:
				within++
			case response.StateBreached:
				breached++
			case response.StateOpen:
				open++
			}
		}
		for _, m := range messages {
			if want := map[bool]int{true: 1}[m.Side == response.SideCustomer]; belongs[m.ID] != want {
				t.Fatalf("message %d belongs to %d waits", m.ID, belongs[m.ID])
			}
		}
		s := response.Aggregate(waits)
		if s.Waits != within+breached+open || s.Within != within || s.Breached != breached || s.Answered+s.Unanswered > s.Waits {
			t.Fatalf("got %+v of %d within, %d breached, %d open", s, within, breached, open)
		}
	})
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	list := []int64{40, 10, 30, 20}
	for percent, want := range map[int]string{0: "10", 50: "25", 90: "37", 99: "39.7", 100: "40"} {
		if got := response.Percentile(list, percent); !got.Valid || got.Decimal.String() != want {
			t.Errorf("%d: got %v, want %s", percent, got.Decimal, want)
		}
	}
	if !slices.Equal(list, []int64{40, 10, 30, 20}) {
		t.Error("the list was changed")
	}
	if response.Percentile(nil, 50).Valid {
		t.Error("nothing is no number")
	}
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Int64Range(0, 1e9), 1, 30).Draw(t, "seconds")
		got := response.Percentile(list, rapid.IntRange(0, 100).Draw(t, "percent")).Decimal
		sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
		if got.Cmp(decimal.MustNew(list[0], 0)) < 0 || got.Cmp(decimal.MustNew(list[len(list)-1], 0)) > 0 {
			t.Fatalf("%v is outside of %v", got, list)
		}
	})
}
