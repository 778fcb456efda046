package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/response"
	"github.com/fincokpi/finco/domain/schedule"
)

// Sides as the message record has them.
const (
	sideCustomer = "CUSTOMER"
	sideStaff    = "STAFF"
	sideNone     = "NONE"
)

// roster is the company's people, teams, hours and analyzers as of one revision. It never changes once loaded.
type roster struct {
	revision   int
	zone       *time.Location
	currency   string
	gap        time.Duration
	replyGate  string
	people     map[int]*person
	byTelegram map[int64]*person
	teams      map[int]*team
	teamOrder  []int
	schedules  map[int][]hours
	analyzers  []analyzerRow
	calendars  *calendarCache
}

type person struct {
	ID          int
	Name        string
	Email       string
	TelegramID  *int64
	Role        string
	Joined      domain.Date
	Left        *domain.Date // their last day
	ScheduleID  *int
	Memberships []membership // by from, earliest first
	Shifts      schedule.Shifts
}

type membership struct {
	From domain.Date
	Team int
}

type team struct {
	ID         int
	Name       string
	ScheduleID *int
	Target     time.Duration
	Supervisor *int
}

// hours is one version of a schedule.
type hours struct {
	ID   int
	From domain.Date
	*schedule.Schedule
}

type analyzerRow struct {
	ID      int                 `json:"id"`
	Name    string              `json:"name"`
	Version string              `json:"version"`
	Kinds   []string            `json:"kinds"`
	Sides   []string            `json:"sides"`
	Labels  map[string][]string `json:"labels"`
	State   string              `json:"state"`
	Audio   bool                `json:"audio"`
	// Share is the percentage of the messages that a SPLIT version judges.
	Share int `json:"share"`
	// MaxBatch is how many messages it takes at once; 0: as many as the host likes.
	MaxBatch int `json:"max_batch"`
	errand
}

// rosterSQL reads everything in one statement, so that all of it is of one moment.
const rosterSQL = `
SELECT c.revision, c.timezone, c.currency, c.conversation_gap_seconds, c.reply_gate,
 (SELECT COALESCE(jsonb_agg(jsonb_build_object('ID', u.id, 'Name', u.name, 'Email', e.email, 'TelegramID', e.telegram_id,
   'Role', e.role, 'Joined', e.joined, 'Left', e."left", 'ScheduleID', e.schedule_id,
   'Memberships', (SELECT COALESCE(jsonb_agg(jsonb_build_object('From', m."from", 'Team', m.team_id) ORDER BY m."from"), '[]')
     FROM team_memberships m WHERE m.user_id = u.id),
   'Shifts', (SELECT COALESCE(jsonb_object_agg(s.day, s.intervals), '{}') FROM shifts s WHERE s.user_id = u.id)) ORDER BY u.id), '[]')
  FROM users u JOIN employments e ON e.user_id = u.id),
 (SELECT COALESCE(jsonb_agg(jsonb_build_object('ID', t.id, 'Name', t.name, 'ScheduleID', t.schedule_id,
   'Target', t.reply_target_seconds::bigint * 1000000000, 'Supervisor', t.supervisor_id) ORDER BY t.id), '[]') FROM teams t),
 (SELECT COALESCE(jsonb_agg(jsonb_build_object('ID', v.id, 'Schedule', v.schedule_id, 'From', v."from", 'Zone', v.timezone,
   'Hours', v.hours) ORDER BY v."from"), '[]') FROM schedule_versions v),
 (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'version', a.version, 'kinds', a.kinds,
   'sides', a.sides, 'labels', a.labels, 'state', a.state, 'audio', a.audio,
   'share', a.share, 'max_batch', a.max_batch) ORDER BY a.id), '[]') FROM analyzers a)
FROM companies c`

// roster returns the company as this transaction sees it, from the cache if the revision is known.
func (t *tx) roster(ctx context.Context) (*roster, error) {
	var revision int
	var gate string
	err := t.each(ctx, `SELECT revision, reply_gate FROM companies`, nil, func(scan scanner) error { return scan(&revision, &gate) })
	if err != nil {
		return nil, err
	}
	if cached := t.app.rosters.Load(); cached != nil && revision != 0 && cached.revision == revision && cached.replyGate == gate {
		return cached, nil
	}
	r, err := t.loadRoster(ctx)
	if err != nil {
		return nil, err
	}
	if !t.revised {
		t.app.rosters.Store(r)
	}
	return r, nil
}

// revise tells everybody that people, teams, hours or analyzers changed with this transaction.
func (t *tx) revise(ctx context.Context) error {
	t.revised = true
	_, err := t.sql.ExecContext(ctx, `UPDATE companies SET revision = revision + 1`)
	return err
}

func (t *tx) loadRoster(ctx context.Context) (*roster, error) {
	r := &roster{
		zone: time.UTC, gap: 8 * time.Hour, people: map[int]*person{}, byTelegram: map[int64]*person{},
		teams: map[int]*team{}, schedules: map[int][]hours{}, calendars: &calendarCache{},
	}
	var found bool
	err := t.each(ctx, rosterSQL, nil, func(scan scanner) error {
		found = true
		return r.scan(scan)
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, domain.Errorf(domain.KindConflict, "there is no company yet: apply a company file first (finco apply FILE)")
	}
	return r, nil
}

func (r *roster) scan(scan scanner) error {
	var zone string
	var gapSeconds int
	var people, teams, versions, analyzers []byte
	if err := scan(&r.revision, &zone, &r.currency, &gapSeconds, &r.replyGate, &people, &teams, &versions, &analyzers); err != nil {
		return err
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return err
	}
	r.zone, r.gap = loc, time.Duration(gapSeconds)*time.Second
	var list []*person
	if err := json.Unmarshal(people, &list); err != nil {
		return err
	}
	for _, p := range list {
		r.people[p.ID] = p
		if p.TelegramID != nil {
			r.byTelegram[*p.TelegramID] = p
		}
	}
	var groups []*team
	if err := json.Unmarshal(teams, &groups); err != nil {
		return err
	}
	for _, g := range groups {
		r.teams[g.ID] = g
		r.teamOrder = append(r.teamOrder, g.ID)
	}
	if err := json.Unmarshal(analyzers, &r.analyzers); err != nil {
		return err
	}
	return r.scanHours(versions)
}

func (r *roster) scanHours(raw []byte) error {
	var versions []struct {
		ID, Schedule int
		From         domain.Date
		Zone         string
		Hours        *schedule.Schedule
	}
	if err := json.Unmarshal(raw, &versions); err != nil {
		return err
	}
	for _, v := range versions {
		v.Hours.Zone = v.Zone
		r.schedules[v.Schedule] = append(r.schedules[v.Schedule], hours{v.ID, v.From, v.Hours})
	}
	return nil
}

// firstTeam is the company's first team, nil without teams.
func (r *roster) firstTeam() *int {
	if len(r.teamOrder) == 0 {
		return nil
	}
	return &r.teamOrder[0]
}

// day is the civil date in the company's zone.
func (r *roster) day(at time.Time) domain.Date { return domain.DateOf(at.In(r.zone)) }

// works tells whether a person is in the company on a day.
func (p *person) works(day domain.Date) bool {
	return !day.Before(p.Joined) && (p.Left == nil || !day.After(*p.Left))
}

// sideOf says on which side a message is, and whose it is if staff's.
func (r *roster) sideOf(m MessageInput) (side string, person int) {
	switch {
	case m.Kind == "SERVICE" || m.Sender.Kind == FromNobody:
		return sideNone, 0
	case m.Sender.Kind == FromChat:
		return sideStaff, 0
	}
	if p, ok := r.byTelegram[m.Sender.TelegramID]; ok && p.works(r.day(m.SentAt)) {
		return sideStaff, p.ID
	}
	return sideCustomer, 0
}

// teamAt is a person's team on a day: the last membership begun, before the first one the first.
func (p *person) teamAt(day domain.Date) int {
	found := 0
	for i, m := range p.Memberships {
		if i == 0 || !m.From.After(day) {
			found = m.Team
		}
	}
	return found
}

// target is the reply target of a chat's team.
func (r *roster) target(teamID int) time.Duration {
	if t := r.teams[teamID]; t != nil {
		return t.Target
	}
	return 15 * time.Minute
}

// calendar is the hours that a wait is measured by: the responder's own (their shifts, else their schedule, else their
// team's), without a responder the chat's team's; the version known at a time, before the first one the first.
func (r *roster) calendar(responder, chatTeam int, at time.Time) (response.Business, int) {
	day := r.day(at)
	var shifts schedule.Shifts
	scheduleID := r.scheduleOfTeam(chatTeam)
	if p := r.people[responder]; p != nil {
		shifts = p.Shifts
		scheduleID = p.ScheduleID
		if scheduleID == nil {
			scheduleID = r.scheduleOfTeam(p.teamAt(day))
		}
	} else {
		responder = 0
	}
	version := r.version(scheduleID, day)
	if len(shifts) == 0 {
		responder = 0
	}
	return r.calendars.get(version, responder, r.zone, shifts), version.ID
}

func (r *roster) scheduleOfTeam(id int) *int {
	if t := r.teams[id]; t != nil {
		return t.ScheduleID
	}
	return nil
}

// version is the schedule's version of a day; always open where nobody set hours.
func (r *roster) version(scheduleID *int, day domain.Date) hours {
	found := alwaysOpen
	if scheduleID == nil {
		return found
	}
	for i, v := range r.schedules[*scheduleID] {
		if i == 0 || !v.From.After(day) {
			found = v
		}
	}
	return found
}

var alwaysOpen = func() hours {
	s := &schedule.Schedule{}
	for i := range s.Days {
		s.Days[i] = []schedule.Interval{{Start: 0, End: 24 * 60}}
	}
	return hours{Schedule: s}
}()
