package schedule

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/fincokpi/finco/domain"
)

// Schedule is one version of a schedule. A day's intervals are those of its
// exception, else none if it is a holiday, else those of its weekday.
type Schedule struct {
	Zone       string // IANA name; "" means the company's zone
	Days       Days
	Holidays   []domain.Date // whole days off
	Exceptions Shifts        // days with other intervals
}

// New reads a schedule as people write it. It fails as invalid and names every
// fault.
func New(zone string, days map[string][]string, holidays []string, exceptions map[string][]string) (*Schedule, error) {
	var faults domain.Faults
	s := &Schedule{Zone: zone}
	var err error
	if zone != "" {
		_, err = zoneOf(zone)
		faults.AddErr("zone", err)
	}
	s.Days, err = ParseDays(days)
	faults.AddErr("days", err)
	s.Exceptions, err = ParseShifts(exceptions)
	faults.AddErr("exceptions", err)
	for _, text := range holidays {
		day, err := domain.ParseDate(text)
		faults.AddErr("holidays", err)
		s.Holidays = append(s.Holidays, day)
	}
	slices.SortFunc(s.Holidays, domain.Date.Compare)
	s.Holidays = slices.Compact(s.Holidays)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

func zoneOf(name string) (*time.Location, error) {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, domain.Errorf(domain.KindInvalid, "%.60q is no IANA time zone", name)
	}
	return loc, nil
}

// On returns the day's intervals, without shifts. The caller must not change
// what it gets.
func (s *Schedule) On(day domain.Date) []Interval {
	if list, ok := s.Exceptions[day]; ok {
		return list
	}
	if slices.Contains(s.Holidays, day) {
		return nil
	}
	return s.Days[day.Weekday()]
}

// NormDays counts the days from first to last, both included, on which the
// schedule has an interval: holidays are excepted, shifts do not count.
func (s *Schedule) NormDays(first, last domain.Date) int {
	n := 0
	for d := first; !d.After(last); d = d.AddDays(1) {
		if len(s.On(d)) > 0 {
			n++
		}
	}
	return n
}

type scheduleJSON struct {
	Zone       string                     `json:"zone,omitempty"`
	Days       map[string][]Interval      `json:"days"`
	Holidays   []domain.Date              `json:"holidays"`
	Exceptions map[domain.Date][]Interval `json:"exceptions"`
}

// MarshalJSON writes {"zone":…,"days":{"mon":["09:00-13:00"]},"holidays":[…],
// "exceptions":{date:[…]}}. The same schedule always gives the same bytes.
func (s Schedule) MarshalJSON() ([]byte, error) {
	out := scheduleJSON{Zone: s.Zone, Days: map[string][]Interval{}, Holidays: s.Holidays, Exceptions: s.Exceptions}
	for w, list := range s.Days {
		if len(list) > 0 {
			out.Days[weekdayNames[w]] = list
		}
	}
	if out.Holidays == nil {
		out.Holidays = []domain.Date{}
	}
	if out.Exceptions == nil {
		out.Exceptions = Shifts{}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes, and what people write (ranges of
// weekdays, intervals in any order). It fails as invalid and names every fault.
func (s *Schedule) UnmarshalJSON(data []byte) error {
	var in struct {
		Zone       string              `json:"zone"`
		Days       map[string][]string `json:"days"`
		Holidays   []string            `json:"holidays"`
		Exceptions map[string][]string `json:"exceptions"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return domain.Errorf(domain.KindInvalid, "the schedule is not readable: %w", err)
	}
	parsed, err := New(in.Zone, in.Days, in.Holidays, in.Exceptions)
	if err != nil {
		return err
	}
	*s = *parsed
	return nil
}
