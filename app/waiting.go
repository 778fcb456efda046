package app

import (
	"cmp"
	"context"
	"slices"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/chat"
	"github.com/fincokpi/finco/ent/gen/messagecontent"
	"github.com/fincokpi/finco/ent/gen/predicate"
	"github.com/fincokpi/finco/ent/gen/wait"
	"github.com/fincokpi/finco/policies"
)

// Waiting is a customer who waits for an answer, as whoever asks may see it.
type Waiting struct {
	// Wait comes with its chat, the message that opens it, the assignee and who has taken it.
	*gen.Wait
	// Words are what the message says that opens the wait; none for whoever does not see content.
	Words Words
	// Past tells that the target has passed.
	Past bool
}

// Words are what a message says now.
type Words struct {
	Text string
	// Heard tells that the text is what a machine heard in a sound.
	Heard bool
}

// WaitingInput narrows who waits; zero values do not.
type WaitingInput struct {
	// Chat is a chat's Telegram id.
	Chat int64
	// Assignee is a person, Team a team.
	Assignee, Team int
	// First is how many on a page, from 1 to 100; 0 means 20. Page is which one, from 0.
	First, Page int
}

// WaitingCustomers are those who wait for an answer now, longest first, of the chats that the actor may see, one page of them, and how
// many there are.
func (a *App) WaitingCustomers(ctx context.Context, in WaitingInput) (list []Waiting, total int, err error) {
	if _, err := permit(ctx, "wait", policies.Read); err != nil {
		return nil, 0, err
	}
	if in.First = cmp.Or(in.First, 20); in.First < 1 || in.First > 100 {
		return nil, 0, domain.Errorf(domain.KindInvalid, "first is from 1 to 100")
	}
	if in.Page < 0 || in.Page > 1000 {
		return nil, 0, domain.Errorf(domain.KindInvalid, "there is no such page")
	}
	where, err := a.waitingWhere(ctx, in)
	if err != nil {
		return nil, 0, err
	}
	query := a.client.Wait.Query().Where(where...)
	if total, err = query.Clone().Count(ctx); err != nil || total == 0 {
		return nil, 0, err
	}
	rows, err := query.Order(gen.Asc(wait.FieldOpenedAt, wait.FieldID)).Offset(in.Page * in.First).Limit(in.First).
		WithChat().WithOpensWith().WithAssignee().WithTakenBy().All(ctx)
	if err != nil {
		return nil, 0, err
	}
	list, err = a.waitings(ctx, rows)
	return list, total, err
}

func (a *App) waitingWhere(ctx context.Context, in WaitingInput) ([]predicate.Wait, error) {
	where := []predicate.Wait{stillWaits}
	if in.Chat != 0 {
		chats, err := a.client.Chat.Query().Where(chat.TelegramID(in.Chat)).IDs(ctx)
		if err != nil {
			return nil, err
		}
		where = append(where, wait.ChatIDIn(chats...))
	}
	if in.Assignee != 0 {
		where = append(where, wait.AssigneeID(in.Assignee))
	}
	if in.Team != 0 {
		where = append(where, wait.TeamID(in.Team))
	}
	return where, nil
}

// stillWaits is true of a wait that nobody has answered and that wants an answer, as far as is known.
var stillWaits = wait.And(
	wait.ClosesWithIDIsNil(), wait.StateIn(wait.StateOpen, wait.StateBreached), wait.Or(wait.NeedsReplyIsNil(), wait.NeedsReply(true)),
)

// waitings adds what is said to waits that were read with their edges.
func (a *App) waitings(ctx context.Context, rows []*gen.Wait) ([]Waiting, error) {
	messages := make([]*gen.Message, 0, len(rows))
	for _, w := range rows {
		if w.Edges.OpensWith != nil {
			messages = append(messages, w.Edges.OpensWith)
		}
	}
	said, err := a.wordsOf(ctx, messages)
	if err != nil {
		return nil, err
	}
	now := a.now()
	out := make([]Waiting, len(rows))
	for i, w := range rows {
		out[i] = Waiting{Wait: w, Words: said[w.OpensWithID], Past: w.BreachesAt != nil && !now.Before(*w.BreachesAt)}
	}
	return out, nil
}

// wordsOf are what messages say now, by message, as far as the actor may read them; a deleted one says nothing.
func (a *App) wordsOf(ctx context.Context, messages []*gen.Message) (map[int]Words, error) {
	version := make(map[int]int, len(messages))
	for _, m := range messages {
		if m.DeletedAt == nil {
			version[m.ID] = m.Version
		}
	}
	ids := make([]int, 0, len(version))
	for id := range version {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	out := make(map[int]Words, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	contents, err := a.client.MessageContent.Query().Where(messagecontent.MessageIDIn(ids...)).All(ctx)
	for _, c := range contents {
		if c.Version != version[c.MessageID] {
			continue
		}
		words := Words{Text: c.Text}
		if c.Text == "" && c.Transcript != nil {
			words = Words{Text: *c.Transcript, Heard: true}
		}
		out[c.MessageID] = words
	}
	return out, err
}
