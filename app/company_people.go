package app

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/schedule"
)

// sinceEver is when somebody joined of whom nobody said when.
var sinceEver = domain.Date{Year: 2000, Month: 1, Day: 1}

// personRow is a person as they are stored.
type personRow struct {
	ID, Schedule int
	Name, Email  string
	Role, Status string
	TelegramID   int64
	Phone        string
	Joined, Left domain.Date
	Language     string
	Teams        []struct {
		From domain.Date
		Team int
	}
	Salaries []struct {
		From     domain.Date
		Amount   int64
		Currency string
	}
	Shifts map[domain.Date][]string
}

// storedPeopleSQL has of several salaries of one day the one that was said last.
const storedPeopleSQL = `
SELECT jsonb_build_object('ID', u.id, 'Name', u.name, 'Email', e.email, 'Role', e.role, 'Status', e.status, 'TelegramID', COALESCE(e.telegram_id, 0), 'Phone', COALESCE(e.phone, ''),
  'Joined', e.joined, 'Left', COALESCE(e."left", ''), 'Language', COALESCE(e.language, ''), 'Schedule', COALESCE(e.schedule_id, 0),
  'Teams', (SELECT COALESCE(jsonb_agg(jsonb_build_object('From', m."from", 'Team', m.team_id) ORDER BY m."from"), '[]')
    FROM team_memberships m WHERE m.user_id = u.id),
  'Salaries', (SELECT COALESCE(jsonb_agg(jsonb_build_object('From', s."from", 'Amount', s.amount, 'Currency', s.currency) ORDER BY s."from"), '[]')
    FROM (SELECT DISTINCT ON ("from") "from", amount, currency FROM salaries WHERE user_id = u.id ORDER BY "from", created_at DESC, id DESC) s),
  'Shifts', (SELECT COALESCE(jsonb_object_agg(s.day, s.intervals), '{}') FROM shifts s WHERE s.user_id = u.id))
FROM users u JOIN employments e ON e.user_id = u.id ORDER BY u.id`

func (p *applying) readPeople(ctx context.Context) error {
	p.people = map[string]*personRow{}
	return p.each(ctx, storedPeopleSQL, nil, func(scan scanner) error {
		var raw []byte
		if err := scan(&raw); err != nil {
			return err
		}
		row := &personRow{}
		if err := json.Unmarshal(raw, row); err != nil {
			return err
		}
		p.people[row.Email] = row
		return nil
	})
}

func (p *applying) applyPeople(ctx context.Context) error {
	if err := p.readPeople(ctx); err != nil {
		return err
	}
	if err := p.freeTelegramIDs(ctx); err != nil {
		return err
	}
	if err := p.freePhones(ctx); err != nil {
		return err
	}
	for i := range p.in.People {
		if err := p.applyPerson(ctx, &p.in.People[i]); err != nil {
			return err
		}
	}
	return nil
}

// freeTelegramIDs takes ids from whoever loses them, before anybody gets one: two people may trade theirs.
func (p *applying) freeTelegramIDs(ctx context.Context) error {
	holders := map[int64]string{}
	for email, row := range p.people {
		if row.TelegramID != 0 {
			holders[row.TelegramID] = email
		}
	}
	var losers []int
	for _, want := range p.in.People {
		row := p.people[want.Email]
		if row == nil || row.TelegramID == 0 || row.TelegramID == want.TelegramID || want.TelegramID == 0 {
			continue
		}
		delete(holders, row.TelegramID)
		losers = append(losers, row.ID)
	}
	for _, want := range p.in.People {
		if holder, taken := holders[want.TelegramID]; want.TelegramID != 0 && taken && holder != want.Email {
			return domain.Errorf(domain.KindConflict, "person %s: the Telegram id %d is that of %s", want.Email, want.TelegramID, holder)
		}
	}
	for _, id := range losers {
		if err := p.endSessions(ctx, id, 0); err != nil { // the account before may have begun them
			return err
		}
	}
	if err := p.cutOff(ctx, losers...); err != nil {
		return err
	}
	_, err := p.sql.ExecContext(ctx, `UPDATE employments SET telegram_id = NULL WHERE user_id = ANY($1)`, idArray(losers))
	return err
}

// freePhones takes numbers from whoever loses them, likewise. A number that the file gives to somebody is not kept by those of whom it says
// nothing: a company's numbers pass from those who leave to those who come.
func (p *applying) freePhones(ctx context.Context) error {
	said, given := map[string]string{}, map[string]string{}
	for _, want := range p.in.People {
		said[want.Email] = want.Phone
		if want.Phone != "" {
			given[want.Phone] = want.Email
		}
	}
	var losers []int
	for _, email := range sortedKeys(p.people) {
		row := p.people[email]
		number, named := said[email]
		to, taken := given[row.Phone]
		switch {
		case row.Phone == "" || row.Phone == number:
			continue
		case number != "" || named && p.prune: // applyPerson says so
		case taken && to != email:
			p.noteText("person", "person "+email+": phone", row.Phone, "")
			row.Phone = ""
		default:
			continue
		}
		losers = append(losers, row.ID)
	}
	_, err := p.sql.ExecContext(ctx, `UPDATE employments SET phone = NULL WHERE user_id = ANY($1)`, idArray(losers))
	return err
}

func (p *applying) applyPerson(ctx context.Context, want *PersonInput) error {
	row := p.people[want.Email]
	var err error
	if row == nil {
		row, err = p.addPerson(ctx, want)
	} else {
		err = p.changePerson(ctx, row, want)
	}
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, *personRow, *PersonInput) error{p.applyMembership, p.applySalary, p.applyShifts} {
		if err := step(ctx, row, want); err != nil {
			return err
		}
	}
	return nil
}

// employmentOf is what the file makes of a person: what it does not say stays, except that whoever has no last day is here.
func (p *applying) employmentOf(was personRow, want *PersonInput) (personRow, error) {
	is := was
	hours, err := p.scheduleID(want.Schedule)
	if err != nil {
		return is, err
	}
	is.Name, is.Role, is.Left = want.Name, strings.ToUpper(want.Role), want.Left
	if !want.Joined.IsZero() {
		is.Joined = want.Joined
	}
	// Who is connected by an invite, and which language they chose, no file knows: its silence takes neither from them.
	if want.TelegramID != 0 {
		is.TelegramID = want.TelegramID
	}
	if want.Language != "" {
		is.Language = want.Language
	}
	if want.Phone != "" || p.prune {
		is.Phone = want.Phone
	}
	if hours != 0 || p.prune {
		is.Schedule = hours
	}
	if is.Schedule != was.Schedule && want.ScheduleFrom.After(p.today) {
		return is, domain.Errorf(domain.KindInvalid, "person %s: a schedule of their own holds from the day it is applied; %s is to come", want.Email, want.ScheduleFrom)
	}
	if is.Status != "BLOCKED" {
		is.Status = "ACTIVE"
		if !is.Left.IsZero() && is.Left.Before(p.today) {
			is.Status = "LEFT"
		}
	}
	return is, nil
}

func (p *applying) addPerson(ctx context.Context, want *PersonInput) (*personRow, error) {
	is, err := p.employmentOf(personRow{Email: want.Email, Joined: sinceEver}, want)
	if err != nil {
		return nil, err
	}
	if err := p.insertPerson(ctx, &is); err != nil {
		return nil, err
	}
	said := want.Role
	if is.TelegramID != 0 {
		said += ", Telegram id " + idText(is.TelegramID)
	}
	if is.Phone != "" {
		said += ", phone " + is.Phone
	}
	p.note("person", "person %s: %s added, %s", want.Email, want.Name, said)
	p.people[want.Email] = &is
	if is.TelegramID != 0 {
		p.moved = append(p.moved, handover{is.TelegramID, is.ID})
	}
	p.restale = true
	return &is, nil
}

// insertPerson makes the record of a person and their employment.
func (t *tx) insertPerson(ctx context.Context, is *personRow) error {
	if err := t.sql.QueryRowContext(ctx, `INSERT INTO users (name, created_at) VALUES ($1, $2) RETURNING id`, is.Name, t.at).Scan(&is.ID); err != nil {
		return err
	}
	_, err := t.sql.ExecContext(ctx, `
INSERT INTO employments (user_id, email, role, status, telegram_id, joined, "left", language, schedule_id, phone) VALUES ($1, $2, $3, $4, NULLIF($5, 0::bigint), $6, NULLIF($7, ''), $8, $9, NULLIF($10, ''))`,
		is.ID, is.Email, is.Role, is.Status, is.TelegramID, is.Joined.String(), dayText(is.Left), is.Language, optional(is.Schedule), is.Phone)
	return err
}

func (p *applying) changePerson(ctx context.Context, row *personRow, want *PersonInput) error {
	is, err := p.employmentOf(*row, want)
	if err != nil {
		return err
	}
	if !p.notePerson(*row, is) {
		return nil
	}
	if is.TelegramID != row.TelegramID || is.Joined != row.Joined || is.Left != row.Left {
		for _, id := range []int64{row.TelegramID, is.TelegramID} {
			if id != 0 {
				p.moved = append(p.moved, handover{id, row.ID})
			}
		}
		p.restale = true
	}
	p.unsettled = p.unsettled || is.Schedule != row.Schedule
	if is.Role != row.Role || is.Status != row.Status {
		p.rights = append(p.rights, row.ID)
	}
	if is.Status != row.Status && is.Status == "LEFT" {
		if err := p.endSessions(ctx, row.ID, 0); err != nil {
			return err
		}
		if err := p.cutOff(ctx, row.ID); err != nil {
			return err
		}
	}
	*row = is
	return p.updatePerson(ctx, row)
}

func (t *tx) updatePerson(ctx context.Context, is *personRow) error {
	if _, err := t.sql.ExecContext(ctx, `UPDATE users SET name = $2 WHERE id = $1`, is.ID, is.Name); err != nil {
		return err
	}
	_, err := t.sql.ExecContext(ctx, `
UPDATE employments SET role = $2, status = $3, telegram_id = NULLIF($4, 0::bigint), joined = $5, "left" = NULLIF($6, ''), language = $7, schedule_id = $8,
  phone = NULLIF($9, '') WHERE user_id = $1`,
		is.ID, is.Role, is.Status, is.TelegramID, is.Joined.String(), dayText(is.Left), is.Language, optional(is.Schedule), is.Phone)
	return err
}

// notePerson tells what differs, and whether anything does.
func (p *applying) notePerson(was, is personRow) bool {
	before := len(p.changes)
	who := "person " + is.Email
	p.noteText("person", who+": name", was.Name, is.Name)
	p.noteText("person", who+": role", strings.ToLower(was.Role), strings.ToLower(is.Role))
	p.noteText("person", who+": Telegram id", idText(was.TelegramID), idText(is.TelegramID))
	p.noteText("person", who+": phone", was.Phone, is.Phone)
	p.noteText("person", who+": joined", dayText(was.Joined), dayText(is.Joined))
	p.noteText("person", who+": last day", dayText(was.Left), dayText(is.Left))
	p.noteText("person", who+": language", was.Language, is.Language)
	p.noteText("person", who+": schedule", p.scheduleName(was.Schedule), p.scheduleName(is.Schedule))
	p.noteText("person", who+": status", strings.ToLower(was.Status), strings.ToLower(is.Status))
	return len(p.changes) > before
}

func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func dayText(d domain.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func (p *applying) emailOf(id int) string {
	for email, row := range p.people {
		if row.ID == id {
			return email
		}
	}
	return ""
}

func (p *applying) applyMembership(ctx context.Context, row *personRow, want *PersonInput) error {
	team, err := p.teamID(want.Team)
	if err != nil || team == 0 {
		return err
	}
	var stored history[int]
	for _, m := range row.Teams {
		stored = append(stored, dated[int]{m.From, m.Team})
	}
	for _, v := range planned(stored, history[int]{{want.TeamFrom, team}}, p.calendarOpening(), sameValue[int]) {
		p.note("person", "person %s: team from %s: %s", want.Email, v.from, p.teamName(v.value))
		p.unsettled, p.rights = true, append(p.rights, row.ID)
		_, err := p.sql.ExecContext(ctx, `
INSERT INTO team_memberships (user_id, team_id, "from") VALUES ($1, $2, $3)
ON CONFLICT (user_id, "from") DO UPDATE SET team_id = EXCLUDED.team_id`, row.ID, v.value, v.from.String())
		if err != nil {
			return err
		}
	}
	return nil
}

func sameValue[V comparable](a, b V) bool { return a == b }

// applySalary adds: a salary of a day that has one is another row, and the last one said holds.
func (p *applying) applySalary(ctx context.Context, row *personRow, want *PersonInput) error {
	if want.Salary == nil {
		return nil
	}
	var stored history[domain.Money]
	for _, s := range row.Salaries {
		stored = append(stored, dated[domain.Money]{s.From, domain.Money{Minor: s.Amount, Currency: s.Currency}})
	}
	for _, v := range planned(stored, history[domain.Money]{{want.SalaryFrom, *want.Salary}}, p.open, sameValue[domain.Money]) {
		p.note("salary", "person %s: salary from %s: %s %s", want.Email, v.from, v.value, v.value.Currency)
		_, err := p.sql.ExecContext(ctx, `
INSERT INTO salaries (user_id, "from", amount, currency, created_at)
SELECT $1, $2::text, $3, $4, GREATEST($5::timestamptz, max(created_at) + interval '1 microsecond') FROM salaries WHERE user_id = $1 AND "from" = $2::text`,
			row.ID, v.from.String(), v.value.Minor, v.value.Currency, p.at)
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *applying) applyShifts(ctx context.Context, row *personRow, want *PersonInput) error {
	for _, day := range daysOf(want.Shifts) {
		if slices.Equal(row.Shifts[day], intervalTexts(want.Shifts[day])) && row.Shifts[day] != nil {
			continue
		}
		list := intervalTexts(want.Shifts[day])
		p.note("shift", "person %s: shift of %s: %s", want.Email, day, cmp.Or(strings.Join(list, ", "), "off"))
		p.unsettled = true
		_, err := p.sql.ExecContext(ctx, `
INSERT INTO shifts (user_id, day, intervals) VALUES ($1, $2, $3) ON CONFLICT (user_id, day) DO UPDATE SET intervals = EXCLUDED.intervals`,
			row.ID, day.String(), asJSON(list))
		if err != nil {
			return err
		}
	}
	if !p.prune || len(want.Shifts) == 0 {
		return nil
	}
	for _, day := range daysOf(row.Shifts) {
		if _, kept := want.Shifts[day]; kept || day.Before(p.month) {
			continue
		}
		p.note("shift", "person %s: shift of %s removed", want.Email, day)
		p.unsettled = true
		if _, err := p.sql.ExecContext(ctx, `DELETE FROM shifts WHERE user_id = $1 AND day = $2`, row.ID, day.String()); err != nil {
			return err
		}
	}
	return nil
}

// daysOf are the days of a table in order.
func daysOf[V any](table map[domain.Date]V) []domain.Date {
	return slices.SortedFunc(maps.Keys(table), domain.Date.Compare)
}

// intervalTexts writes a day's intervals as the record keeps them.
func intervalTexts(list []schedule.Interval) []string {
	out := make([]string, len(list))
	for i, interval := range list {
		out[i] = interval.String()
	}
	return out
}
