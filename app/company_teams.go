package app

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/schedule"
)

func sameSchedule(a, b *schedule.Schedule) bool {
	left, err1 := json.Marshal(a)
	right, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(left, right)
}

func (p *applying) applySchedules(ctx context.Context) error {
	p.schedules = map[string]int{}
	stored, err := p.readSchedules(ctx)
	if err != nil {
		return err
	}
	wanted := map[string]history[*schedule.Schedule]{}
	var order []string
	for i, s := range p.in.Schedules {
		if _, known := wanted[s.Name]; !known {
			order = append(order, s.Name)
		}
		wanted[s.Name] = append(wanted[s.Name], dated[*schedule.Schedule]{s.From, &p.in.Schedules[i].Hours})
	}
	for _, name := range order {
		if _, known := p.schedules[name]; !known {
			var id int
			if err := p.sql.QueryRowContext(ctx, `INSERT INTO schedules (name) VALUES ($1) RETURNING id`, name).Scan(&id); err != nil {
				return err
			}
			p.schedules[name] = id
		}
		for _, v := range planned(stored[name], wanted[name], p.calendarOpening(), sameSchedule) {
			if err := p.putSchedule(ctx, name, v); err != nil {
				return err
			}
		}
		if err := p.applyAsksLocation(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// applyAsksLocation keeps whether punches in a schedule's hours come with a place. Any of its versions may say so.
func (p *applying) applyAsksLocation(ctx context.Context, name string) error {
	for _, s := range p.in.Schedules {
		if s.Name != name || s.AsksLocation == nil {
			continue
		}
		const q = `UPDATE schedules SET asks_location = $2 WHERE id = $1 AND asks_location <> $2`
		done, err := p.sql.ExecContext(ctx, q, p.schedules[name], *s.AsksLocation)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n > 0 {
			p.note("schedule", "schedule %s: asks for the location: %s", name, yesNo(*s.AsksLocation))
		}
	}
	return nil
}

func (p *applying) readSchedules(ctx context.Context) (map[string]history[*schedule.Schedule], error) {
	stored := map[string]history[*schedule.Schedule]{}
	const q = `
SELECT s.id, s.name, v."from", v.timezone, v.hours FROM schedules s LEFT JOIN schedule_versions v ON v.schedule_id = s.id ORDER BY s.name, v."from"`
	err := p.each(ctx, q, nil, func(scan scanner) error {
		var id int
		var name string
		var from, zone *string
		var hours []byte
		if err := scan(&id, &name, &from, &zone, &hours); err != nil {
			return err
		}
		p.schedules[name] = id
		if from == nil {
			return nil
		}
		day, err := domain.ParseDate(*from)
		if err != nil {
			return err
		}
		s := &schedule.Schedule{}
		if err := json.Unmarshal(hours, s); err != nil {
			return err
		}
		s.Zone = *zone
		stored[name] = append(stored[name], dated[*schedule.Schedule]{day, s})
		return nil
	})
	return stored, err
}

func (p *applying) putSchedule(ctx context.Context, name string, v dated[*schedule.Schedule]) error {
	hours, err := json.Marshal(v.value)
	if err != nil {
		return err
	}
	p.note("schedule", "schedule %s: hours from %s", name, v.from)
	p.unsettled = true
	_, err = p.sql.ExecContext(ctx, `
INSERT INTO schedule_versions (schedule_id, "from", timezone, hours) VALUES ($1, $2, $3, $4)
ON CONFLICT (schedule_id, "from") DO UPDATE SET timezone = EXCLUDED.timezone, hours = EXCLUDED.hours`,
		p.schedules[name], v.from.String(), v.value.Zone, string(hours))
	return err
}

// teamRow is a team as it is stored.
type teamRow struct {
	id, schedule, target, supervisor int
}

func (p *applying) applyTeams(ctx context.Context) error {
	p.teams = map[string]*teamRow{}
	err := p.each(ctx, `SELECT id, name, COALESCE(schedule_id, 0), reply_target_seconds, COALESCE(supervisor_id, 0) FROM teams`, nil, func(scan scanner) error {
		var name string
		row := &teamRow{}
		err := scan(&row.id, &name, &row.schedule, &row.target, &row.supervisor)
		p.teams[name] = row
		return err
	})
	if err != nil {
		return err
	}
	for _, want := range p.in.Teams {
		if err := p.applyTeam(ctx, want); err != nil {
			return err
		}
	}
	return nil
}

func (p *applying) applyTeam(ctx context.Context, want TeamInput) error {
	row := p.teams[want.Name]
	hours, err := p.scheduleID(want.Schedule)
	if err != nil {
		return err
	}
	target := seconds(want.ReplyTarget)
	if row == nil {
		row = &teamRow{schedule: hours, target: target}
		p.teams[want.Name] = row
		p.note("team", "team %s: created", want.Name)
		return p.sql.QueryRowContext(ctx, `INSERT INTO teams (name, schedule_id, reply_target_seconds) VALUES ($1, $2, $3) RETURNING id`,
			want.Name, optional(hours), target).Scan(&row.id)
	}
	if hours == 0 && !p.prune {
		hours = row.schedule
	}
	changed := p.noteText("team", "team "+want.Name+": schedule", p.scheduleName(row.schedule), p.scheduleName(hours))
	if p.noteText("team", "team "+want.Name+": reply target", duration(row.target), duration(target)) {
		changed = true
	}
	if !changed {
		return nil
	}
	p.unsettled = true
	row.schedule, row.target = hours, target
	_, err = p.sql.ExecContext(ctx, `UPDATE teams SET schedule_id = $2, reply_target_seconds = $3 WHERE id = $1`, row.id, optional(hours), target)
	return err
}

// applySupervisors comes after the people that the teams name.
func (p *applying) applySupervisors(ctx context.Context) error {
	for _, want := range p.in.Teams {
		row, who, name := p.teams[want.Name], 0, "nobody"
		switch {
		case want.Supervisor == "" && !p.prune:
			continue
		case want.Supervisor != "":
			found := p.people[want.Supervisor]
			if found == nil {
				return domain.Errorf(domain.KindInvalid, "team %s: there is no person %s", want.Name, want.Supervisor)
			}
			who, name = found.ID, want.Supervisor
		}
		if row.supervisor == who {
			continue
		}
		p.note("team", "team %s: supervised by %s", want.Name, name)
		for _, id := range []int{row.supervisor, who} {
			if id != 0 {
				p.rights = append(p.rights, id)
			}
		}
		row.supervisor = who
		if _, err := p.sql.ExecContext(ctx, `UPDATE teams SET supervisor_id = $2 WHERE id = $1`, row.id, optional(who)); err != nil {
			return err
		}
	}
	return nil
}

func (p *applying) scheduleID(name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	id, ok := p.schedules[name]
	if !ok {
		return 0, domain.Errorf(domain.KindInvalid, "there is no schedule %s", name)
	}
	return id, nil
}

func (p *applying) scheduleName(id int) string {
	for name, known := range p.schedules {
		if known == id {
			return name
		}
	}
	return ""
}

func (p *applying) teamID(name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	row := p.teams[name]
	if row == nil {
		return 0, domain.Errorf(domain.KindInvalid, "there is no team %s", name)
	}
	return row.id, nil
}

func (p *applying) teamName(id int) string {
	for name, row := range p.teams {
		if row.id == id {
			return name
		}
	}
	return ""
}
