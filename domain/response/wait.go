package response

import (
	"cmp"
	"slices"
	"time"
)

// Side says who sent a message.
type Side string

// The sides. Bots, service messages and automatic forwards are on no side.
const (
	SideNone     Side = "none"
	SideCustomer Side = "customer"
	SideStaff    Side = "staff"
)

// Message is one message of one chat and thread. IDs order the messages of one
// second and are above 0.
type Message struct {
	ID         int64
	Side       Side
	Person     int64 // the staff member who sent it; 0 = in the name of the chat
	At         time.Time
	NeedsReply *bool // of customer messages; nil = not known, which counts as true
}

// State says how a wait stands against its reply target.
type State string

// The states of a wait.
const (
	StateWithin        State = "within"   // answered, business time ≤ target
	StateBreached      State = "breached" // business time > target, answered or not
	StateOpen          State = "open"     // not answered, target not passed
	StateNoReplyNeeded State = "no_reply_needed"
)

// Wait is a run of customer messages that no staff message had followed yet.
type Wait struct {
	FirstMessageID int64   // the earliest customer message of the run: the stable key
	OpensID        int64   // the earliest that needs a reply, else the earliest
	ClosesID       int64   // the first staff message after them; 0 = unanswered
	MessageIDs     []int64 // the run, in order
	Responder      int64   // who sent ClosesID; 0 = nobody, or in the name of the chat
	First          bool    // it is its conversation's first response
	NeedsReply     bool    // at least one message needs a reply

	OpenedAt time.Time
	ClosedAt time.Time // zero = unanswered

	// Seconds from OpenedAt to ClosedAt, or to the evaluation time; both 0 and
	// meaningless when Timed says no.
	Wall, Business int64
	State          State

	Assignee int64 // who the chat was assigned to when it opened; the caller's to set
}

// Answered says whether a staff message closed the wait.
func (w *Wait) Answered() bool { return w.ClosesID != 0 }

// Timed says whether the wait has a wall and a business time: all but the
// unanswered ones that need no reply.
func (w *Wait) Timed() bool { return w.Answered() || w.NeedsReply }

// Business measures business time; *schedule.Calendar does.
type Business interface {
	BusinessSeconds(a, b time.Time) int64
}

// Config is what Compute needs to know besides the messages.
type Config struct {
	// ConversationGap is the longest silence inside one conversation.
	ConversationGap time.Duration
	// ReplyTarget is the business time that the chat's team allows.
	ReplyTarget time.Duration
	// At is the evaluation time: later messages do not count yet. Whoever
	// computes on arrival passes the later of now and the newest message.
	At time.Time
	// Calendar returns the schedule version known at a time: the responder's own,
	// or with responder 0 the team's. The time is that of the closing message, or
	// At for an open wait.
	Calendar func(responder int64, at time.Time) Business
}

// Compute returns the waits of one chat and thread in order of opening. The
// order of the messages is irrelevant and duplicates are harmless.
func Compute(messages []Message, c Config) []Wait {
	waits := Segment(messages, c.ConversationGap, c.At)
	for i := range waits {
		w := &waits[i]
		end := c.At
		if w.Answered() {
			end = w.ClosedAt
		}
		Judge(w, c.Calendar(w.Responder, end), c.ReplyTarget, c.At)
	}
	return waits
}

// Segment finds the waits without measuring them: Wall, Business and State are
// left empty. Messages later than at do not count.
func Segment(messages []Message, gap time.Duration, at time.Time) []Wait {
	var waits []Wait
	var run []Message // customer messages that no staff message has followed yet
	var runFirst bool // the run's first message began its conversation
	var last time.Time
	for _, m := range inOrder(messages, at) {
		begins := last.IsZero() || m.At.Sub(last) > gap
		last = m.At
		if begins && len(run) > 0 && !anyNeedsReply(run) {
			waits = append(waits, newWait(run, runFirst, nil)) // it ended with its conversation
			run = nil
		}
		switch {
		case m.Side == SideCustomer:
			if len(run) == 0 {
				runFirst = begins
			}
			run = append(run, m)
		case len(run) > 0:
			waits = append(waits, newWait(run, runFirst, &m))
			run = nil
		}
	}
	if len(run) > 0 {
		waits = append(waits, newWait(run, runFirst, nil))
	}
	return waits
}

// Judge measures a wait by a calendar and a reply target at the evaluation time.
func Judge(w *Wait, calendar Business, target time.Duration, at time.Time) {
	w.Wall, w.Business = 0, 0
	if w.Timed() {
		end := at
		if w.Answered() {
			end = w.ClosedAt
		}
		w.Wall = max(0, end.Unix()-w.OpenedAt.Unix())
		w.Business = calendar.BusinessSeconds(w.OpenedAt, end)
	}
	switch {
	case !w.NeedsReply:
		w.State = StateNoReplyNeeded
	case time.Duration(w.Business)*time.Second > target:
		w.State = StateBreached
	case w.Answered():
		w.State = StateWithin
	default:
		w.State = StateOpen
	}
}

func newWait(run []Message, first bool, closing *Message) Wait {
	opens := run[0]
	for _, m := range run {
		if needsReply(m) {
			opens = m
			break
		}
	}
	w := Wait{
		FirstMessageID: run[0].ID, OpensID: opens.ID, OpenedAt: opens.At,
		First: first, NeedsReply: needsReply(opens),
	}
	for _, m := range run {
		w.MessageIDs = append(w.MessageIDs, m.ID)
	}
	if closing != nil {
		w.ClosesID, w.ClosedAt, w.Responder = closing.ID, closing.At, closing.Person
	}
	return w
}

// inOrder returns the customer and staff messages up to at, by time and id, each
// id once.
func inOrder(messages []Message, at time.Time) []Message {
	list := make([]Message, 0, len(messages))
	for _, m := range messages {
		if (m.Side == SideCustomer || m.Side == SideStaff) && !m.At.After(at) {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, compareMessages)
	seen := make(map[int64]bool, len(list))
	return slices.DeleteFunc(list, func(m Message) bool {
		twice := seen[m.ID]
		seen[m.ID] = true
		return twice
	})
}

// compareMessages orders by time and id. The rest decides only between two
// accounts of one message, so that their order cannot matter either.
func compareMessages(a, b Message) int {
	return cmp.Or(
		cmp.Compare(a.At.Unix(), b.At.Unix()), cmp.Compare(a.ID, b.ID),
		a.At.Compare(b.At), cmp.Compare(a.Side, b.Side), cmp.Compare(a.Person, b.Person),
		cmp.Compare(replyRank(a.NeedsReply), replyRank(b.NeedsReply)),
	)
}

// replyRank puts what an analyzer has said before what nobody has said.
func replyRank(needs *bool) int {
	switch {
	case needs == nil:
		return 2
	case *needs:
		return 0
	}
	return 1
}

func needsReply(m Message) bool { return m.NeedsReply == nil || *m.NeedsReply }

func anyNeedsReply(run []Message) bool { return slices.ContainsFunc(run, needsReply) }
