package bot

import (
	"context"
	"strings"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

// waitsShown are how many customers who wait a page shows: with titles and words it stays below Telegram's length.
const waitsShown = 15

// open shows which messages wait for an answer: in private those of all chats that the person may see, in a group those of the group.
// The answer goes to the person, and into the group only if the company lets the bot write there.
func open(ctx context.Context, t *turn, _ string) error {
	in := app.WaitingInput{First: waitsShown}
	here := ""
	if m := t.update.Message; m != nil && m.Chat.Type != models.ChatTypePrivate {
		in.Chat, here = m.Chat.ID, clip(m.Chat.Title, titleLength)
	}
	list, total, err := t.bot.app.WaitingCustomers(t.as(ctx), in)
	if err != nil {
		return err
	}
	html, below, err := t.openPage(ctx, in, list, total)
	if err != nil {
		return err
	}
	if in.Chat != 0 && total == 0 {
		html = t.text("open.none_here", "Chat", here)
	}
	t.say(html, below)
	if in.Chat != 0 {
		return t.openInGroup(ctx, list, total)
	}
	return nil
}

// openPressed shows another page in place: "open:<chat, or 0 for all>:<page>".
func openPressed(ctx context.Context, t *turn, args []string) error {
	chat, err := number(args, 0)
	if err != nil {
		return err
	}
	page, err := number(args, 1)
	if err != nil {
		return err
	}
	in := app.WaitingInput{Chat: int64(chat), First: waitsShown, Page: page}
	list, total, err := t.bot.app.WaitingCustomers(t.as(ctx), in)
	if err != nil {
		return err
	}
	if len(list) == 0 && page > 0 { // answered meanwhile
		return openPressed(ctx, t, []string{args[0], "0"})
	}
	html, below, err := t.openPage(ctx, in, list, total)
	if err != nil {
		return err
	}
	t.show(html, below)
	return nil
}

// openPage is a page of who waits, with the buttons below it.
func (t *turn) openPage(ctx context.Context, in app.WaitingInput, list []app.Waiting, total int) (html string, below rows, err error) {
	if total == 0 {
		return t.text("open.none"), nil, nil
	}
	lines, err := t.waitingLines(ctx, list, in.Page, total)
	if err != nil {
		return "", nil, err
	}
	below = append(t.takeButtons(list, in.Page), t.morePages("open", in.Page, waitsShown, total, in.Chat)...)
	return strings.Join(append([]string{t.text("open.title", "Count", total)}, lines...), "\n"), below, nil
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
	if more := total - len(list); more > 0 {
		lines = append(lines, t.text("open.more", "Count", more))
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

// waitingLines are a page of customers who wait, each with the chat, since when, and what they said as far as the person may read it.
func (t *turn) waitingLines(ctx context.Context, list []app.Waiting, page, total int) ([]string, error) {
	zone, err := t.bot.app.Zone(t.as(ctx))
	if err != nil {
		return nil, err
	}
	var out []string
	before := page * waitsShown
	if total > waitsShown {
		out = append(out, t.text("why.range", "From", before+1, "To", before+len(list), "Total", total))
	}
	for i, w := range list {
		id := "open.wait"
		if w.Past {
			id = "open.past"
		}
		line := t.text(id, "N", before+i+1, "Chat", t.chatName(w.Edges.Chat, w.Edges.OpensWith), "Since", t.moment(zone, w.OpenedAt, t.bot.app.Now()))
		if w.Edges.TakenBy != nil {
			line += " · " + t.text("open.taken", "Name", clip(w.Edges.TakenBy.Name, titleLength))
		} else if w.Edges.Assignee != nil {
			line += " · " + t.text("open.assignee", "Name", clip(w.Edges.Assignee.Name, titleLength))
		}
		out = append(out, line)
		if said := t.saidLine(w.Words, w.Edges.OpensWith); said != "" {
			out = append(out, said)
		}
	}
	return out, nil
}

// takeButtons let the person take what nobody has taken, by its number in the list.
func (t *turn) takeButtons(list []app.Waiting, page int) rows {
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
		out[last] = append(out[last], button{Text: label(t.text("open.button.take", "N", page*waitsShown+i+1)), Data: press("take", w.ID)})
	}
	return out
}
