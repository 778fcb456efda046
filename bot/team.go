package bot

import (
	"context"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/response"
	"github.com/fincokpi/finco/ent/gen"
)

// membersShown are how many people a day shows: the message stays below Telegram's length with the longest names.
const membersShown = 25

// team shows the day of the person's team.
func team(ctx context.Context, t *turn, _ string) error {
	return t.teamDay(ctx, app.TeamDayInput{})
}

// teamPressed shows another team or day, "team:<team>:<day>", an empty day being today; "team:choose:<day>" asks which team.
func teamPressed(ctx context.Context, t *turn, args []string) error {
	in := app.TeamDayInput{}
	if len(args) != 2 {
		return t.refuse("error.old_button")
	}
	if args[1] != "" {
		day, err := domain.ParseDate(args[1])
		if err != nil {
			return t.refuse("error.old_button")
		}
		in.Day = day
	}
	if args[0] == "choose" {
		return t.chooseTeam(ctx, in.Day, args[1])
	}
	var err error
	if in.Team, err = number(args, 0); err != nil {
		return err
	}
	return t.teamDay(ctx, in)
}

// dayArg is a day as buttons carry it: empty for today, so that a button of yesterday's message still means today.
func dayArg(day app.TeamDay) string {
	if day.Today {
		return ""
	}
	return day.Day.String()
}

func (t *turn) teamDay(ctx context.Context, in app.TeamDayInput) error {
	day, err := t.bot.app.TeamDay(t.as(ctx), in)
	if err != nil {
		return err
	}
	if day.Team == nil {
		t.show(t.text("team.none"), nil)
		return nil
	}
	lang := t.person.Language
	title := t.text("team.title", "Team", clip(day.Team.Name, titleLength), "Day", formatDate(lang, day.Day))
	if day.Today {
		title += " · " + formatClock(day.Zone, t.bot.app.Now())
	}
	lines := []string{title, t.statsLine(day.Total), t.text("team.open", "Count", day.Open), ""}
	for _, p := range day.People[:min(len(day.People), membersShown)] {
		lines = append(lines, t.memberLines(&day, p)...)
	}
	if more := len(day.People) - membersShown; more > 0 {
		lines = append(lines, t.text("team.more", "Count", more))
	}
	if len(day.People) == 0 {
		lines = append(lines, t.text("team.nobody"))
	}
	t.show(strings.Join(lines, "\n"), t.teamButtons(&day))
	return nil
}

// statsLine are the figures of some waits in one line.
func (t *turn) statsLine(s response.Stats) string {
	if s.Waits == 0 {
		return t.text("team.no_waits")
	}
	return t.text("team.stats", "Waits", s.Waits, "Answered", s.Answered, "Within", t.rate(s.WithinTargetRate), "Median", t.seconds(s.MedianBusiness))
}

// rate is a share in percent; a dash where there is none.
func (t *turn) rate(share decimal.NullDecimal) string {
	percent, err := share.Decimal.Mul(decimal.Hundred)
	if !share.Valid || err != nil {
		return "–"
	}
	return formatNumber(t.person.Language, percent.String(), 0) + noBreak + "%"
}

// seconds is a length of time, to the second if it is short; a dash where there is none.
func (t *turn) seconds(n decimal.NullDecimal) string {
	whole, _, ok := n.Decimal.Int64(0)
	if !n.Valid || !ok {
		return "–"
	}
	return t.shortSpan(time.Duration(whole) * time.Second)
}

func (t *turn) memberLines(day *app.TeamDay, p app.PersonDay) []string {
	name := "<b>" + html.EscapeString(clip(p.Name, titleLength)) + "</b>"
	if p.Since != nil {
		name += " · " + t.text("team.since", "Clock", formatClock(day.Zone, *p.Since))
	}
	line := t.statsLine(p.Stats)
	if p.Open > 0 {
		line += " · " + t.text("team.open", "Count", p.Open)
	}
	return []string{name, line}
}

func (t *turn) teamButtons(day *app.TeamDay) rows {
	var out rows
	for _, p := range day.People[:min(len(day.People), membersShown)] {
		if p.Open > 0 && len(out) < perPage {
			out = append(out, []button{{Text: label(t.text("team.button.waits", "Name", clip(p.Name, titleLength), "N", p.Open)), Data: press("teamwaits", p.UserID, day.Team.ID, dayArg(*day))}})
		}
	}
	turnDay := []button{{Text: "‹ " + formatDate(t.person.Language, day.Day.AddDays(-1)), Data: press("team", day.Team.ID, day.Day.AddDays(-1))}}
	switch next := day.Day.AddDays(1); {
	case day.Today:
	case next == domain.DateOf(t.bot.app.Now().In(day.Zone)):
		turnDay = append(turnDay, button{Text: label(t.text("team.button.today")) + " ›", Data: press("team", day.Team.ID, "")})
	default:
		turnDay = append(turnDay, button{Text: formatDate(t.person.Language, next) + " ›", Data: press("team", day.Team.ID, next)})
	}
	out = append(out, turnDay)
	if len(day.Teams) > 1 {
		out = append(out, []button{{Text: label(t.text("team.button.choose")), Data: press("team", "choose", dayArg(*day))}})
	}
	return out
}

// teamsShown are how many teams one can choose from.
const teamsShown = 40

func (t *turn) chooseTeam(ctx context.Context, day domain.Date, arg string) error {
	found, err := t.bot.app.TeamDay(t.as(ctx), app.TeamDayInput{Day: day})
	if err != nil {
		return err
	}
	var out rows
	for _, g := range found.Teams[:min(len(found.Teams), teamsShown)] {
		out = append(out, []button{{Text: clip(g.Name, titleLength), Data: press("team", g.ID, arg)}})
	}
	t.show(t.text("team.choose"), out)
	return nil
}

// teamWaitsPressed shows who waits for a person of the team: "teamwaits:<person>:<team>:<day>:<page>", team and day for the way back.
func teamWaitsPressed(ctx context.Context, t *turn, args []string) error {
	id, err := number(args, 0)
	if err != nil || len(args) < 3 || len(args) > 4 {
		return t.refuse("error.old_button")
	}
	page := 0
	if len(args) == 4 {
		if page, err = number(args, 3); err != nil {
			return err
		}
	}
	who, err := t.bot.app.Client().User.Get(t.as(ctx), id)
	if gen.IsNotFound(err) {
		return domain.Errorf(domain.KindNotFound, "there is no such person")
	}
	if err != nil {
		return err
	}
	list, total, err := t.bot.app.WaitingCustomers(t.as(ctx), app.WaitingInput{Assignee: id, First: waitsShown, Page: page})
	if err != nil {
		return err
	}
	if len(list) == 0 && page > 0 { // answered meanwhile
		return teamWaitsPressed(ctx, t, args[:3])
	}
	lines := []string{t.text("team.waits", "Name", clip(who.Name, titleLength), "Count", total)}
	more, err := t.waitingLines(ctx, list, page, total)
	if err != nil {
		return err
	}
	below := t.morePages("teamwaits", page, waitsShown, total, id, args[1], args[2])
	t.show(strings.Join(slices.Concat(lines, more), "\n"), append(below, []button{{Text: label(t.text("back")), Data: press("team", args[1], args[2])}}))
	return nil
}
