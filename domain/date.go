package domain

import (
	"fmt"
	"time"
)

// Date is a day of the calendar, without a time zone. It is comparable and may
// be a map key; the zero value is no day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads "2026-09-02". It fails as invalid.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, Errorf(KindInvalid, "%.60q is not a date: write it like 2026-09-02", text)
	}
	return DateOf(t), nil
}

// DateOf returns the day that t shows in its own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{Year: y, Month: m, Day: d}
}

// String returns "2026-09-02".
func (d Date) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// IsZero says whether d is no day.
func (d Date) IsZero() bool { return d == Date{} }

// AddDays returns the day n days later.
func (d Date) AddDays(n int) Date { return DateOf(d.utc().AddDate(0, 0, n)) }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Before says whether d is earlier than other.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// After says whether d is later than other.
func (d Date) After(other Date) bool { return d.Compare(other) > 0 }

// Compare returns -1, 0 or 1.
func (d Date) Compare(other Date) int { return d.utc().Compare(other.utc()) }

// DaysUntil returns how many days other is later than d.
func (d Date) DaysUntil(other Date) int {
	return int((other.utc().Unix() - d.utc().Unix()) / 86400)
}

// In returns the first instant of the day in the zone.
func (d Date) In(loc *time.Location) time.Time { return d.At(0, loc) }

// At returns the instant at which clocks of the zone show the given minutes
// after midnight of d; 1440 and more belong to the days after. As in RFC 5545,
// a time that occurs twice means its first occurrence, and a time that a clock
// change skips is read with the offset before the change.
func (d Date) At(minutes int, loc *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, minutes, 0, 0, loc)
	wall := time.Date(d.Year, d.Month, d.Day, 0, minutes, 0, 0, time.UTC).Unix()
	_, offset := t.Zone()
	if t.Unix()+int64(offset) < wall { // skipped, and read with the later offset
		return time.Unix(wall-int64(offset), 0).In(loc)
	}
	if start, _ := t.ZoneBounds(); !start.IsZero() {
		_, before := start.Add(-time.Second).Zone()
		if first := wall - int64(before); first < start.Unix() {
			return time.Unix(first, 0).In(loc)
		}
	}
	return t
}

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// MarshalText writes "2026-09-02"; the zero value is "".
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
