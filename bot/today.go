package bot

import (
	"context"
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/punch"
)

const (
	// titleLength and quoteLength keep a list of chats on a phone's screen, and a message below Telegram's limit.
	titleLength, quoteLength = 60, 80
	// perPage is how many entries a list shows at once: as many as app.MyDay reads.
	perPage = 8
)

// today answers /today.
func today(ctx context.Context, t *turn, _ string) error { return t.today(ctx, 0) }

// todayPressed shows a page of it in place: "today:<page>".
func todayPressed(ctx context.Context, t *turn, args []string) error {
	page, err := number(args, 0)
	if err != nil {
		return err
	}
	return t.today(ctx, page)
}

func (t *turn) today(ctx context.Context, page int) error {
	day, err := t.bot.app.MyDay(t.as(ctx), page)
	if err != nil {
		return err
	}
	if len(day.Waits) == 0 && page > 0 { // answered meanwhile
		return t.today(ctx, 0)
	}
	now := t.bot.app.Now()
	lines := []string{
		t.todayTitle(day, now),
		t.shiftLine(day, now), t.punchLine(day), "",
	}
	if day.Total == 0 {
		lines = append(lines, t.text("today.nobody"))
	} else {
		lines = append(lines, t.text("today.waiting", "Count", day.Total))
	}
	if day.Total > perPage {
		lines = append(lines, t.text("why.range", "From", page*perPage+1, "To", page*perPage+len(day.Waits), "Total", day.Total))
	}
	for i, w := range day.Waits {
		lines = append(lines, t.waitLines(page*perPage+i+1, w, day.Zone, now)...)
	}
	t.show(strings.Join(lines, "\n"), append(t.pages("today", page, day.Total), t.punchRow(), []button{{Text: label(t.text("today.refresh")), Data: press("today", page)}}))
	return nil
}

// todayTitle says which day it is: a working day goes on after midnight, until shortly before the next one's hours.
func (t *turn) todayTitle(day app.MyDay, now time.Time) string {
	date, clock := formatDate(t.person.Language, day.Day), formatClock(day.Zone, now)
	if day.Day == domain.DateOf(now.In(day.Zone)) {
		return t.text("today.title", "Day", date, "Clock", clock)
	}
	return t.text("today.title_working", "Day", date, "Now", formatDay(t.person.Language, day.Zone, now), "Clock", clock)
}

// morePages are the buttons to the neighbours of a page, from 0, of a list with so many entries on each, and to the first and last one of
// many; the page is the last argument of the button.
func (t *turn) morePages(name string, page, each, total int, args ...any) rows {
	to := func(page int) string { return press(name, append(slices.Clone(args), page)...) }
	var row []button
	last := (total - 1) / each
	if page > 1 {
		row = append(row, button{Text: "« 1", Data: to(0)})
	}
	if page > 0 {
		row = append(row, button{Text: "‹ " + label(t.text("today.earlier")), Data: to(page - 1)})
	}
	if page < last {
		row = append(row, button{Text: label(t.text("today.further")) + " ›", Data: to(page + 1)})
	}
	if page < last-1 {
		row = append(row, button{Text: strconv.Itoa(last+1) + " »", Data: to(last)})
	}
	if row == nil {
		return nil
	}
	return rows{row}
}

// pages is morePages of a list of the usual length.
func (t *turn) pages(name string, page, total int, args ...any) rows {
	return t.morePages(name, page, perPage, total, args...)
}

func (t *turn) punchRow() []button {
	return []button{
		{Text: label(t.text("punch.button.in")), Data: press("punch", "in")},
		{Text: label(t.text("punch.button.out")), Data: press("punch", "out")},
	}
}

func (t *turn) shiftLine(day app.MyDay, now time.Time) string {
	next := ""
	if len(day.Next) > 0 {
		next = t.text("today.next", "Day", formatDay(t.person.Language, day.Zone, day.Next[0].From), "Hours", hours(day.Next, day.Zone))
	}
	switch {
	case !day.Scheduled:
		return t.text("today.unscheduled")
	case len(day.Shift) == 0:
		return strings.TrimSpace(t.text("today.off") + " " + next)
	case !now.Before(day.Shift[len(day.Shift)-1].To):
		return strings.TrimSpace(t.text("today.over", "Hours", hours(day.Shift, day.Zone)) + " " + next)
	}
	return t.text("today.shift", "Hours", hours(day.Shift, day.Zone))
}

// hours are stretches of time as "09:00–13:00, 14:00–18:00".
func hours(list []app.Stretch, zone *time.Location) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = formatHours(zone, s.From, s.To)
	}
	return strings.Join(out, ", ")
}

// punchLine says the day's comings and goings.
func (t *turn) punchLine(day app.MyDay) string {
	if len(day.Punches) == 0 {
		return t.text("today.unpunched")
	}
	var all []string
	for _, p := range day.Punches[max(0, len(day.Punches)-perPage):] {
		all = append(all, t.text(punchText("today.punch", p.Direction), "Clock", formatClock(day.Zone, p.At)))
	}
	return strings.Join(all, " · ")
}

// punchText is the text of a direction: "<name>.in" or "<name>.out".
func punchText(name string, direction punch.Direction) string {
	if direction == punch.DirectionGoing {
		return name + ".out"
	}
	return name + ".in"
}

func (t *turn) waitLines(n int, w app.MyWait, zone *time.Location, now time.Time) []string {
	id, left := "today.left", w.Left
	if left < 0 {
		id, left = "today.past", -left
	}
	head := t.text("today.wait", "N", n, "Chat", t.chatName(w.Edges.Chat, w.Edges.OpensWith), "Since", t.moment(zone, w.OpenedAt, now),
		"Left", markup(t.text(id, "Span", formatSpan(t.person.Language, left))))
	if w.Edges.TakenBy != nil && w.Edges.TakenBy.ID != t.person.UserID {
		head += "\n" + t.text("today.taken", "Name", clip(w.Edges.TakenBy.Name, titleLength))
	}
	quote := t.quote(w.Words.Text)
	if m := w.Edges.OpensWith; m != nil && m.DeletedAt != nil {
		quote = t.text("deleted")
	}
	if quote == "" {
		return []string{head}
	}
	return []string{head, quote}
}

// quote is the beginning of what somebody wrote, as HTML; nothing for nothing.
func (t *turn) quote(words string) string {
	if words = clip(words, quoteLength); words == "" {
		return ""
	}
	return "<i>«" + html.EscapeString(words) + "»</i>"
}

// chatName is a chat's title, which opens it at a message where Telegram has such links.
func (t *turn) chatName(c *gen.Chat, m *gen.Message) markup {
	if c == nil {
		return markup(t.text("today.hidden"))
	}
	title := clip(c.Title, titleLength)
	if title == "" {
		title = label(t.text("today.untitled"))
	}
	if m == nil {
		return linked(title, chatLink(c, 0, 0))
	}
	return linked(title, chatLink(c, m.TelegramID, m.Thread))
}

// moment is a time of day, with its day if that is another than now's, and the year if that is.
func (t *turn) moment(zone *time.Location, at, now time.Time) string {
	day, this := domain.DateOf(at.In(zone)), domain.DateOf(now.In(zone))
	switch {
	case day == this:
		return formatClock(zone, at)
	case day.Year != this.Year:
		return formatPeriod(t.person.Language, domain.DayOf(day)) + ", " + formatClock(zone, at)
	}
	return formatDate(t.person.Language, day) + ", " + formatClock(zone, at)
}
