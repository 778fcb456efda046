package domain

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Period is a month, an ISO week or a day of the calendar. It is comparable;
// the zero value is no period.
type Period struct {
	first Date
	kind  periodKind
}

type periodKind uint8

const (
	periodDay periodKind = iota + 1
	periodWeek
	periodMonth
)

// ParsePeriod reads "2026-09", "2026-W36" or "2026-09-02". It fails as invalid.
func ParsePeriod(text string) (Period, error) {
	bad := Errorf(KindInvalid, "%.40q is not a period: write it like 2026-09, 2026-W36 or 2026-09-02", text)
	switch {
	case len(text) == len("2026-09-02"):
		if d, err := ParseDate(text); err == nil {
			return DayOf(d), nil
		}
	case len(text) == len("2026-W36") && strings.Contains(text, "-W"):
		year, err1 := strconv.ParseUint(text[:4], 10, 32)
		week, err2 := strconv.ParseUint(text[6:], 10, 32)
		if err1 != nil || err2 != nil || text[4:6] != "-W" || week == 0 {
			return Period{}, bad
		}
		// The fourth of January is always in week 1.
		p := WeekOf(Date{Year: int(year), Month: time.January, Day: 4}.AddDays(7 * (int(week) - 1)))
		if p.String() != text {
			return Period{}, bad
		}
		return p, nil
	case len(text) == len("2026-09"):
		if d, err := ParseDate(text + "-01"); err == nil {
			return MonthOf(d), nil
		}
	}
	return Period{}, bad
}

// MonthOf returns the month of d.
func MonthOf(d Date) Period {
	return Period{first: Date{Year: d.Year, Month: d.Month, Day: 1}, kind: periodMonth}
}

// WeekOf returns the ISO week (Monday to Sunday) of d.
func WeekOf(d Date) Period {
	return Period{first: d.AddDays(-((int(d.Weekday()) + 6) % 7)), kind: periodWeek}
}

// DayOf returns the period that is only d.
func DayOf(d Date) Period { return Period{first: d, kind: periodDay} }

// String returns what ParsePeriod reads.
func (p Period) String() string {
	switch p.kind {
	case periodMonth:
		return p.first.String()[:7]
	case periodWeek:
		year, week := p.first.utc().ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case periodDay:
		return p.first.String()
	}
	return ""
}

// IsZero says whether p is no period.
func (p Period) IsZero() bool { return p == Period{} }

// IsMonth says whether p is a month.
func (p Period) IsMonth() bool { return p.kind == periodMonth }

// First returns the first day.
func (p Period) First() Date { return p.first }

// Last returns the last day.
func (p Period) Last() Date { return p.end().AddDays(-1) }

// end is the day after the last.
func (p Period) end() Date {
	switch p.kind {
	case periodMonth:
		return DateOf(p.first.utc().AddDate(0, 1, 0))
	case periodWeek:
		return p.first.AddDays(7)
	}
	return p.first.AddDays(1)
}

// Bounds returns the period as instants in the zone: from ≤ t < to.
func (p Period) Bounds(loc *time.Location) (from, to time.Time) {
	return p.first.In(loc), p.end().In(loc)
}

// Days returns every day of the period in order.
func (p Period) Days() []Date {
	var days []Date
	for d, end := p.first, p.end(); d.Before(end); d = d.AddDays(1) {
		days = append(days, d)
	}
	return days
}

// Contains says whether the day belongs to the period.
func (p Period) Contains(d Date) bool { return !d.Before(p.first) && d.Before(p.end()) }

// Prev returns the period of the same kind before p.
func (p Period) Prev() Period { return p.sameKind(p.first.AddDays(-1)) }

// Next returns the period of the same kind after p.
func (p Period) Next() Period { return p.sameKind(p.end()) }

func (p Period) sameKind(d Date) Period {
	switch p.kind {
	case periodMonth:
		return MonthOf(d)
	case periodWeek:
		return WeekOf(d)
	}
	return DayOf(d)
}

// MarshalText writes what String returns.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePeriod reads; "" is no period.
func (p *Period) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = Period{}
		return nil
	}
	parsed, err := ParsePeriod(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}
