package companyfile

import "github.com/fincokpi/finco/domain"

var roles = []string{"employee", "supervisor", "accountant", "admin"}

func (b *builder) people(o object) {
	for _, f := range o.objects("people", "name", "email", "role", "team", "telegram_id", "phone", "joined", "left", "language", "salary", "schedule", "shifts", "from") {
		p := Person{Role: "employee"}
		if v, ok := f.need("name"); ok {
			p.Name, _ = v.name()
		}
		if v, ok := f.opt("role"); ok {
			p.Role, _ = v.oneOf(roles...)
		}
		if v, ok := f.need("email"); ok {
			if p.Email, ok = v.email(); ok {
				b.claim("person", p.Email, v)
				b.roles[p.Email] = p.Role
			}
		}
		if v, ok := f.opt("telegram_id"); ok {
			if p.TelegramID, ok = v.integer(); ok && p.TelegramID <= 0 {
				v.fault("a person's Telegram id is above 0")
			} else if ok {
				b.claim("Telegram id", v.node.Value, v)
			}
		}
		if v, ok := f.opt("phone"); ok {
			if p.Phone, ok = v.phone(); ok {
				b.claim("phone", p.Phone, v)
			}
		}
		if v, ok := f.opt("language"); ok {
			p.Language, _ = v.oneOf(languages...)
		}
		b.employment(f, &p)
		b.terms(f, &p)
		b.out.People = append(b.out.People, p)
	}
}

// phone reads a phone number, quoted or not, as the digits of the international number.
func (v value) phone() (string, bool) {
	s, ok := v.scalar()
	if !ok {
		return "", false
	}
	digits, ok := domain.ParsePhone(s)
	if !ok {
		v.fault("it is no phone number: write it like \"+998 90 123 45 67\"")
	}
	return digits, ok
}

// employment reads from when to when somebody belongs to the company.
func (b *builder) employment(f object, p *Person) {
	if v, ok := f.opt("joined"); ok {
		p.Joined, _ = v.date()
	}
	v, ok := f.opt("left")
	if !ok {
		return
	}
	if p.Left, ok = v.date(); ok && !p.Joined.IsZero() && p.Left.Before(p.Joined) {
		v.fault("it is before joined")
	}
}

// terms reads what may change with a date: salary, team and schedule. A from beside them holds for all three;
// each may also be written as {amount: …, from: …} or {name: …, from: …}.
func (b *builder) terms(f object, p *Person) {
	var from domain.Date
	if v, ok := f.opt("from"); ok {
		from, _ = v.since()
	}
	p.TeamFrom, p.ScheduleFrom, p.SalaryFrom = from, from, from
	if v, ok := f.opt("team"); ok {
		v, p.TeamFrom = v.dated("name", from)
		p.Team = b.reference("team", v)
	}
	if v, ok := f.opt("schedule"); ok {
		v, p.ScheduleFrom = v.dated("name", from)
		p.Schedule = b.reference("schedule", v)
	}
	if v, ok := f.opt("salary"); ok {
		v, p.SalaryFrom = v.dated("amount", from)
		if v.node != nil {
			if m, ok := v.money(b.currency()); ok {
				p.Salary = &m
			}
		}
	}
	if v, ok := f.opt("shifts"); ok {
		p.Shifts = v.shifts()
	}
}

// dated takes apart {field: value, from: day}; a value alone keeps the day given.
func (v value) dated(field string, from domain.Date) (value, domain.Date) {
	if v.node.Kind != mappingKind {
		return v, from
	}
	o := v.object(field, "from")
	if at, ok := o.opt("from"); ok {
		from, _ = at.since()
	}
	inner, _ := o.need(field)
	return inner, from
}

// reference reads a name that must stand elsewhere in the file.
func (b *builder) reference(kind string, v value) string {
	if v.node == nil {
		return ""
	}
	name, ok := v.name()
	if ok {
		b.refer(kind, name, v)
	}
	return name
}
