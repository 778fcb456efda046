package bot

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/message"
)

const (
	// noticesEvery is how often somebody looks whom to tell: time passes without an event.
	noticesEvery = 10 * time.Second
	// noticesGather is how long changes of waits are gathered before a look.
	noticesGather = 300 * time.Millisecond
)

// notices tells supervisors and assignees of waits near and past their target, until the context ends.
func (b *Bot) notices(ctx context.Context) error {
	ctx = auth.With(ctx, system)
	tick := time.NewTicker(noticesEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		changes := b.app.Subscribe(app.WaitChanged)
		b.tell(ctx, "notices of waits", b.tellWaits)
		b.tellOnChange(ctx, changes, tick.C)
		changes.Close()
	}
	return nil
}

// tellOnChange looks again at each change and each tick, until the context ends or changes may have been missed.
func (b *Bot) tellOnChange(ctx context.Context, changes *app.Subscription, tick <-chan time.Time) {
	var gathered <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-changes.C:
			if !ok { // too slow, or the database's connection was lost: begin anew after a moment
				select {
				case <-ctx.Done():
				case <-time.After(noticesGather):
				}
				return
			}
			if gathered == nil {
				gathered = time.After(noticesGather)
			}
			continue
		case <-gathered:
			gathered = nil
		case <-tick:
		}
		b.tell(ctx, "notices of waits", b.tellWaits)
	}
}

// tell does one pass of a loop. What fails is tried again at the next pass.
func (b *Bot) tell(ctx context.Context, what string, pass func(context.Context) error) {
	if err := pass(ctx); err != nil && ctx.Err() == nil {
		b.log.Warn(what+" are late", "kind", string(domain.KindOf(err)), slog.Any("error", err))
	}
}

// tellWaits puts into the outbox what is to be told of waits now.
func (b *Bot) tellWaits(ctx context.Context) error {
	ctx = auth.With(ctx, system)
	due, err := b.app.DueNotices(ctx)
	if err != nil || len(due) == 0 {
		return err
	}
	zone, err := b.app.Zone(ctx)
	if err != nil {
		return err
	}
	out := make([]app.OutgoingInput, len(due))
	for i := range due {
		out[i] = b.notice(&due[i], zone)
	}
	_, err = b.app.Send(ctx, out...)
	return err
}

// notice is what somebody is told of a wait, or what stands in its place now.
func (b *Bot) notice(n *app.WaitNotice, zone *time.Location) app.OutgoingInput {
	t := &turn{bot: b, person: app.TelegramPerson{Actor: auth.Actor{UserID: n.UserID}, Language: n.Language}, chat: n.TelegramID}
	t.message, t.place = int(n.Message), n.TelegramID
	t.show(t.noticeText(n, zone), t.noticeButtons(n))
	out := t.out[0]
	out.Key, out.Priority, out.ExpiresAt = n.Key, app.PriorityNotice, n.ExpiresAt
	return out
}

func (t *turn) noticeText(n *app.WaitNotice, zone *time.Location) string {
	now := t.bot.app.Now()
	chat, since := t.chatName(n.Edges.Chat, n.Edges.OpensWith), t.moment(zone, n.OpenedAt, now)
	var lines []string
	switch n.Kind {
	case app.NoticeNear, app.NoticePast:
		due := ""
		if n.BreachesAt != nil {
			due = t.moment(zone, *n.BreachesAt, now)
		}
		lines = append(lines, t.text("notice."+string(n.Kind), "Chat", chat, "Since", since, "Due", due, "Target", formatSpan(t.person.Language, n.Target)))
	case app.NoticeTaken:
		lines = append(lines, t.text("notice.head_open", "Chat", chat, "Since", since))
	default:
		lines = append(lines, t.text("notice.head", "Chat", chat, "Since", since))
	}
	if said := t.saidLine(n.Words, n.Edges.OpensWith); said != "" {
		lines = append(lines, said)
	}
	switch n.Kind {
	case app.NoticeAnswered:
		lines = append(lines, t.answeredLine(n))
	case app.NoticeOver:
		lines = append(lines, t.text("notice.over"))
	default:
		if n.Edges.TakenBy != nil {
			lines = append(lines, t.takenLine(n, zone))
		}
	}
	return strings.Join(lines, "\n")
}

func (t *turn) takenLine(n *app.WaitNotice, zone *time.Location) string {
	clock := ""
	if n.TakenAt != nil {
		clock = t.moment(zone, *n.TakenAt, t.bot.app.Now())
	}
	if n.Edges.TakenBy.ID == t.person.UserID {
		return t.text("notice.taken_mine", "Clock", clock)
	}
	return t.text("notice.taken", "Name", clip(n.Edges.TakenBy.Name, titleLength), "Clock", clock)
}

func (t *turn) answeredLine(n *app.WaitNotice) string {
	var wall, business time.Duration
	if n.WallSeconds != nil && n.BusinessSeconds != nil {
		wall, business = time.Duration(*n.WallSeconds)*time.Second, time.Duration(*n.BusinessSeconds)*time.Second
	}
	span := t.shortSpan(wall)
	line := t.text("notice.answered_nobody", "Span", span)
	if who := n.Edges.Responder; who != nil && who.ID == t.person.UserID {
		line = t.text("notice.answered_mine", "Span", span)
	} else if who != nil {
		line = t.text("notice.answered", "Name", clip(who.Name, titleLength), "Span", span)
	}
	if worked := t.shortSpan(business); worked != span {
		line += " " + t.text("notice.business", "Span", worked)
	}
	return line
}

// saidLine is the beginning of what a message says, or what it is if it says nothing; empty for a text that is hidden, and for none.
func (t *turn) saidLine(words app.Words, m *gen.Message) string {
	quote := t.quote(words.Text)
	switch {
	case m == nil:
		return ""
	case m.DeletedAt != nil:
		return t.text("deleted")
	case quote != "" && words.Heard:
		return "🎤 " + quote
	case quote != "":
		return quote
	case m.Kind == message.KindText:
		return ""
	}
	return t.text(kindText(m.Kind))
}

func kindText(kind message.Kind) string {
	switch kind {
	case message.KindVoice, message.KindVideoNote, message.KindPhoto, message.KindSticker:
		return "notice.kind." + string(kind)
	}
	return "notice.kind.OTHER"
}

func (t *turn) noticeButtons(n *app.WaitNotice) rows {
	var out rows
	if c, m := n.Edges.Chat, n.Edges.OpensWith; c != nil && m != nil {
		if link := chatLink(c, m.TelegramID, m.Thread); strings.HasPrefix(link, "https://") {
			out = append(out, []button{{Text: label(t.text("notice.open")), URL: link}})
		}
	}
	switch {
	case n.Kind == app.NoticeAnswered || n.Kind == app.NoticeOver:
	case n.TakenByID == nil:
		out = append(out, []button{{Text: label(t.text("notice.take")), Data: press("take", n.ID)}})
	case *n.TakenByID != t.person.UserID:
		out = append(out, []button{{Text: label(t.text("notice.take_over")), Data: press("take", n.ID, "over")}})
	}
	return out
}
