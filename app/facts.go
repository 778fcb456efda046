package app

import (
	"context"
	"slices"
	"time"

	"github.com/fincokpi/finco/domain/agreement"
	"github.com/fincokpi/finco/domain/response"
)

// factQuery says which facts to gather: the waits that opened and the messages sent from ≤ t < to, as known at a time.
type factQuery struct {
	from, to time.Time
	// at is the evaluation time: what was received, analyzed or reviewed later does not count.
	at time.Time
	// people are those whose facts are wanted; nil means everybody.
	people []int
	// team is the team whose chats' facts are wanted; 0 means every team.
	team int
	// judged asks for quality and sentiment too.
	judged bool
}

// facts are what statistics and KPIs are computed from. They come from the messages, never from stored figures.
type facts struct {
	// waits are those that opened in time, the ones that need no reply included. FirstMessageID, the wait's key, is here the
	// id of its record.
	waits []factWait
	// people are the figures of those who sent something; use of to read it.
	people map[int]*personFacts
}

type factWait struct {
	response.Wait
	team int
}

// personFacts are the facts of one person but for the waits.
type personFacts struct {
	sent      int // messages
	quality   judged
	sentiment judged
}

// judged adds up the effective values of analyses, in nano-units, apart for those that the pay gate lets in as they are and
// those that it lets in only reviewed.
type judged struct {
	open, reviewed tally
	// keptOut counts what the pay gate kept out for want of a review.
	keptOut int
}

type tally struct {
	sum      int64
	analyses []int
}

func (t *tally) add(j judgement) {
	t.sum += j.value
	t.analyses = append(t.analyses, j.analysis)
}

func (j *judged) add(one judgement) {
	switch {
	case one.open:
		j.open.add(one)
	case one.reviewed:
		j.reviewed.add(one)
	default:
		j.keptOut++
	}
}

// counted are the analyses that enter KPI results: those below the gate only if reviewed, and only if there are enough of
// them (metrics.md, pay gate).
func (j *judged) counted() tally {
	if len(j.reviewed.analyses) < agreement.MinReviewed {
		return j.open
	}
	return tally{j.open.sum + j.reviewed.sum, slices.Concat(j.open.analyses, j.reviewed.analyses)}
}

// missing is how many analyses there are that do not count.
func (j *judged) missing() int {
	return len(j.open.analyses) + len(j.reviewed.analyses) + j.keptOut - len(j.counted().analyses)
}

func (f *facts) of(person int) *personFacts {
	p := f.people[person]
	if p == nil {
		p = &personFacts{}
		f.people[person] = p
	}
	return p
}

// waitsOf are the waits that count for each person, by the rule of domain/response.
func (f *facts) waitsByPerson() map[int][]response.Wait {
	near := map[int][]response.Wait{}
	for i := range f.waits {
		w := &f.waits[i].Wait
		near[int(w.Responder)] = append(near[int(w.Responder)], *w)
		if w.Assignee != w.Responder {
			near[int(w.Assignee)] = append(near[int(w.Assignee)], *w)
		}
	}
	for person, waits := range near {
		near[person] = response.ForPerson(waits, int64(person))
	}
	return near
}

// readFacts gathers the facts of a span of time, in a handful of statements whatever the number of people. A wait belongs to
// the time in which it opened, so the talk is read from before the span (back to the staff message or the beginning of the
// conversation before it) and to after it (on to the closing message and the end of the conversation).
func readFacts(ctx context.Context, t *tx, r *roster, q factQuery) (*facts, error) {
	chats, err := t.chatsOf(ctx, q)
	if err != nil {
		return nil, err
	}
	windows, err := t.readWindows(ctx, r, q, chats)
	if err != nil {
		return nil, err
	}
	said, err := t.readJudgements(ctx, r, q, chats, windows)
	if err != nil {
		return nil, err
	}
	f := &facts{people: map[int]*personFacts{}}
	reader := talkReader{roster: r, query: q, said: said, facts: f}
	return f, t.readTalkFacts(ctx, q, windows, reader.talk)
}

// chatsOf are the chats in which people wrote since a month before the span (as far as conversations reach, and on to late
// answers), or which were theirs or their team's to answer; nil stands for all chats.
func (t *tx) chatsOf(ctx context.Context, q factQuery) ([]int, error) {
	if q.people == nil && q.team == 0 {
		return nil, nil
	}
	const find = `
SELECT chat_id FROM messages WHERE sender_id = ANY($1) AND sent_at >= $3::timestamptz - interval '31 days'
UNION SELECT chat_id FROM waits WHERE (assignee_id = ANY($1) OR team_id = $2) AND opened_at >= $3::timestamptz - interval '31 days'
UNION SELECT id FROM chats WHERE assignee_id = ANY($1) OR team_id = $2`
	chats := []int{}
	err := t.each(ctx, find, []any{idArray(q.people), q.team, q.from}, func(scan scanner) error {
		var id int
		err := scan(&id)
		chats = append(chats, id)
		return err
	})
	return chats, err
}

// talkReader turns the messages of one chat and thread at a time into facts.
type talkReader struct {
	roster *roster
	query  factQuery
	said   *judgements
	facts  *facts
	in     []response.Message
}

// factTalk is what is known of one chat and thread.
type factTalk struct {
	team, assignee int // the chat's
	messages       []factMessage
	waits          map[int]waitOwner // by the first message's id
}

type factMessage struct {
	id         int
	telegramID int64
	who        int   // the staff sender; 0 in the name of the chat; customer for a customer's
	at         int64 // Unix seconds
}

const customer = -1

type waitOwner struct{ id, team, assignee int }

func (t *talkReader) talk(talk *factTalk) {
	t.waits(talk)
	t.messages(talk)
}

func (t *talkReader) waits(talk *factTalk) {
	t.in = t.in[:0]
	for _, m := range talk.messages {
		one := response.Message{ID: m.telegramID, Side: response.SideStaff, Person: int64(m.who), At: time.Unix(m.at, 0)}
		if m.who == customer {
			one.Side, one.Person = response.SideCustomer, 0
			if t.said.needless[m.id] {
				one.NeedsReply = &no
			}
		}
		t.in = append(t.in, one)
	}
	waits := response.Segment(t.in, t.roster.gap, t.query.at)
	if len(waits) == 0 {
		return
	}
	ids := make(map[int64]int, len(waits))
	for i := range waits {
		ids[waits[i].FirstMessageID] = 0
	}
	for _, m := range talk.messages {
		if _, ok := ids[m.telegramID]; ok {
			ids[m.telegramID] = m.id
		}
	}
	for i := range waits {
		w := &waits[i]
		if !w.OpenedAt.Before(t.query.from) && w.OpenedAt.Before(t.query.to) {
			t.addWait(talk, w, ids[w.FirstMessageID])
		}
	}
}

var no = false

func (t *talkReader) addWait(talk *factTalk, w *response.Wait, first int) {
	owner := talk.waits[first]
	if owner.team == 0 {
		owner.team = talk.team
	}
	if owner.assignee == 0 {
		owner.assignee = talk.assignee
	}
	end := t.query.at
	if w.Answered() {
		end = w.ClosedAt
	}
	calendar, _ := t.roster.calendar(int(w.Responder), owner.team, end)
	response.Judge(w, calendar, t.roster.target(owner.team), t.query.at)
	w.FirstMessageID, w.Assignee, w.MessageIDs = int64(owner.id), int64(owner.assignee), nil
	t.facts.waits = append(t.facts.waits, factWait{*w, owner.team})
}

// messages counts what staff sent, how good it was, and how the customers felt whom they talked with.
func (t *talkReader) messages(talk *factTalk) {
	slices.SortFunc(talk.messages, factMessage.compare)
	gap := int64(t.roster.gap / time.Second)
	begin := 0
	for i := range talk.messages {
		if i > begin && talk.messages[i].at-talk.messages[i-1].at > gap {
			t.conversation(talk.messages[begin:i])
			begin = i
		}
	}
	t.conversation(talk.messages[begin:])
}

func (t *talkReader) conversation(messages []factMessage) {
	from, to := t.query.from.Unix(), t.query.to.Unix()
	var staff []int
	for _, m := range messages {
		if m.who > 0 && !slices.Contains(staff, m.who) {
			staff = append(staff, m.who)
		}
	}
	for _, m := range messages {
		if m.at < from || m.at >= to {
			continue
		}
		if m.who > 0 {
			person := t.facts.of(m.who)
			person.sent++
			if j, ok := t.said.quality.find(m.id); ok {
				person.quality.add(j)
			}
		}
		if m.who != customer || len(staff) == 0 {
			continue
		}
		if j, ok := t.said.sentiment.find(m.id); ok {
			for _, id := range staff {
				t.facts.of(id).sentiment.add(j)
			}
		}
	}
}
