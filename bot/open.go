package bot

import (
	"context"
	"strings"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

// waitsShown are how many customers who wait a message shows: with titles and words it stays below Telegram's length.
const waitsShown = 15

// open shows which messages wait for an answer: in private those of all chats that the person may see, in a group those of the group.
// The answer goes to the person, and into the group only if the company lets the bot write there.
func open(ctx context.Context, t *turn, _ string) error {
	in := app.WaitingInput{First: waitsShown}
	if m := t.update.Message; m != nil && m.Chat.Type != models.ChatTypePrivate {
		in.Chat = m.Chat.ID
	}
	list, total, err := t.bot.app.WaitingCustomers(t.as(ctx), in)
	if err != nil {
		return err
	}
	title := t.text("open.title", "Count", total)
	if total == 0 {
		title = t.text("open.none")
	}
	if in.Chat != 0 && total == 0 {
		title = t.text("open.none_here", "Chat", clip(t.update.Message.Chat.Title, titleLength))
	}
	lines, err := t.waitingLines(ctx, list, total)
	if err != nil {
		return err
	}
	t.say(strings.Join(append([]string{title}, lines...), "\n"), t.takeButtons(list))
	if in.Chat != 0 {
		return t.openInGroup(ctx, list, total)
	}
	return nil
}

// openInGroup answers where customers read too: how many wait and the links to their messages, and nothing that anybody said.
func (t *turn) openInGroup(ctx context.Context, list []app.Waiting, total int) error {
	err := t.bot.app.MayWriteInChats(t.as(ctx))
	if domain.KindOf(err) == domain.KindDenied {
		return nil
	}
	if err != nil {
		return err
	}
	zone, err := t.bot.app.Zone(t.as(ctx))
	if err != nil {
		return err
	}
	lines := []string{t.text("open.group", "Count", total)}
	if total == 0 {
		lines[0] = t.text("open.group_none")
	}
	for _, w := range list {
		clock := t.moment(zone, w.OpenedAt, t.bot.app.Now())
		if w.Edges.Chat != nil && w.Edges.OpensWith != nil {
			lines = append(lines, "• "+string(linked(clock, chatLink(w.Edges.Chat, w.Edges.OpensWith.TelegramID, w.Edges.OpensWith.Thread))))
		}
	}
	m := t.update.Message
	params := map[string]any{"text": strings.Join(lines, "\n")}
	if m.IsTopicMessage {
		params["message_thread_id"] = m.MessageThreadID
	}
	t.put("sendMessage", params)
	last := &t.out[len(t.out)-1]
	last.Chat, last.UserID = m.Chat.ID, 0
	return nil
}

// waitingLines are customers who wait, each with the chat, since when, and what they said as far as the person may read it.
func (t *turn) waitingLines(ctx context.Context, list []app.Waiting, total int) ([]string, error) {
	zone, err := t.bot.app.Zone(t.as(ctx))
	if err != nil {
		return nil, err
	}
	var out []string
	for i, w := range list {
		id := "open.wait"
		if w.Past {
			id = "open.past"
		}
		line := t.text(id, "N", i+1, "Chat", t.chatName(w.Edges.Chat, w.Edges.OpensWith), "Since", t.moment(zone, w.OpenedAt, t.bot.app.Now()))
		if w.Edges.TakenBy != nil {
			line += " · " + t.text("open.taken", "Name", clip(w.Edges.TakenBy.Name, titleLength))
		} else if w.Edges.Assignee != nil {
			line += " · " + t.text("open.assignee", "Name", clip(w.Edges.Assignee.Name, titleLength))
		}
		out = append(out, line)
		if w.Edges.OpensWith != nil {
			if said := t.saidLine(w.Words, w.Edges.OpensWith.Kind); said != "" {
				out = append(out, said)
			}
		}
	}
	if more := total - len(list); more > 0 {
		out = append(out, t.text("open.more", "Count", more))
	}
	return out, nil
}

// takeButtons let the person take what nobody has taken, by its number in the list.
func (t *turn) takeButtons(list []app.Waiting) rows {
	var out rows
	if t.person.Role == auth.RoleAccountant { // who answers nobody
		return nil
	}
	for i, w := range list {
		if w.TakenByID != nil {
			continue
		}
		if n := len(out); n == 0 || len(out[n-1]) == 5 {
			out = append(out, nil)
		}
		last := len(out) - 1
		out[last] = append(out[last], button{Text: label(t.text("open.button.take", "N", i+1)), Data: press("take", w.ID)})
	}
	return out
}
