package app

import (
	"context"
	"database/sql"
	"math"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/schedule"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/punch"
	"github.com/fincokpi/finco/policies"
)

// PunchInput is a coming or going of whoever makes it.
type PunchInput struct {
	// Source is where it was made, such as telegram; ExternalID is the source's own id: the same one again is the same punch.
	Source, ExternalID string
	// At is when; zero: now.
	At        time.Time
	Direction punch.Direction
	// Place is where; nil: not asked for.
	Place *PlaceInput
}

// PlaceInput is a point on the earth in degrees, with its accuracy in metres if that is known.
type PlaceInput struct {
	Latitude, Longitude float64
	Accuracy            *float64
}

// Punched is a punch and what became of it.
type Punched struct {
	*gen.Punch
	// Noted tells that it was there already: the same one, or the same direction less than a minute before and nothing since.
	Noted bool
	// Zone is where the punch counts.
	Zone *time.Location
}

const (
	// samePress is how long after a punch another one of the same direction is taken for the same press.
	samePress = time.Minute
	// clockSkew is how far the source's clock may be ahead of ours.
	clockSkew = 10 * time.Minute
)

func (in PunchInput) validate(now time.Time) error {
	switch {
	case in.Source == "" || len(in.Source) > 64 || in.ExternalID == "" || len(in.ExternalID) > 128:
		return domain.Errorf(domain.KindInvalid, "a punch needs a source of at most 64 bytes and its id there of at most 128")
	case in.Direction != punch.DirectionComing && in.Direction != punch.DirectionGoing:
		return domain.Errorf(domain.KindInvalid, "a punch is IN or OUT")
	case in.At.Before(earliest):
		return domain.Errorf(domain.KindInvalid, "a punch cannot be of before %d", earliest.Year())
	case in.At.After(now.Add(clockSkew)):
		return domain.Errorf(domain.KindInvalid, "a punch cannot lie in the future: check the clock")
	}
	if p := in.Place; p != nil {
		if !(math.Abs(p.Latitude) <= 90) || !(math.Abs(p.Longitude) <= 180) || p.Accuracy != nil && !(*p.Accuracy >= 0 && *p.Accuracy <= 1e7) {
			return domain.Errorf(domain.KindInvalid, "this is no place on the earth")
		}
	}
	return nil
}

// Punch notes that the actor came or went. The same (source, external id) again, and the same direction again within a minute without
// the other one between them, give the punch that is there. Nothing is evaluated: a coming after a coming is kept as it is. It fails as invalid for what cannot be, for a
// punch without a place where the schedule asks for one, and as conflict for somebody who does not work on that day.
func (a *App) Punch(ctx context.Context, in PunchInput) (Punched, error) {
	actor, err := permit(ctx, "punch", "make")
	if err != nil {
		return Punched{}, err
	}
	if actor.UserID == 0 {
		return Punched{}, domain.Errorf(domain.KindDenied, "only people come and go")
	}
	if in.At.IsZero() {
		in.At = a.now()
	}
	in.At = in.At.UTC().Truncate(time.Microsecond)
	if err := in.validate(a.now()); err != nil {
		return Punched{}, err
	}
	var out Punched
	err = a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		var err error
		out, err = t.punch(ctx, actor.UserID, in)
		return err
	})
	return out, err
}

func (t *tx) punch(ctx context.Context, userID int, in PunchInput) (Punched, error) {
	if err := t.writeFacts(ctx); err != nil {
		return Punched{}, err
	}
	// One after the other for each person, so that of two presses at once the second one sees the first.
	if _, err := t.sql.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('punch:' || $1, 0))`, userID); err != nil {
		return Punched{}, err
	}
	r, err := t.roster(ctx)
	if err != nil {
		return Punched{}, err
	}
	p := r.people[userID]
	if p == nil || !p.works(r.day(in.At)) {
		return Punched{}, domain.Errorf(domain.KindConflict, "nobody can come or go on a day on which they do not work here")
	}
	id, err := t.knownPunch(ctx, userID, in)
	if err != nil {
		return Punched{}, err
	}
	out := Punched{Noted: id != 0, Zone: r.hoursOf(p, in.At).Location()}
	if id == 0 {
		asks, err := t.asksLocation(ctx, r.scheduleOf(p, r.day(in.At)))
		if err != nil {
			return Punched{}, err
		}
		if asks && in.Place == nil {
			return Punched{}, domain.Errorf(domain.KindInvalid, "a punch comes with its place here")
		}
		if id, err = t.insertPunch(ctx, userID, in, out.Zone); err != nil {
			return Punched{}, err
		}
	}
	out.Punch, err = t.Punch.Get(ctx, id)
	return out, err
}

// PunchNoted is the actor's punch that one of a direction at a time would be taken for, such as the first press of two; without a Punch
// if it would be a new one.
func (a *App) PunchNoted(ctx context.Context, direction punch.Direction, at time.Time) (Punched, error) {
	actor, err := permit(ctx, "punch", policies.Read)
	if err != nil {
		return Punched{}, err
	}
	var out Punched
	err = a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		out = Punched{}
		id, err := t.knownPunch(ctx, actor.UserID, PunchInput{Direction: direction, At: at.UTC()})
		if err != nil || id == 0 {
			return err
		}
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		p := r.people[actor.UserID]
		if p == nil {
			return nil
		}
		out.Noted, out.Zone = true, r.hoursOf(p, at).Location()
		out.Punch, err = t.Punch.Get(ctx, id)
		return err
	})
	return out, err
}

// knownPunch is the id of the punch that this one is, 0 if it is a new one. Whoever goes by mistake and comes again at once has come
// twice: the second time would be lost otherwise.
func (t *tx) knownPunch(ctx context.Context, userID int, in PunchInput) (id int, err error) {
	const q = `
SELECT id FROM punches p WHERE user_id = $1 AND (source = $2 AND external_id = $3 OR direction = $4 AND at > $5 AND at < $6
  AND NOT EXISTS (SELECT 1 FROM punches o WHERE o.user_id = $1 AND o.direction <> $4 AND o.at >= LEAST(p.at, $7) AND o.at <= GREATEST(p.at, $7)))
ORDER BY (source = $2 AND external_id = $3) DESC, at, id LIMIT 1`
	err = t.sql.QueryRowContext(ctx, q, userID, in.Source, in.ExternalID, in.Direction, in.At.Add(-samePress), in.At.Add(samePress), in.At).Scan(&id)
	if isNoRows(err) {
		return 0, nil
	}
	return id, err
}

func (t *tx) insertPunch(ctx context.Context, userID int, in PunchInput, zone *time.Location) (id int, err error) {
	_, offset := in.At.In(zone).Zone()
	var latitude, longitude, accuracy sql.NullFloat64
	if p := in.Place; p != nil {
		latitude, longitude = sql.NullFloat64{Float64: p.Latitude, Valid: true}, sql.NullFloat64{Float64: p.Longitude, Valid: true}
		if p.Accuracy != nil {
			accuracy = sql.NullFloat64{Float64: *p.Accuracy, Valid: true}
		}
	}
	err = t.sql.QueryRowContext(ctx, `
INSERT INTO punches (user_id, source, external_id, at, offset_seconds, direction, latitude, longitude, accuracy_meters, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (source, external_id) DO NOTHING RETURNING id`,
		userID, in.Source, in.ExternalID, in.At, offset, in.Direction, latitude, longitude, accuracy, t.at).Scan(&id)
	if isNoRows(err) {
		err = domain.Errorf(domain.KindConflict, "this punch is somebody else's already")
	}
	return id, err
}

// UpdateReceived is when a stored update came in. For the bot: what carries no date of its own happened then, however late it is handled.
func (a *App) UpdateReceived(ctx context.Context, row int) (time.Time, error) {
	if _, err := permit(ctx, "telegram", policies.Read); err != nil {
		return time.Time{}, err
	}
	var at time.Time
	err := a.db.QueryRowContext(ctx, `SELECT received_at FROM telegram_updates WHERE id = $1`, row).Scan(&at)
	if isNoRows(err) {
		err = domain.Errorf(domain.KindNotFound, "there is no such update")
	}
	return at.UTC(), err
}

// AsksLocation tells whether the actor's punches come with where they were made, by today's schedule.
func (a *App) AsksLocation(ctx context.Context) (bool, error) {
	actor, err := permit(ctx, "punch", policies.Read)
	if err != nil {
		return false, err
	}
	var asks bool
	err = a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		if p := r.people[actor.UserID]; p != nil {
			asks, err = t.asksLocation(ctx, r.scheduleOf(p, r.day(t.at)))
		}
		return err
	})
	return asks, err
}

func (t *tx) asksLocation(ctx context.Context, scheduleID *int) (asks bool, err error) {
	if scheduleID == nil {
		return false, nil
	}
	err = t.sql.QueryRowContext(ctx, `SELECT asks_location FROM schedules WHERE id = $1`, *scheduleID).Scan(&asks)
	if isNoRows(err) {
		err = nil
	}
	return asks, err
}

// hoursOf are the hours of a person by what is known at a time: their shifts, else their own schedule, else their team's.
func (r *roster) hoursOf(p *person, at time.Time) *schedule.Calendar {
	version := r.version(r.scheduleOf(p, r.day(at)), r.day(at))
	whose := p.ID
	if len(p.Shifts) == 0 {
		whose = 0
	}
	return r.calendars.get(version, whose, r.zone, p.Shifts)
}
