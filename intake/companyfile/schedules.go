package companyfile

import (
	"slices"
	"sort"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/schedule"
)

func sorted(list []string) []string {
	sort.Strings(list)
	return list
}

func (b *builder) schedules(o object) {
	for _, f := range o.objects("schedules", "name", "timezone", "days", "holidays", "exceptions", "asks_location", "from") {
		var s Schedule
		if v, ok := f.opt("from"); ok {
			s.From, _ = v.since()
		}
		if v, ok := f.need("name"); ok {
			if s.Name, ok = v.name(); ok {
				b.claimVersion("schedule", s.Name, s.From.String(), v)
			}
		}
		if v, ok := f.opt("timezone"); ok {
			s.Hours.Zone, _ = v.zone()
		}
		if v, ok := f.need("days"); ok {
			s.Hours.Days = v.days()
		}
		if v, ok := f.opt("holidays"); ok {
			for _, item := range v.list() {
				if day, ok := item.date(); ok {
					s.Hours.Holidays = append(s.Hours.Holidays, day)
				}
			}
			slices.SortFunc(s.Hours.Holidays, domain.Date.Compare)
			s.Hours.Holidays = slices.Compact(s.Hours.Holidays)
		}
		if v, ok := f.opt("exceptions"); ok {
			s.Hours.Exceptions = v.shifts()
		}
		if v, ok := f.opt("asks_location"); ok {
			b.asksLocation(&s, v)
		}
		b.out.Schedules = append(b.out.Schedules, s)
	}
}

// asksLocation is of a schedule, not of one of its versions: said twice, it must be the same.
func (b *builder) asksLocation(s *Schedule, v value) {
	is, ok := v.bool()
	if !ok {
		return
	}
	for _, other := range b.out.Schedules {
		if other.Name == s.Name && other.AsksLocation != nil && *other.AsksLocation != is {
			v.fault("another version of this schedule says otherwise, and it is the same for all of them")
			return
		}
	}
	s.AsksLocation = &is
}

// claimVersion lets a name stand once per day or month from which it holds.
func (b *builder) claimVersion(kind, name, from string, v value) {
	b.claim(kind+" version", name+" from "+from, v)
	if b.names[kind] == nil {
		b.names[kind] = map[string]int{}
	}
	b.names[kind][name] = v.line
}

// days reads weekday keys with their intervals, each judged in its own line.
func (v value) days() schedule.Days {
	all := map[string][]string{}
	whole := true
	for key, item := range v.mapping() {
		texts, ok := item.intervals()
		if !ok {
			whole = false
			continue
		}
		if _, err := schedule.ParseDays(map[string][]string{key: texts}); err != nil {
			item.fault("%s", err)
			whole = false
			continue
		}
		all[key] = texts
	}
	if !whole {
		return schedule.Days{}
	}
	days, err := schedule.ParseDays(all) // finds days given twice
	if err != nil {
		v.fault("%s", err)
	}
	return days
}

// intervals reads a list of texts like 09:00-13:00.
func (v value) intervals() ([]string, bool) {
	if v.empty() {
		v.fault("a list of times is needed; [] is a day off")
		return nil, false
	}
	before := len(v.d.faults)
	texts := []string{}
	for _, item := range v.list() {
		s, ok := item.text()
		if !ok {
			continue
		}
		if _, err := schedule.ParseInterval(s); err != nil {
			item.fault("%s", err)
			continue
		}
		texts = append(texts, s)
	}
	return texts, len(v.d.faults) == before
}

// shifts reads dates with their intervals.
func (v value) shifts() schedule.Shifts {
	out := schedule.Shifts{}
	for key, item := range v.mapping() {
		texts, ok := item.intervals()
		day, err := domain.ParseDate(key)
		if err != nil {
			item.fault("%s", err)
			continue
		}
		if !ok {
			continue
		}
		list, err := schedule.ParseIntervals(texts)
		if err != nil {
			item.fault("%s", err)
			continue
		}
		out[day] = list
	}
	return out
}

func (b *builder) teams(o object) {
	for _, f := range o.objects("teams", "name", "schedule", "reply_target", "supervisor") {
		t := Team{ReplyTarget: 15 * time.Minute}
		if v, ok := f.need("name"); ok {
			if t.Name, ok = v.name(); ok {
				b.claim("team", t.Name, v)
			}
		}
		if v, ok := f.opt("schedule"); ok {
			if t.Schedule, ok = v.name(); ok {
				b.refer("schedule", t.Schedule, v)
			}
		}
		if v, ok := f.opt("reply_target"); ok {
			t.ReplyTarget, _ = v.duration(time.Second, 30*24*time.Hour)
		}
		if v, ok := f.opt("supervisor"); ok {
			if t.Supervisor, ok = v.email(); ok {
				b.supervisor(t.Supervisor, v)
			}
		}
		b.out.Teams = append(b.out.Teams, t)
	}
}

// supervisor checks that a team's supervisor may be one.
func (b *builder) supervisor(email string, v value) {
	b.refer("person", email, v)
	b.later = append(b.later, func() {
		if role, ok := b.roles[email]; ok && role != "supervisor" && role != "admin" {
			v.fault("%s has the role %s; a team's supervisor needs the role supervisor or admin", email, role)
		}
	})
}

func (b *builder) chats(o object) {
	for _, f := range o.objects("chats", "telegram_id", "mailbox", "team", "assignee") {
		var c Chat
		if v, ok := f.opt("mailbox"); ok {
			if n, ok := v.integer(); ok && n > 0 {
				c.Mailbox = v.node.Value
			} else if ok {
				v.fault("it must be the user id of the account that holds the chat")
			}
		}
		if v, ok := f.need("telegram_id"); ok {
			if c.TelegramID, ok = v.integer(); ok && c.TelegramID == 0 {
				v.fault("it must not be 0")
			} else if ok {
				b.claim("chat", c.Mailbox+"/"+v.node.Value, v)
			}
		}
		if v, ok := f.opt("team"); ok {
			if c.Team, ok = v.name(); ok {
				b.refer("team", c.Team, v)
			}
		}
		if v, ok := f.opt("assignee"); ok {
			if c.Assignee, ok = v.email(); ok {
				b.refer("person", c.Assignee, v)
			}
		}
		b.out.Chats = append(b.out.Chats, c)
	}
}
