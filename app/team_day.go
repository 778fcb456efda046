package app

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/response"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/punch"
	entteam "github.com/fincokpi/finco/ent/gen/team"
	"github.com/fincokpi/finco/ent/gen/wait"
	"github.com/fincokpi/finco/policies"
)

// TeamDayInput is a team and a day.
type TeamDayInput struct {
	// Team is 0 for the first of the actor's.
	Team int
	// Day is zero for today.
	Day domain.Date
}

// TeamDay is how a team does on a day.
type TeamDay struct {
	// Teams are those that the actor may choose from, by name; Team is the one shown, nil if there is none.
	Teams []*gen.Team
	Team  *gen.Team
	Zone  *time.Location
	Day   domain.Date
	// Today tells whether it is the day that it is now.
	Today bool
	// Total is of the waits of the team's chats, Open how many wait now.
	Total response.Stats
	Open  int
	// People are those who are in the team, by name.
	People []PersonDay
}

// PersonDay is how a person does on a day.
type PersonDay struct {
	UserID int
	Name   string
	Stats  response.Stats
	// Open is how many wait for them now.
	Open int
	// Since is when they came, if they are at work now and the day is today.
	Since *time.Time
}

// TeamDay is a day of a team of the actor's: a supervisor's own teams, for admins all. A team that is hidden is not_found.
func (a *App) TeamDay(ctx context.Context, in TeamDayInput) (TeamDay, error) {
	actor, err := permit(ctx, "statistics", policies.Read)
	if err != nil {
		return TeamDay{}, err
	}
	var out TeamDay
	if out.Teams, err = a.teamsOf(ctx, actor); err != nil {
		return TeamDay{}, err
	}
	i := slices.IndexFunc(out.Teams, func(t *gen.Team) bool { return in.Team == 0 || t.ID == in.Team })
	switch {
	case i < 0 && in.Team != 0:
		return TeamDay{}, domain.Errorf(domain.KindNotFound, "there is no such team")
	case i < 0:
		return out, nil
	}
	out.Team = out.Teams[i]
	var r *roster
	err = a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		r, err = t.roster(ctx)
		return err
	})
	if err != nil {
		return TeamDay{}, err
	}
	now := a.now()
	out.Zone, out.Day = r.zone, in.Day
	if out.Day.IsZero() {
		out.Day = r.day(now)
	}
	if out.Day.After(r.day(now)) {
		return TeamDay{}, domain.Errorf(domain.KindInvalid, "this day has not come yet")
	}
	out.Today = out.Day == r.day(now)
	return out, a.fillTeamDay(ctx, r, &out, now)
}

// teamsOf are the teams whose figures the actor sees, by name.
func (a *App) teamsOf(ctx context.Context, actor auth.Actor) ([]*gen.Team, error) {
	query := a.client.Team.Query().Order(gen.Asc(entteam.FieldName))
	switch policies.Scope(actor.Role, "statistics", policies.Read) {
	case policies.Company:
	case policies.Team:
		query.Where(entteam.IDIn(actor.TeamIDs...))
	default:
		return nil, domain.Errorf(domain.KindDenied, "your role sees no team's figures")
	}
	return query.All(ctx)
}

func (a *App) fillTeamDay(ctx context.Context, r *roster, out *TeamDay, now time.Time) error {
	for _, p := range r.people {
		if p.teamAt(r.day(now)) == out.Team.ID && p.works(out.Day) {
			out.People = append(out.People, PersonDay{UserID: p.ID, Name: p.Name})
		}
	}
	slices.SortFunc(out.People, func(x, y PersonDay) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), cmp.Compare(x.UserID, y.UserID))
	})
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error { return t.teamStats(ctx, r, out) })
	if err != nil {
		return err
	}
	if out.Open, err = a.client.Wait.Query().Where(stillWaits, wait.TeamID(out.Team.ID)).Count(ctx); err != nil {
		return err
	}
	for i := range out.People {
		p := &out.People[i]
		if p.Open, err = a.client.Wait.Query().Where(stillWaits, wait.AssigneeID(p.UserID)).Count(ctx); err != nil {
			return err
		}
		if !out.Today {
			continue
		}
		begins, _ := new(MyDay).fill(r, r.people[p.UserID], now)
		if p.Since, err = a.atWorkSince(ctx, p.UserID, begins, now); err != nil {
			return err
		}
	}
	return nil
}

// teamStats are what ResponseStats says of the team and of each of its people, read together.
func (t *tx) teamStats(ctx context.Context, r *roster, out *TeamDay) error {
	from, to := domain.DayOf(out.Day).Bounds(r.zone)
	ofTeam, err := readFacts(ctx, t, r, factQuery{from: from, to: to, at: t.at, team: out.Team.ID})
	if err != nil {
		return err
	}
	out.Total = response.Aggregate(ResponseStatsInput{Team: &out.Team.ID}.pick(ofTeam))
	ids := make([]int, len(out.People))
	for i, p := range out.People {
		ids[i] = p.UserID
	}
	if len(ids) == 0 {
		return nil
	}
	ofPeople, err := readFacts(ctx, t, r, factQuery{from: from, to: to, at: t.at, people: ids})
	if err != nil {
		return err
	}
	byPerson := ofPeople.waitsByPerson()
	for i := range out.People {
		out.People[i].Stats = response.Aggregate(byPerson[out.People[i].UserID])
	}
	return nil
}

// atWorkSince is when somebody came who has not gone since; nil if they are not there. A punch that does not say which way it is
// alternates.
func (a *App) atWorkSince(ctx context.Context, userID int, from, to time.Time) (*time.Time, error) {
	rows, err := a.client.Punch.Query().Where(punch.UserID(userID), punch.AtGTE(from), punch.AtLTE(to)).
		Order(gen.Asc(punch.FieldAt, punch.FieldID)).Limit(200).All(ctx)
	var since *time.Time
	for _, p := range rows {
		switch {
		case p.Direction == punch.DirectionGoing || p.Direction == punch.DirectionUnknown && since != nil:
			since = nil
		case since == nil:
			since = &p.At
		}
	}
	return since, err
}
