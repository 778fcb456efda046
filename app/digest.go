package app

import (
	"context"
	"fmt"
	"time"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/response"
	"github.com/fincokpi/finco/ent/gen/wait"
	"github.com/fincokpi/finco/jobs/args"
	"github.com/fincokpi/finco/policies"
)

const (
	// digestLate is how late a digest is still a morning's.
	digestLate = 3 * time.Hour
	// stuckAfter is how long a live message's judgement may wait before its analyzer counts as out of order.
	stuckAfter = 15 * time.Minute
)

// DueDigest is a digest to send now, and to whom.
type DueDigest struct {
	Key        string
	UserID     int
	TelegramID int64
}

// DueDigests are the morning's digests that are to be sent now and are not in the outbox yet: to supervisors and admins, at the
// company's time of digests (after their hours of rest, if it falls into them) and until three hours later, on days on which a team of
// theirs works. For the bot.
func (a *App) DueDigests(ctx context.Context) ([]DueDigest, error) {
	if _, err := permit(ctx, "outbox", "write"); err != nil {
		return nil, err
	}
	var out []DueDigest
	err := a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		out = nil
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		at, ok, err := t.digestTime(ctx, r)
		if err != nil || !ok {
			return err
		}
		people, err := t.noticePeople(ctx, r)
		if err != nil {
			return err
		}
		for id, p := range people {
			first := afterRest(p.mute, r.zone, at)
			if t.at.Before(first) || !t.at.Before(first.Add(digestLate)) || !r.workDay(r.ledBy(id), r.day(at)) {
				continue
			}
			out = append(out, DueDigest{Key: fmt.Sprintf("digest:%s:%d", r.day(at), id), UserID: id, TelegramID: p.telegramID})
		}
		out, err = unsent(ctx, t, out, func(d DueDigest) string { return d.Key })
		return err
	})
	if domain.KindOf(err) == domain.KindConflict { // no company yet
		return nil, nil
	}
	return out, err
}

// digestTime is when today's digest is due; false if the company wants none.
func (t *tx) digestTime(ctx context.Context, r *roster) (at time.Time, ok bool, err error) {
	texts, err := t.texts(ctx, `SELECT digest_at FROM companies`)
	if err != nil || len(texts) == 0 {
		return at, false, err
	}
	clock, err := time.Parse("15:04", texts[0])
	if err != nil { // empty: never
		return at, false, nil
	}
	return r.day(t.at).At(clock.Hour()*60+clock.Minute(), r.zone), true, nil
}

// afterRest is the first moment from a time on that is not within somebody's hours of rest.
func afterRest(mute string, zone *time.Location, at time.Time) time.Time {
	for i := 0; i < 24*60 && resting(mute, zone, at); i++ {
		at = at.Add(time.Minute)
	}
	return at
}

// ledBy are the teams that a person supervises, for an admin all; none for others.
func (r *roster) ledBy(userID int) []int {
	p := r.people[userID]
	if p == nil || p.Role != "SUPERVISOR" && p.Role != "ADMIN" {
		return nil
	}
	var out []int
	for _, id := range r.teamOrder {
		if p.Role == "ADMIN" || deref(r.teams[id].Supervisor) == userID {
			out = append(out, id)
		}
	}
	return out
}

// workDay tells whether one of the teams has working hours on a day.
func (r *roster) workDay(teams []int, day domain.Date) bool {
	for _, id := range teams {
		if len(r.version(r.scheduleOfTeam(id), day).On(day)) > 0 {
			return true
		}
	}
	return false
}

// Digest is what a supervisor or an admin should know in the morning.
type Digest struct {
	Zone *time.Location
	// Day is today, Last the working day before it, of which the figures are.
	Day, Last domain.Date
	Teams     []DigestTeam
	// Reviews are the judgements to review; ReviewsMore tells that there are more than were counted.
	Reviews     int
	ReviewsMore bool
	// The rest is for admins. Aside are the updates of Telegram that could not be handled, Unsent the bot's messages since the last working
	// day that did not arrive, or of which nobody can tell, to people who can be reached; broadcasts have reports of their own. Failures are
	// the messages that analyzers could not judge since then, and Stuck the analyzers that have not judged for a while, with how many
	// judgements wait.
	Aside    int
	Unsent   int
	Failures []FailureCount
	Stuck    []FailureCount
}

// DigestTeam is a team in a digest.
type DigestTeam struct {
	ID    int
	Name  string
	Stats response.Stats
	// Open are those who wait now, Past those of them whose target has passed.
	Open, Past int
}

// Digest is the actor's digest as of now: a supervisor's of their teams, an admin's of all.
func (a *App) Digest(ctx context.Context) (Digest, error) {
	actor, err := permit(ctx, "statistics", policies.Read)
	if err != nil {
		return Digest{}, err
	}
	teams, err := a.teamsOf(ctx, actor)
	if err != nil {
		return Digest{}, err
	}
	var out Digest
	err = a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		var ids []int
		for _, g := range teams {
			ids = append(ids, g.ID)
		}
		out.Zone, out.Day = r.zone, r.day(t.at)
		out.Last = r.lastWorkDay(ids, out.Day)
		return nil
	})
	if err != nil {
		return Digest{}, err
	}
	for _, g := range teams {
		team, err := a.digestTeam(ctx, DigestTeam{ID: g.ID, Name: g.Name}, out.Last)
		if err != nil {
			return Digest{}, err
		}
		out.Teams = append(out.Teams, team)
	}
	if policies.Allows(actor.Role, "feedback", "give") {
		next, err := a.NextReview(ctx, NextReviewInput{})
		if err != nil {
			return Digest{}, err
		}
		out.Reviews, out.ReviewsMore = next.Left, next.More
	}
	return out, a.outOfOrder(ctx, actor, &out)
}

// lastWorkDay is the last day before one on which one of the teams worked; the day before if there was none for two weeks.
func (r *roster) lastWorkDay(teams []int, day domain.Date) domain.Date {
	for back := 1; back <= 14; back++ {
		if r.workDay(teams, day.AddDays(-back)) {
			return day.AddDays(-back)
		}
	}
	return day.AddDays(-1)
}

func (a *App) digestTeam(ctx context.Context, out DigestTeam, day domain.Date) (DigestTeam, error) {
	var err error
	if out.Stats, err = a.ResponseStats(ctx, ResponseStatsInput{Team: &out.ID, Period: domain.DayOf(day).String()}); err != nil {
		return out, err
	}
	if out.Open, err = a.client.Wait.Query().Where(stillWaits, wait.TeamID(out.ID)).Count(ctx); err != nil {
		return out, err
	}
	out.Past, err = a.client.Wait.Query().Where(stillWaits, wait.TeamID(out.ID), wait.BreachesAtLTE(a.now())).Count(ctx)
	return out, err
}

// outOfOrder finds what an admin should see to; for others nothing.
func (a *App) outOfOrder(ctx context.Context, actor auth.Actor, out *Digest) error {
	if policies.Scope(actor.Role, "analyzer", policies.Read) != policies.Company {
		return nil
	}
	var err error
	if out.Failures, err = a.FailureCounts(ctx, out.Last.In(out.Zone)); err != nil {
		return err
	}
	return a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		const counts = `
SELECT (SELECT count(*) FROM telegram_updates WHERE state = 'ASIDE'),
  (SELECT count(*) FROM outgoings o LEFT JOIN employments e ON e.user_id = o.user_id
    WHERE o.ended_at >= $1 AND o.state IN ('UNKNOWN', 'FAILED') AND o.broadcast_id IS NULL AND e.unreachable_at IS NULL)`
		err := t.each(ctx, counts, []any{out.Last.In(out.Zone)}, func(scan scanner) error { return scan(&out.Aside, &out.Unsent) })
		if err != nil {
			return err
		}
		const q = `
SELECT COALESCE(args->>'analyzer', ''), count(*) FROM river_job
WHERE kind = $1 AND queue <> $2 AND state IN ('available', 'retryable') AND created_at < $3 GROUP BY 1 ORDER BY 1`
		with := []any{args.AnalyzeMessages{}.Kind(), args.QueueBulk, t.at.Add(-stuckAfter)}
		out.Stuck = nil
		return t.each(ctx, q, with, func(scan scanner) error {
			var f FailureCount
			err := scan(&f.Analyzer, &f.Count)
			out.Stuck = append(out.Stuck, f)
			return err
		})
	})
}
