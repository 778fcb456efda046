package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/jobs/args"
)

// waitRow is a wait as the statements take it.
type waitRow struct {
	ID              int        `json:"id,omitempty"`
	Chat            int        `json:"chat_id"`
	Thread          int64      `json:"thread"`
	FirstMessage    int        `json:"first_message_id"`
	OpensWith       int        `json:"opens_with_id"`
	ClosesWith      *int       `json:"closes_with_id"`
	Responder       *int       `json:"responder_id"`
	First           bool       `json:"first"`
	OpenedAt        time.Time  `json:"opened_at"`
	ClosedAt        *time.Time `json:"closed_at"`
	Wall            *int64     `json:"wall_seconds"`
	Business        *int64     `json:"business_seconds"`
	ScheduleVersion *int       `json:"schedule_version_id"`
	State           string     `json:"state"`
	NeedsReply      *bool      `json:"needs_reply"`
	Team            *int       `json:"team_id"`
	Assignee        *int       `json:"assignee_id"`
	BreachesAt      *time.Time `json:"breaches_at"`

	messages []int
	// was is the stored row that this one takes the place of.
	was *waitRow
}

const waitColumns = `chat_id, thread, first_message_id, opens_with_id, closes_with_id, responder_id, first, opened_at, closed_at,
  wall_seconds, business_seconds, schedule_version_id, state, needs_reply, team_id, assignee_id, breaches_at`

// readWaits are the stored waits that begin with a message of the talks, by that message.
func (t *tx) readWaits(ctx context.Context, talks []talk) (map[talkKey]map[int]waitRow, error) {
	var ids []int
	for _, talk := range talks {
		for _, m := range talk.messages {
			ids = append(ids, m.id)
		}
	}
	out := map[talkKey]map[int]waitRow{}
	err := t.each(ctx, `SELECT id, `+waitColumns+` FROM waits WHERE first_message_id = ANY($1)`, []any{idArray(ids)}, func(scan scanner) error {
		var w waitRow
		if err := scan(&w.ID, &w.Chat, &w.Thread, &w.FirstMessage, &w.OpensWith, &w.ClosesWith, &w.Responder, &w.First, &w.OpenedAt, &w.ClosedAt,
			&w.Wall, &w.Business, &w.ScheduleVersion, &w.State, &w.NeedsReply, &w.Team, &w.Assignee, &w.BreachesAt); err != nil {
			return err
		}
		key := talkKey{w.Chat, w.Thread}
		if out[key] == nil {
			out[key] = map[int]waitRow{}
		}
		out[key][w.FirstMessage] = w
		return nil
	})
	return out, err
}

// differing are the rows to write: new ones, changed ones, and those that nothing opens any more.
func differing(rows []waitRow, known map[int]waitRow) []waitRow {
	var out []waitRow
	current := map[int]bool{}
	for _, row := range rows {
		current[row.FirstMessage] = true
		if old, ok := known[row.FirstMessage]; !ok || !row.same(old) {
			if ok {
				row.was = &old
			}
			out = append(out, row)
		}
	}
	for first, old := range known {
		if !current[first] && old.State != "DISSOLVED" {
			old.State = "DISSOLVED"
			out = append(out, old)
		}
	}
	slices.SortFunc(out, func(a, b waitRow) int { return a.FirstMessage - b.FirstMessage })
	return out
}

func (w waitRow) same(o waitRow) bool {
	return w.OpensWith == o.OpensWith && equal(w.ClosesWith, o.ClosesWith) && equal(w.Responder, o.Responder) && w.First == o.First &&
		w.OpenedAt.Equal(o.OpenedAt) && sameTime(w.ClosedAt, o.ClosedAt) && equal(w.Wall, o.Wall) && equal(w.Business, o.Business) &&
		w.State == o.State && equal(w.NeedsReply, o.NeedsReply) && equal(w.Team, o.Team) && equal(w.Assignee, o.Assignee) &&
		sameTime(w.BreachesAt, o.BreachesAt)
}

func equal[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

func sameTime(a, b *time.Time) bool {
	return a == b || a != nil && b != nil && a.Equal(*b)
}

// waitLink says which wait a message belongs to now; Wait is 0 where it belongs to none.
type waitLink struct {
	Message int `json:"m"`
	First   int `json:"f"`
}

// linksOf are the customer messages of a talk with the first message of their wait.
func linksOf(t talk, rows []waitRow) []waitLink {
	first := map[int]int{}
	for _, row := range rows {
		for _, id := range row.messages {
			first[id] = row.FirstMessage
		}
	}
	var out []waitLink
	for _, m := range t.messages {
		if m.side == sideCustomer {
			out = append(out, waitLink{m.id, first[m.id]})
		}
	}
	return out
}

const putWaitsSQL = `
INSERT INTO waits (` + waitColumns + `)
SELECT ` + waitColumns + ` FROM jsonb_to_recordset($1) AS x(chat_id bigint, thread bigint, first_message_id bigint, opens_with_id bigint,
  closes_with_id bigint, responder_id bigint, first boolean, opened_at timestamptz, closed_at timestamptz, wall_seconds bigint,
  business_seconds bigint, schedule_version_id bigint, state text, needs_reply boolean, team_id bigint, assignee_id bigint, breaches_at timestamptz)
ON CONFLICT (first_message_id) DO UPDATE SET
  opens_with_id = EXCLUDED.opens_with_id, closes_with_id = EXCLUDED.closes_with_id, responder_id = EXCLUDED.responder_id, first = EXCLUDED.first,
  opened_at = EXCLUDED.opened_at, closed_at = EXCLUDED.closed_at, wall_seconds = EXCLUDED.wall_seconds, business_seconds = EXCLUDED.business_seconds,
  schedule_version_id = EXCLUDED.schedule_version_id, state = EXCLUDED.state, needs_reply = EXCLUDED.needs_reply, team_id = EXCLUDED.team_id,
  assignee_id = EXCLUDED.assignee_id, breaches_at = EXCLUDED.breaches_at
RETURNING id`

// linkSQL moves messages to their waits where that changed.
const linkSQL = `
UPDATE messages m SET wait_id = w.id
FROM jsonb_to_recordset($1) AS x(m bigint, f bigint) LEFT JOIN waits w ON w.first_message_id = x.f
WHERE m.id = x.m AND m.wait_id IS DISTINCT FROM w.id`

func (t *tx) putWaits(ctx context.Context, r *roster, changed []waitRow, links []waitLink) error {
	if len(changed) > 0 {
		var ids []int
		err := t.each(ctx, putWaitsSQL, []any{asJSON(changed)}, func(scan scanner) error {
			var id int
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil {
			return err
		}
		t.emit(WaitChanged, ids...)
		for _, w := range changed {
			t.stale(r, w.OpenedAt, deref(w.Responder), deref(w.Assignee))
			if w.was != nil { // whoever had it has it no more
				t.stale(r, w.was.OpenedAt, deref(w.was.Responder), deref(w.was.Assignee))
			}
		}
	}
	if len(links) == 0 {
		return nil
	}
	_, err := t.sql.ExecContext(ctx, linkSQL, asJSON(links))
	return err
}

// staleKey is a person's month whose KPIs are to be computed again.
type staleKey struct {
	User   int    `json:"user_id"`
	Period string `json:"period"`
}

// stale marks the month of a fact for fresh KPIs, if it is this month or the last one: what is older is computed when asked for.
func (t *tx) stale(r *roster, at time.Time, people ...int) {
	month := domain.MonthOf(r.day(at))
	this := domain.MonthOf(r.day(t.at))
	if month != this && month != this.Prev() {
		return
	}
	for _, id := range people {
		if id != 0 {
			t.refresh[staleKey{id, month.String()}] = true
		}
	}
}

// refreshDelay is how long facts are gathered before the KPIs are computed again: every result is kept, so a conversation
// must not make one a message.
const refreshDelay = 5 * time.Second

// markStale writes the marks and asks for a refresh. Marks are only added, so that nobody waits for the refresh that takes
// earlier ones; the same mark twice is one.
func (t *tx) markStale(ctx context.Context) error {
	if len(t.refresh) == 0 {
		return nil
	}
	marks := slices.Collect(maps.Keys(t.refresh))
	slices.SortFunc(marks, func(a, b staleKey) int { return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Period, b.Period)) })
	_, err := t.sql.ExecContext(ctx, `
INSERT INTO kpi_refreshes (user_id, period) SELECT user_id, period FROM jsonb_to_recordset($1) AS x(user_id bigint, period text)`, asJSON(marks))
	var opts *river.InsertOpts
	if !t.urgent {
		opts = &river.InsertOpts{ScheduledAt: time.Now().Add(refreshDelay)} // by the clock of the jobs
	}
	t.enqueue(args.RefreshKPIs{Urgent: t.urgent}, opts)
	return err
}

// BreachWaits moves the open waits whose time has run out to breached, and returns how many.
func (a *App) BreachWaits(ctx context.Context) (int, error) {
	if _, err := permit(ctx, "wait", "write"); err != nil {
		return 0, err
	}
	n := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		const q = `UPDATE waits SET state = 'BREACHED' WHERE id IN (
  SELECT id FROM waits WHERE closes_with_id IS NULL AND state = 'OPEN' AND breaches_at <= $1 ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED)
RETURNING id, opened_at, COALESCE(assignee_id, 0)`
		return t.each(ctx, q, []any{t.at}, func(scan scanner) error {
			var id, assignee int
			var opened time.Time
			if err := scan(&id, &opened, &assignee); err != nil {
				return err
			}
			n++
			t.emit(WaitChanged, id)
			t.stale(r, opened, assignee)
			return nil
		})
	})
	return n, err
}
