package app

import (
	"context"
	"time"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/schedule"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/chat"
	"github.com/fincokpi/finco/ent/gen/punch"
	"github.com/fincokpi/finco/ent/gen/wait"
	"github.com/fincokpi/finco/policies"
)

// Stretch is a time of work: From ≤ t < To.
type Stretch struct{ From, To time.Time }

// MyDay is the working day of whoever asks: their hours, their punches, and who waits for them.
type MyDay struct {
	// Zone is the zone of their hours, Day the day that it is by them.
	Zone *time.Location
	Day  domain.Date
	// Scheduled tells whether anybody set hours for them at all; Shift are today's, Next the next ones after today, of at most a week.
	Scheduled bool
	Shift     []Stretch
	Next      []Stretch
	// Punches are those of the day, in order.
	Punches []*gen.Punch
	// Waits are those that wait for an answer of theirs, the longest first, of which this is one page; Total is how many there are.
	Waits []MyWait
	Total int
}

// MyWait is a customer who waits for an answer.
type MyWait struct {
	Waiting
	// Left is what is left of the target in working time; below 0 it has passed by as much.
	Left time.Duration
}

// waitsPerPage is how many customers who wait are read at once.
const waitsPerPage = 8

// beforeShift is how long before its first hour a working day begins, and withoutShift when it does on a day without any.
const beforeShift, withoutShift = 4 * time.Hour, 4 * 60

// MyDay is the actor's day as of now, with one page (from 0) of who waits.
func (a *App) MyDay(ctx context.Context, page int) (MyDay, error) {
	actor, err := permit(ctx, "wait", policies.Read)
	if err != nil {
		return MyDay{}, err
	}
	if page < 0 || page > 1000 {
		return MyDay{}, domain.Errorf(domain.KindInvalid, "there is no such page")
	}
	waiting, total, err := a.waitingForMe(ctx, actor, page)
	if err != nil {
		return MyDay{}, err
	}
	out := MyDay{Total: total}
	var begins, ends time.Time
	err = a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		out.Waits = r.left(waiting, t.at)
		begins, ends = out.fill(r, r.people[actor.UserID], t.at)
		return nil
	})
	if err != nil {
		return MyDay{}, err
	}
	out.Punches, err = a.client.Punch.Query().Where(punch.UserID(actor.UserID), punch.AtGTE(begins), punch.AtLT(ends)).
		Order(gen.Asc(punch.FieldAt, punch.FieldID)).Limit(100).All(ctx)
	return out, err
}

// waitingForMe are the waits of the actor's: of the chats that are theirs now or were when the wait opened, those that they have taken,
// and those of their team that are nobody's, as far as they see them.
func (a *App) waitingForMe(ctx context.Context, actor auth.Actor, page int) ([]Waiting, int, error) {
	mine := wait.Or(wait.AssigneeID(actor.UserID), wait.TakenByID(actor.UserID), wait.HasChatWith(chat.AssigneeID(actor.UserID)))
	me, err := a.client.User.Get(ctx, actor.UserID)
	if err != nil {
		return nil, 0, err
	}
	if me.TeamID != nil {
		mine = wait.Or(mine, wait.And(wait.AssigneeIDIsNil(), wait.TakenByIDIsNil(), wait.TeamID(*me.TeamID)))
	}
	query := a.client.Wait.Query().Where(stillWaits, mine)
	total, err := query.Clone().Count(ctx)
	if err != nil || total == 0 {
		return nil, 0, err
	}
	rows, err := query.Order(gen.Asc(wait.FieldOpenedAt, wait.FieldID)).Offset(page * waitsPerPage).Limit(waitsPerPage).
		WithChat().WithOpensWith().WithTakenBy().All(ctx)
	if err != nil {
		return nil, 0, err
	}
	list, err := a.waitings(ctx, rows)
	return list, total, err
}

// left measures waits by the hours and the target of their team, as the breach of an open wait is.
func (r *roster) left(waiting []Waiting, now time.Time) []MyWait {
	out := make([]MyWait, len(waiting))
	for i, w := range waiting {
		team := deref(w.TeamID)
		business, _ := r.calendar(0, team, now)
		out[i] = MyWait{w, r.target(team) - time.Duration(business.BusinessSeconds(w.OpenedAt, now))*time.Second}
	}
	return out
}

// fill says what day it is by a person's hours, and returns when it begins and ends.
func (d *MyDay) fill(r *roster, p *person, now time.Time) (begins, ends time.Time) {
	if p == nil {
		p = &person{}
	}
	hours := r.hoursOf(p, now)
	d.Zone = hours.Location()
	d.Scheduled = r.scheduleOf(p, r.day(now)) != nil || len(p.Shifts) > 0
	d.Day = domain.DateOf(now.In(d.Zone)).AddDays(1)
	for now.Before(dayStart(hours, d.Day)) {
		d.Day = d.Day.AddDays(-1)
	}
	if d.Scheduled {
		d.Shift = stretches(hours, d.Day)
		for day := d.Day.AddDays(1); len(d.Next) == 0 && !day.After(d.Day.AddDays(7)); day = day.AddDays(1) {
			d.Next = stretches(hours, day)
		}
	}
	return dayStart(hours, d.Day), dayStart(hours, d.Day.AddDays(1))
}

// dayStart is when a working day begins: some hours before its first hour, or early in the morning of a day without any.
func dayStart(hours *schedule.Calendar, day domain.Date) time.Time {
	if list := hours.On(day); len(list) > 0 {
		return day.At(list[0].Start, hours.Location()).Add(-beforeShift)
	}
	return day.At(withoutShift, hours.Location())
}

func stretches(hours *schedule.Calendar, day domain.Date) []Stretch {
	var out []Stretch
	for _, i := range hours.On(day) {
		out = append(out, Stretch{day.At(i.Start, hours.Location()), day.At(i.End, hours.Location())})
	}
	return out
}
