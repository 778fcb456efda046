package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/employment"
	"github.com/fincokpi/finco/ent/gen/wait"
	"github.com/fincokpi/finco/policies"
)

// NoticeKind is what somebody is told of a wait.
type NoticeKind string

// The kinds. The last three are told by changing what was sent before.
const (
	// NoticeNear: a third of the target is left.
	NoticeNear NoticeKind = "near"
	// NoticePast: the target has passed.
	NoticePast     NoticeKind = "past"
	NoticeTaken    NoticeKind = "taken"
	NoticeAnswered NoticeKind = "answered"
	// NoticeOver: no reply is needed after all.
	NoticeOver NoticeKind = "over"
)

const (
	// noticeFresh and noticeFreshHours are how long ago a target may have passed for somebody to be told still: in real time (a night's
	// rest), or in working hours (a night, a weekend). What is older, such as the open ends of an imported history, is the digest's.
	noticeFresh      = 12 * time.Hour
	noticeFreshHours = 4 * time.Hour
	// noticeUseful is how long a notice that could not be sent is worth sending.
	noticeUseful = 2 * time.Hour
	// noticeChanged is how long what was sent is kept up to date.
	noticeChanged = 3 * 24 * time.Hour
	// noticeOldest bounds what is looked at: no holidays last longer.
	noticeOldest = 14 * 24 * time.Hour
	// noticesAtOnce bounds a pass; the next one goes on.
	noticesAtOnce = 200
)

// WaitNotice is one message about a wait to one person, or a change of it.
type WaitNotice struct {
	// Waiting is what the person may see of it; answered ones come with the responder too.
	Waiting
	Kind NoticeKind
	// Key is the outgoing message's.
	Key string
	// UserID, TelegramID and Language are the person's.
	UserID     int
	TelegramID int64
	Language   string
	// Message is the message to change; 0: it is a new one.
	Message int64
	// Target is the team's, in working time.
	Target time.Duration
	// ExpiresAt is when it is no longer worth sending; zero: never.
	ExpiresAt time.Time
}

// noticeDraft is a notice before it is read as the person it is for.
type noticeDraft struct {
	wait, user int
	kind       NoticeKind
	key        string
	message    int64
	target     time.Duration
	expires    time.Time
}

// noticePerson is somebody who can be told.
type noticePerson struct {
	telegramID     int64
	language, mute string
}

// DueNotices are the messages about waits that are to be sent now: to the supervisor of the chat's team and to the assignee, once when
// a third of the target is left and once when it has passed, in working hours of the team and of theirs and outside their hours of rest;
// and the changes of such messages when somebody has answered or taken the wait. What is in the outbox already is left out, and what waits
// there to no purpose is taken back. For the bot.
func (a *App) DueNotices(ctx context.Context) ([]WaitNotice, error) {
	if _, err := permit(ctx, "outbox", "write"); err != nil {
		return nil, err
	}
	var drafts []noticeDraft
	var people map[int]noticePerson
	err := a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		if err := t.recallNotices(ctx); err != nil {
			return err
		}
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		if people, err = t.noticePeople(ctx, r); err != nil {
			return err
		}
		fresh, err := t.freshNotices(ctx, r, people)
		if err != nil {
			return err
		}
		changes, err := t.changedNotices(ctx)
		if err != nil {
			return err
		}
		drafts, err = unsent(ctx, t, append(changes, fresh...), func(d noticeDraft) string { return d.key })
		return err
	})
	if domain.KindOf(err) == domain.KindConflict { // no company yet
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return a.readNotices(ctx, drafts, people)
}

// noticeWaitSQL is the wait (w) that an outgoing message (o) tells of, found by its key, one by one: joined, the planner reads every wait there is.
const noticeWaitSQL = `CROSS JOIN LATERAL (SELECT * FROM waits WHERE id = CASE WHEN o.key LIKE 'wait:%' THEN split_part(o.key, ':', 2)::bigint END OFFSET 0) w`

// recallSQL takes back notices that nobody has sent yet and whose wait is over, or taken before its target.
const recallSQL = `
UPDATE outgoings SET state = 'CANCELLED', ended_at = $1 WHERE state = 'QUEUED' AND id IN (
  SELECT o.id FROM outgoings o ` + noticeWaitSQL + `
  WHERE o.state = 'QUEUED' AND o.key LIKE 'wait:%' AND o.method = 'sendMessage'
    AND (w.closes_with_id IS NOT NULL OR w.state IN ('NO_REPLY_NEEDED', 'DISSOLVED') OR w.needs_reply = false
      OR w.taken_by_id IS NOT NULL AND split_part(o.key, ':', 3) = 'near'))`

func (t *tx) recallNotices(ctx context.Context) error {
	_, err := t.sql.ExecContext(ctx, recallSQL, t.at)
	return err
}

// noticePeople are those who can be told of something: linked, active, and not unreachable.
func (t *tx) noticePeople(ctx context.Context, r *roster) (map[int]noticePerson, error) {
	const q = `
SELECT e.user_id, e.telegram_id, COALESCE(NULLIF(e.language, ''), lower(c.language)), COALESCE(e.mute, '') FROM employments e CROSS JOIN companies c
WHERE e.status = 'ACTIVE' AND e.telegram_id IS NOT NULL AND e.unreachable_at IS NULL`
	out := map[int]noticePerson{}
	today := r.day(t.at)
	err := t.each(ctx, q, nil, func(scan scanner) error {
		var id int
		var p noticePerson
		err := scan(&id, &p.telegramID, &p.language, &p.mute)
		if known := r.people[id]; known != nil && known.works(today) {
			out[id] = p
		}
		return err
	})
	return out, err
}

// openWait is a wait that somebody may have to be told of.
type openWait struct {
	id, team, assignee, taken, chatTeam int
	openedAt, breachesAt                time.Time
}

// openWaitsSQL leaves out chats of which something is stored that nobody has read yet: it may be the answer.
const openWaitsSQL = `
SELECT w.id, COALESCE(w.team_id, 0), COALESCE(w.assignee_id, 0), COALESCE(w.taken_by_id, 0), COALESCE(c.team_id, 0), w.opened_at, w.breaches_at
FROM waits w JOIN chats c ON c.id = w.chat_id
WHERE w.closes_with_id IS NULL AND w.state IN ('OPEN', 'BREACHED') AND w.needs_reply IS DISTINCT FROM false AND w.breaches_at > $1
  AND NOT EXISTS (SELECT 1 FROM telegram_updates u WHERE u.state = 'NEW' AND u.lane = c.telegram_id)
ORDER BY w.breaches_at`

func (t *tx) freshNotices(ctx context.Context, r *roster, people map[int]noticePerson) ([]noticeDraft, error) {
	var out []noticeDraft
	err := t.each(ctx, openWaitsSQL, []any{t.at.Add(-noticeOldest)}, func(scan scanner) error {
		var w openWait
		if err := scan(&w.id, &w.team, &w.assignee, &w.taken, &w.chatTeam, &w.openedAt, &w.breachesAt); err != nil {
			return err
		}
		kind, ok := w.due(r, t.at)
		if !ok {
			return nil
		}
		for _, id := range w.concerned(r) {
			p, ok := people[id]
			if !ok || !r.onDuty(id, t.at) || resting(p.mute, r.zone, t.at) {
				continue
			}
			d := noticeDraft{wait: w.id, user: id, kind: kind, key: fmt.Sprintf("wait:%d:%s:%d", w.id, kind, id), target: r.target(w.team), expires: t.at.Add(noticeUseful)}
			if kind == NoticeNear {
				d.expires = w.breachesAt
			}
			out = append(out, d)
		}
		return nil
	})
	return out, err
}

// due tells what is to be told of a wait now, if anything.
func (w openWait) due(r *roster, now time.Time) (NoticeKind, bool) {
	calendar, _ := r.calendar(0, w.team, now)
	if calendar.BusinessSeconds(now, now.Add(time.Second)) == 0 {
		return "", false
	}
	if now.Before(w.breachesAt) {
		gone := time.Duration(calendar.BusinessSeconds(w.openedAt, now)) * time.Second
		return NoticeNear, w.taken == 0 && 3*gone >= 2*r.target(w.team)
	}
	since := time.Duration(calendar.BusinessSeconds(w.breachesAt, now)) * time.Second
	return NoticePast, now.Sub(w.breachesAt) <= noticeFresh || since <= noticeFreshHours
}

// concerned are those to tell: the supervisor and the assignee, and of a wait that somebody has taken the supervisor and them.
func (w openWait) concerned(r *roster) []int {
	var out []int
	if g := r.teams[w.chatTeam]; g != nil && g.Supervisor != nil {
		out = append(out, *g.Supervisor)
	}
	other := w.assignee
	if w.taken != 0 {
		other = w.taken
	}
	if other != 0 && (len(out) == 0 || out[0] != other) {
		out = append(out, other)
	}
	return out
}

// onDuty tells whether a time is within a person's working hours: their shift, else their schedule's, else their team's.
func (r *roster) onDuty(person int, at time.Time) bool {
	calendar, _ := r.calendar(person, 0, at)
	return calendar.BusinessSeconds(at, at.Add(time.Second)) > 0
}

// resting tells whether a time is within somebody's hours without notices, written 22:00-08:00; hours that make no sense are none.
func resting(mute string, zone *time.Location, at time.Time) bool {
	from, to, ok := strings.Cut(mute, "-")
	begin, err1 := time.Parse("15:04", from)
	end, err2 := time.Parse("15:04", to)
	if !ok || err1 != nil || err2 != nil {
		return false
	}
	minutes := func(c time.Time) int { return c.Hour()*60 + c.Minute() }
	now, lo, hi := minutes(at.In(zone)), minutes(begin), minutes(end)
	if lo <= hi {
		return lo <= now && now < hi
	}
	return now >= lo || now < hi
}

// changedSQL finds what was told of waits that are over or taken since, to people who have the account still that they were told in.
const changedSQL = `
SELECT o.key, o.user_id, o.telegram_id, w.id, COALESCE(w.closes_with_id, 0), COALESCE(w.taken_by_id, 0), COALESCE(w.taken_at, w.opened_at),
  w.state IN ('NO_REPLY_NEEDED', 'DISSOLVED') OR w.needs_reply IS NOT DISTINCT FROM false
FROM outgoings o JOIN employments e ON e.user_id = o.user_id AND e.telegram_id = o.chat ` + noticeWaitSQL + `
WHERE o.ended_at > $1 AND o.state = 'SENT' AND o.key LIKE 'wait:%' AND o.method = 'sendMessage' AND o.telegram_id IS NOT NULL
  AND (w.closes_with_id IS NOT NULL OR w.taken_by_id IS NOT NULL OR w.state IN ('NO_REPLY_NEEDED', 'DISSOLVED') OR w.needs_reply = false)
ORDER BY o.id`

func (t *tx) changedNotices(ctx context.Context) ([]noticeDraft, error) {
	var out []noticeDraft
	err := t.each(ctx, changedSQL, []any{t.at.Add(-noticeChanged)}, func(scan scanner) error {
		var d noticeDraft
		var key string
		var closes, taken int
		var takenAt time.Time
		var over bool
		if err := scan(&key, &d.user, &d.message, &d.wait, &closes, &taken, &takenAt, &over); err != nil {
			return err
		}
		switch {
		case over:
			d.kind, d.key = NoticeOver, key+":over"
		case closes != 0:
			d.kind, d.key = NoticeAnswered, fmt.Sprintf("%s:answered:%d", key, closes)
		default:
			d.kind, d.key = NoticeTaken, fmt.Sprintf("%s:taken:%d:%d", key, taken, takenAt.UnixMicro())
		}
		out = append(out, d)
		return nil
	})
	return out, err
}

// readNotices reads each wait as the person who is told of it: whoever may not see it is not told, and nobody reads more than they may.
func (a *App) readNotices(ctx context.Context, drafts []noticeDraft, people map[int]noticePerson) ([]WaitNotice, error) {
	actors := map[int]auth.Actor{}
	var out []WaitNotice
	for _, d := range drafts {
		p, ok := people[d.user]
		if !ok || len(out) == noticesAtOnce {
			continue
		}
		actor, ok := actors[d.user]
		if !ok {
			var err error
			actor, err = a.actor(as(ctx, "telegram"), employment.UserID(d.user))
			if domain.KindOf(err) == domain.KindUnauthenticated {
				continue
			}
			if err != nil {
				return nil, err
			}
			actors[d.user] = actor
		}
		seen, err := a.WaitingAt(auth.With(ctx, actor), d.wait)
		if domain.KindOf(err) == domain.KindNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, WaitNotice{
			Waiting: seen, Kind: d.kind, Key: d.key, UserID: d.user, TelegramID: p.telegramID, Language: p.language, Message: d.message,
			Target: d.target, ExpiresAt: d.expires,
		})
	}
	return out, nil
}

// WaitingAt is one wait, open or not, as the actor sees it, with its responder too; not_found if it is hidden.
func (a *App) WaitingAt(ctx context.Context, id int) (Waiting, error) {
	if _, err := permit(ctx, "wait", policies.Read); err != nil {
		return Waiting{}, err
	}
	row, err := a.client.Wait.Query().Where(wait.ID(id)).WithChat().WithOpensWith().WithAssignee().WithTakenBy().WithResponder().Only(ctx)
	if err != nil {
		return Waiting{}, notFound(err, "there is no such wait")
	}
	list, err := a.waitings(ctx, []*gen.Wait{row})
	if err != nil {
		return Waiting{}, err
	}
	return list[0], nil
}
