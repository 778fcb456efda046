package schedule

import (
	"sort"
	"sync"
	"time"

	"github.com/fincokpi/finco/domain"
)

// Calendar is a schedule, or a schedule under one person's shifts, laid on the
// UTC line. It remembers the days it has laid out, so that millions of spans are
// cheap; it may be used by many goroutines, and its schedule and shifts must not
// change any more.
type Calendar struct {
	schedule *Schedule
	shifts   Shifts
	loc      *time.Location

	mu   sync.RWMutex
	days map[int][]span // by days since 1970-01-01
}

// span is an open stretch of the UTC line, in Unix seconds: from ≤ t < to.
type span struct{ from, to int64 }

var epoch = domain.Date{Year: 1970, Month: time.January, Day: 1}

// Calendar lays the schedule out, in its own zone or else in the company's.
// Shifts override it day by day and may be nil. It fails as invalid when the
// zone is unknown.
func (s *Schedule) Calendar(company *time.Location, shifts Shifts) (*Calendar, error) {
	loc := company
	if s.Zone != "" {
		var err error
		if loc, err = zoneOf(s.Zone); err != nil {
			return nil, err
		}
	}
	return &Calendar{schedule: s, shifts: shifts, loc: loc, days: map[int][]span{}}, nil
}

// Location returns the zone the calendar is laid out in.
func (c *Calendar) Location() *time.Location { return c.loc }

// On returns the intervals of a day: the shift's if there is one, else the
// schedule's. The caller must not change what it gets.
func (c *Calendar) On(day domain.Date) []Interval {
	if list, ok := c.shifts[day]; ok {
		return list
	}
	return c.schedule.On(day)
}

// BusinessSeconds returns the length of [a, b) inside the open intervals, in
// whole seconds; 0 when b is not after a. Overlapping intervals count once.
func (c *Calendar) BusinessSeconds(a, b time.Time) int64 {
	from, to := a.Unix(), b.Unix()
	if from >= to {
		return 0
	}
	first := epoch.DaysUntil(domain.DateOf(a.In(c.loc))) - 1 // an interval of the day before may cross midnight
	last := epoch.DaysUntil(domain.DateOf(b.In(c.loc)))
	var sum int64
	cursor := from
	for n := first; n <= last; n++ {
		for _, s := range c.day(n) {
			if start, end := max(s.from, cursor), min(s.to, to); end > start {
				sum += end - start
				cursor = end
			}
		}
	}
	return sum
}

// day returns the open spans of one day in order, without overlaps.
func (c *Calendar) day(n int) []span {
	c.mu.RLock()
	spans, ok := c.days[n]
	c.mu.RUnlock()
	if ok {
		return spans
	}
	day := epoch.AddDays(n)
	for _, i := range c.On(day) {
		s := span{from: day.At(i.Start, c.loc).Unix(), to: day.At(i.End, c.loc).Unix()}
		if s.from < s.to {
			spans = append(spans, s)
		}
	}
	spans = merge(spans)
	c.mu.Lock()
	c.days[n] = spans
	c.mu.Unlock()
	return spans
}

func merge(spans []span) []span {
	sort.Slice(spans, func(i, j int) bool { return spans[i].from < spans[j].from })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}
