package schedule

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/fincokpi/finco/domain"
)

const dayMinutes = 24 * 60

// Interval is a span of working time, in minutes after midnight of the day it
// belongs to. End is greater than Start; an End above 1440 lies on the next day.
type Interval struct{ Start, End int }

// ParseInterval reads "09:00-13:00", "18:00-24:00" or, across midnight,
// "22:00-06:00". It fails as invalid; a start equal to the end is refused.
func ParseInterval(text string) (Interval, error) {
	from, to, ok := strings.Cut(strings.TrimSpace(text), "-")
	if !ok {
		return Interval{}, domain.Errorf(domain.KindInvalid, "%.60q is not an interval: write it like 09:00-13:00", text)
	}
	start, err := parseClock(strings.TrimSpace(from))
	if err != nil {
		return Interval{}, domain.Errorf(domain.KindInvalid, "%.60q: %w", text, err)
	}
	end, err := parseClock(strings.TrimSpace(to))
	if err != nil {
		return Interval{}, domain.Errorf(domain.KindInvalid, "%.60q: %w", text, err)
	}
	switch {
	case start == dayMinutes:
		return Interval{}, domain.Errorf(domain.KindInvalid, "%.60q: 24:00 can only end a day", text)
	case start == end:
		return Interval{}, domain.Errorf(domain.KindInvalid, "%.60q starts when it ends; a whole day is 00:00-24:00", text)
	case end < start:
		end += dayMinutes
	}
	return Interval{Start: start, End: end}, nil
}

// parseClock reads "9:05", "09:05" or "24:00" as minutes after midnight.
func parseClock(text string) (int, error) {
	hour, minute, ok := strings.Cut(text, ":")
	h, errH := strconv.ParseUint(hour, 10, 8)
	m, errM := strconv.ParseUint(minute, 10, 8)
	if !ok || errH != nil || errM != nil || len(hour) > 2 || len(minute) != 2 || m > 59 || h*60+m > dayMinutes {
		return 0, domain.Errorf(domain.KindInvalid, "%.60q is not a time of day: write it like 09:00", text)
	}
	return int(h*60 + m), nil
}

// String returns what ParseInterval reads.
func (i Interval) String() string {
	end := i.End
	if end > dayMinutes {
		end -= dayMinutes
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", i.Start/60, i.Start%60, end/60, end%60)
}

// MarshalText writes what String returns.
func (i Interval) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads what ParseInterval reads.
func (i *Interval) UnmarshalText(text []byte) error {
	parsed, err := ParseInterval(string(text))
	if err != nil {
		return err
	}
	*i = parsed
	return nil
}

// ParseIntervals reads a day's intervals and returns them in order. No interval
// at all means a day off. It fails as invalid and names every fault.
func ParseIntervals(texts []string) ([]Interval, error) {
	var faults domain.Faults
	list := make([]Interval, 0, len(texts))
	for _, text := range texts {
		i, err := ParseInterval(text)
		faults.AddErr("", err)
		list = append(list, i)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	sort.Slice(list, func(a, b int) bool {
		if list[a].Start != list[b].Start {
			return list[a].Start < list[b].Start
		}
		return list[a].End < list[b].End
	})
	return list, nil
}

// Days holds the intervals of each weekday, indexed by time.Weekday.
type Days [7][]Interval

var weekdayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseDays reads weekday keys ("mon", "mon-fri", "fri-mon", "sat,sun") with
// their intervals. It fails as invalid and names every fault: an unknown day, a
// day given twice, a bad interval.
func ParseDays(in map[string][]string) (Days, error) {
	var days Days
	var faults domain.Faults
	var givenBy [7]string
	for _, key := range sortedKeys(in) {
		list, err := ParseIntervals(in[key])
		faults.AddErr(key, err)
		weekdays, err := parseWeekdays(key)
		faults.AddErr("", err)
		for _, w := range weekdays {
			if givenBy[w] != "" {
				faults.Add(key, "%s is already given by %q", weekdayNames[w], givenBy[w])
				continue
			}
			givenBy[w] = key
			days[w] = list
		}
	}
	if err := faults.Err(); err != nil {
		return Days{}, err
	}
	return days, nil
}

func parseWeekdays(key string) ([]time.Weekday, error) {
	var list []time.Weekday
	for _, part := range strings.Split(strings.ToLower(key), ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		first, ok := weekday(from)
		last := first
		if ok && isRange {
			last, ok = weekday(to)
		}
		if !ok {
			return nil, domain.Errorf(domain.KindInvalid, "%.60q is no weekday: use mon, tue, wed, thu, fri, sat, sun or a range like mon-fri", key)
		}
		for w := first; ; w = (w + 1) % 7 {
			list = append(list, w)
			if w == last {
				break
			}
		}
	}
	return list, nil
}

func weekday(name string) (time.Weekday, bool) {
	for w, short := range weekdayNames {
		if strings.TrimSpace(name) == short {
			return time.Weekday(w), true
		}
	}
	return 0, false
}

// Shifts are a person's own intervals on single days; a day in it overrides
// everything else for that day, an empty list is a day off.
type Shifts map[domain.Date][]Interval

// ParseShifts reads dates with their intervals, as shifts and as exceptions. It
// fails as invalid and names every fault.
func ParseShifts(in map[string][]string) (Shifts, error) {
	var faults domain.Faults
	out := make(Shifts, len(in))
	for _, text := range sortedKeys(in) {
		day, err := domain.ParseDate(text)
		faults.AddErr("", err)
		list, err := ParseIntervals(in[text])
		faults.AddErr(text, err)
		out[day] = list
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

func sortedKeys(in map[string][]string) []string {
	keys := make([]string, 0, len(in))
	for key := range in {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
