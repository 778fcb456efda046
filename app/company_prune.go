package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/fincokpi/finco/domain"
)

// tracesSQL tells whether anything that stays names a person.
const tracesSQL = `
SELECT EXISTS (SELECT 1 FROM messages WHERE sender_id = $1) OR EXISTS (SELECT 1 FROM payslips WHERE user_id = $1)
  OR EXISTS (SELECT 1 FROM kpi_results WHERE user_id = $1) OR EXISTS (SELECT 1 FROM feedbacks WHERE author_id = $1)
  OR EXISTS (SELECT 1 FROM adjustments WHERE $1 IN (user_id, author_id)) OR EXISTS (SELECT 1 FROM waits WHERE $1 IN (responder_id, assignee_id))
  OR EXISTS (SELECT 1 FROM payroll_runs WHERE $1 IN (created_by_id, approved_by_id, paid_by_id))
  OR EXISTS (SELECT 1 FROM punches WHERE user_id = $1) OR EXISTS (SELECT 1 FROM waits WHERE taken_by_id = $1)
  OR EXISTS (SELECT 1 FROM broadcasts WHERE author_id = $1)
  OR EXISTS (SELECT 1 FROM invites WHERE $1 = author_id OR user_id = $1 AND used_at IS NOT NULL)
  OR EXISTS (SELECT 1 FROM ledger_accounts WHERE user_id = $1) OR EXISTS (SELECT 1 FROM audit_events WHERE actor_id = $1)`

// prunePeople ends people that the file no longer has. Whoever left no trace is removed. Admins stay as they are: they may
// have been made on the command line, and somebody has to be able to sign in.
func (p *applying) prunePeople(ctx context.Context) error {
	if len(p.in.People) == 0 {
		return nil
	}
	kept := map[string]bool{}
	for _, person := range p.in.People {
		kept[person.Email] = true
	}
	for _, email := range sortedKeys(p.people) {
		row := p.people[email]
		if kept[email] || row.Role == "ADMIN" || row.Status == "LEFT" {
			continue
		}
		var traces bool
		if err := p.sql.QueryRowContext(ctx, tracesSQL, row.ID).Scan(&traces); err != nil {
			return err
		}
		step := p.removePerson
		if traces {
			step = p.endPerson
		}
		if err := step(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

func (p *applying) endPerson(ctx context.Context, row *personRow) error {
	was := *row
	row.Status = "LEFT"
	if row.Left.IsZero() || row.Left.After(p.today) {
		row.Left = p.today
	}
	if row.Left.Before(row.Joined) {
		row.Joined = row.Left
	}
	p.notePerson(was, *row)
	p.restale = true
	p.rights = append(p.rights, row.ID)
	if row.TelegramID != 0 {
		p.moved = append(p.moved, handover{row.TelegramID, row.ID})
	}
	if err := p.endSessions(ctx, row.ID, 0); err != nil {
		return err
	}
	if err := p.cutOff(ctx, row.ID); err != nil {
		return err
	}
	return p.updatePerson(ctx, row)
}

func (p *applying) removePerson(ctx context.Context, row *personRow) error {
	p.note("person", "person %s: removed", row.Email)
	if err := p.cutOff(ctx, row.ID); err != nil {
		return err
	}
	for _, table := range []string{"kpi_refreshes", "salaries", "shifts", "team_memberships", "sessions", "credentials", "invites", "outgoings", "employments"} {
		if _, err := p.sql.ExecContext(ctx, `DELETE FROM `+table+` WHERE user_id = $1`, row.ID); err != nil {
			return err
		}
	}
	_, err := p.sql.ExecContext(ctx, `
WITH supervised AS (UPDATE teams SET supervisor_id = NULL WHERE supervisor_id = $1),
assigned AS (UPDATE chats SET assignee_id = NULL, assignee_set = false WHERE assignee_id = $1)
DELETE FROM users WHERE id = $1`, row.ID)
	delete(p.people, row.Email)
	return err
}

// pruneTeams removes the teams and schedules that the file no longer has, where nothing names them any more.
func (p *applying) pruneTeams(ctx context.Context) error {
	if len(p.in.Teams) > 0 {
		kept := make([]string, len(p.in.Teams))
		for i, t := range p.in.Teams {
			kept[i] = t.Name
		}
		const q = `
DELETE FROM teams t WHERE NOT (to_jsonb(name) <@ $1::jsonb) AND NOT EXISTS (SELECT 1 FROM team_memberships WHERE team_id = t.id)
  AND NOT EXISTS (SELECT 1 FROM users WHERE team_id = t.id) AND NOT EXISTS (SELECT 1 FROM chats WHERE team_id = t.id)
  AND NOT EXISTS (SELECT 1 FROM waits WHERE team_id = t.id) RETURNING name`
		if err := p.pruneNamed(ctx, "team", q, kept); err != nil {
			return err
		}
	}
	if len(p.in.Schedules) == 0 {
		return nil
	}
	kept := make([]string, len(p.in.Schedules))
	for i, s := range p.in.Schedules {
		kept[i] = s.Name
	}
	const unused = `
SELECT id FROM schedules s WHERE NOT (to_jsonb(name) <@ $1::jsonb) AND NOT EXISTS (SELECT 1 FROM teams WHERE schedule_id = s.id)
  AND NOT EXISTS (SELECT 1 FROM employments WHERE schedule_id = s.id)
  AND NOT EXISTS (SELECT 1 FROM waits w JOIN schedule_versions v ON v.id = w.schedule_version_id WHERE v.schedule_id = s.id)`
	if _, err := p.sql.ExecContext(ctx, `DELETE FROM schedule_versions WHERE schedule_id IN (`+unused+`)`, asJSON(kept)); err != nil {
		return err
	}
	return p.pruneNamed(ctx, "schedule", `DELETE FROM schedules WHERE id IN (`+unused+`) RETURNING name`, kept)
}

func (p *applying) pruneNamed(ctx context.Context, kind, query string, kept []string) error {
	return p.each(ctx, query, []any{asJSON(kept)}, func(scan scanner) error {
		var name string
		if err := scan(&name); err != nil {
			return err
		}
		p.note(kind, "%s %s: removed", kind, name)
		return nil
	})
}

// validate reports what the records could not hold, all at once. What an expression means the parser of files has checked;
// here nobody is trusted to have asked it.
func (in *CompanyInput) validate() error {
	var f domain.Faults
	c := in.Company
	if c.Name == "" || len(c.Name) > 200 {
		f.Add("company.name", "a name of at most 200 bytes is needed")
	}
	if _, err := domain.ParseMoney("0", c.Currency); err != nil {
		f.AddErr("company.currency", err)
	}
	if c.Location == nil || c.Timezone == "" {
		f.Add("company.timezone", "an IANA time zone is needed")
	}
	if seconds(c.ConversationGap) <= 0 {
		f.Add("company.conversation_gap", "it must be above 0")
	}
	for i, t := range in.Teams {
		if t.Name == "" || t.ReplyTarget < 0 {
			f.Add(fmt.Sprintf("teams[%d]", i), "a name and a target of at least 0 are needed")
		}
	}
	for i, k := range in.KPIs {
		if k.Key == "" || !k.Weight.IsPos() || !k.Cap.IsPos() || k.Floor.Equal(k.Target) {
			f.Add(fmt.Sprintf("kpis[%d]", i), "a key, a weight and a cap above 0, and a floor other than the target are needed")
		}
	}
	in.validatePeople(&f)
	return f.Err()
}

func (in *CompanyInput) validatePeople(f *domain.Faults) {
	telegram, phones := map[int64]string{}, map[string]string{}
	emails := map[string]bool{}
	for i, p := range in.People {
		place := fmt.Sprintf("people[%d]", i)
		switch {
		case p.Name == "" || p.Email == "":
			f.Add(place, "a name and an e-mail address are needed")
		case emails[p.Email]:
			f.Add(place, "%s is there twice", p.Email)
		}
		emails[p.Email] = true
		if !isRole(p.Role) {
			f.Add(place, "%.40q is no role", p.Role)
		}
		if other, taken := telegram[p.TelegramID]; taken && p.TelegramID != 0 {
			f.Add(place, "the Telegram id is that of %s", other)
		}
		telegram[p.TelegramID] = p.Email
		if digits, ok := domain.ParsePhone("+" + p.Phone); p.Phone != "" && (!ok || digits != p.Phone) {
			f.Add(place, "a phone number is the digits of the international one")
		}
		if other, taken := phones[p.Phone]; taken && p.Phone != "" {
			f.Add(place, "the phone number is that of %s", other)
		}
		phones[p.Phone] = p.Email
		if p.Language != "" && !slices.Contains(Languages(), p.Language) {
			f.Add(place, "the language is none of uz, ru and en")
		}
		if p.Salary != nil && p.Salary.Minor < 0 {
			f.Add(place, "a salary is not below 0")
		}
		if !p.Left.IsZero() && p.Left.Before(p.Joined) {
			f.Add(place, "the last day is before the first")
		}
	}
}
