package schedule_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/schedule"
)

func day(t testing.TB, text string) domain.Date {
	t.Helper()
	d, err := domain.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func office(t testing.TB) *schedule.Schedule {
	t.Helper()
	s, err := schedule.New("Asia/Tashkent",
		map[string][]string{"mon-fri": {"14:00-18:00", "09:00-13:00"}, "sat": {"10:00-14:00"}},
		[]string{"2026-12-08", "2026-09-01"},
		map[string][]string{"2026-09-05": {"12:00-16:00"}, "2026-09-06": {"10:00-12:00"}, "2026-09-07": {}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func calendar(t testing.TB, s *schedule.Schedule, shifts map[string][]string) *schedule.Calendar {
	t.Helper()
	own, err := schedule.ParseShifts(shifts)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Calendar(time.UTC, own)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseInterval(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]schedule.Interval{
		"09:00-13:00":   {Start: 540, End: 780},
		"9:00-13:00":    {Start: 540, End: 780},
		" 09:00 - 9:01": {Start: 540, End: 541},
		"18:00-24:00":   {Start: 1080, End: 1440},
		"00:00-24:00":   {Start: 0, End: 1440},
		"22:00-06:00":   {Start: 1320, End: 1800},
		"18:00-00:00":   {Start: 1080, End: 1440},
	} {
		got, err := schedule.ParseInterval(text)
		if err != nil || got != want {
			t.Errorf("%.60q: got %v, %v", text, got, err)
		}
		if again, err := schedule.ParseInterval(got.String()); err != nil || again != got {
			t.Errorf("%.60q: %v became %v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "09:00", "09:00-09:00", "00:00-00:00", "24:00-06:00", "24:00-24:00", "25:00-26:00", "09:60-10:00",
		"9-13", "09:00-13:0", "-1:00-02:00", "09:00-24:01", "+9:00-10:00", "09:00–13:00"} {
		if got, err := schedule.ParseInterval(text); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%.60q: got %v, %v", text, got, err)
		}
	}
}

func TestParseDaysNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := schedule.ParseDays(map[string][]string{
		"mon-fri": {"09:00-09:00"}, "fri": {"09:00-12:00"}, "someday": {"09:00-12:00"}, "sun": {"9"},
	})
	if domain.KindOf(err) != domain.KindInvalid {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"starts when it ends", `fri is already given by "fri"`, `"someday" is no weekday`, `"9" is not an interval`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%.60q is missing in %q", part, err)
		}
	}
	days, err := schedule.ParseDays(map[string][]string{"fri-mon": {"10:00-11:00"}, "Tue,thu": {"09:00-10:00"}})
	if err != nil {
		t.Fatal(err)
	}
	for w, want := range []int{600, 600, 540, 0, 540, 600, 600} {
		if got := days[w]; (want == 0) != (len(got) == 0) || (want != 0 && got[0].Start != want) {
			t.Errorf("weekday %d: got %v", w, got)
		}
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := schedule.New("Mars/Olympus", map[string][]string{"x": nil}, []string{"2026-02-30"}, map[string][]string{"soon": {"1"}})
	for _, part := range []string{"zone: ", "days: ", "holidays: ", "exceptions: "} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%.60q is missing in %v", part, err)
		}
	}
}

func TestOn(t *testing.T) {
	t.Parallel()
	c := calendar(t, office(t), map[string][]string{"2026-09-01": {"20:00-22:00"}, "2026-09-02": {}, "2026-09-05": {"08:00-09:00"}})
	for text, want := range map[string]string{
		"2026-09-01": "20:00-22:00",             // shift on a holiday
		"2026-09-02": "",                        // shift: a day off
		"2026-09-03": "09:00-13:00,14:00-18:00", // weekday
		"2026-09-05": "08:00-09:00",             // shift over exception
		"2026-09-06": "10:00-12:00",             // exception on a Sunday
		"2026-09-07": "",                        // exception: a day off
		"2026-09-12": "10:00-14:00",
		"2026-09-13": "",
		"2026-12-08": "", // holiday
	} {
		var got []string
		for _, i := range c.On(day(t, text)) {
			got = append(got, i.String())
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%s: got %v, want %s", text, got, want)
		}
	}
}

func TestNormDays(t *testing.T) {
	t.Parallel()
	s := office(t)
	// 22 weekdays of September 2026 − the 1st (holiday) − the 7th (exception) + 4 Saturdays + Sunday the 6th (exception)
	if got := s.NormDays(day(t, "2026-09-01"), day(t, "2026-09-30")); got != 25 {
		t.Errorf("got %d, want 25", got)
	}
	if got := s.NormDays(day(t, "2026-09-02"), day(t, "2026-09-01")); got != 0 {
		t.Errorf("backwards: got %d", got)
	}
	s.Exceptions[day(t, "2026-09-01")] = []schedule.Interval{{Start: 540, End: 600}}
	if got := s.NormDays(day(t, "2026-09-01"), day(t, "2026-09-01")); got != 1 {
		t.Errorf("an exception wins over a holiday: got %d", got)
	}
}

func TestBusinessSeconds(t *testing.T) {
	t.Parallel()
	build := func(zone string, days map[string][]string) *schedule.Schedule {
		s, err := schedule.New(zone, days, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	night := build("Europe/Berlin", map[string][]string{"mon-sun": {"22:00-06:00"}})
	overlap := build("", map[string][]string{"mon": {"09:00-12:00", "11:00-13:00", "09:30-10:00"}, "tue": {"20:00-04:00"}, "wed": {"02:00-05:00"}})
	skipped := build("America/New_York", map[string][]string{"sun": {"02:30-05:00", "03:00-04:00"}})
	for _, c := range []struct {
		name   string
		s      *schedule.Schedule
		a, b   string
		expect int64
	}{
		{"weekend", office(t), "2026-09-11T17:55:00+05:00", "2026-09-14T09:05:00+05:00", 15000},
		{"backwards", office(t), "2026-09-14T09:05:00+05:00", "2026-09-11T17:55:00+05:00", 0},
		{"a longer night", night, "2026-10-24T22:00:00+02:00", "2026-10-25T06:00:00+01:00", 9 * 3600},
		{"a shorter night", night, "2026-03-28T22:00:00+01:00", "2026-03-29T06:00:00+02:00", 7 * 3600},
		{"the second half of a night", night, "2026-06-02T00:30:00+02:00", "2026-06-02T12:00:00+02:00", 5*3600 + 1800},
		{"overlaps count once", overlap, "2026-09-07T00:00:00Z", "2026-09-08T00:00:00Z", 4 * 3600},
		{"overlap across midnight", overlap, "2026-09-08T00:00:00Z", "2026-09-11T00:00:00Z", 9 * 3600},
		{"a start that the clock skips", skipped, "2026-03-08T00:00:00-05:00", "2026-03-08T12:00:00-04:00", 2 * 3600},
	} {
		if got := calendar(t, c.s, nil).BusinessSeconds(instant(t, c.a), instant(t, c.b)); got != c.expect {
			t.Errorf("%s: got %d, want %d", c.name, got, c.expect)
		}
	}
}

func genSchedule(t *rapid.T) *schedule.Schedule {
	s := &schedule.Schedule{Zone: rapid.SampledFrom([]string{"Asia/Tashkent", "Europe/Berlin", "America/New_York", "America/Havana"}).Draw(t, "zone")}
	interval := rapid.Custom(func(t *rapid.T) schedule.Interval {
		start := rapid.IntRange(0, 1439).Draw(t, "start")
		end := start + rapid.IntRange(1, 1439).Draw(t, "length")
		return schedule.Interval{Start: start, End: end}
	})
	for w := range s.Days {
		s.Days[w] = rapid.SliceOfN(interval, 0, 3).Draw(t, "intervals")
	}
	return s
}

// Additive over splits, never negative, never longer than the span, never
// shrinking, and equal to counting minute by minute on the wall clock of a zone
// without clock changes.
func TestBusinessSecondsProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := calendar(t, genSchedule(rt), nil)
		start := time.Unix(rapid.Int64Range(1790000000, 1800000000).Draw(rt, "start"), 0)
		first := time.Duration(rapid.Int64Range(0, 20*86400).Draw(rt, "first")) * time.Second
		second := time.Duration(rapid.Int64Range(0, 20*86400).Draw(rt, "second")) * time.Second
		middle, end := start.Add(first), start.Add(first+second)
		ab, bc, ac := c.BusinessSeconds(start, middle), c.BusinessSeconds(middle, end), c.BusinessSeconds(start, end)
		if ab+bc != ac || ab < 0 || bc < 0 || ac > int64((first+second)/time.Second) {
			rt.Fatalf("%d + %d is not %d", ab, bc, ac)
		}
	})
}

func TestBusinessSecondsByCounting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := genSchedule(rt)
		s.Zone = "Asia/Tashkent"
		c := calendar(t, s, nil)
		start := time.Unix(rapid.Int64Range(29800000, 30000000).Draw(rt, "minute")*60, 0).In(c.Location())
		length := rapid.IntRange(0, 4*1440).Draw(rt, "minutes")
		want := int64(0)
		for m := range length {
			at := start.Add(time.Duration(m) * time.Minute)
			clock, today := at.Hour()*60+at.Minute(), domain.DateOf(at)
			open := false
			for _, i := range s.On(today) {
				open = open || (i.Start <= clock && clock < i.End)
			}
			for _, i := range s.On(today.AddDays(-1)) {
				open = open || clock+1440 < i.End
			}
			if open {
				want += 60
			}
		}
		if got := c.BusinessSeconds(start, start.Add(time.Duration(length)*time.Minute)); got != want {
			rt.Fatalf("got %d, counted %d", got, want)
		}
	})
}

func TestScheduleAsJSON(t *testing.T) {
	t.Parallel()
	s := office(t)
	data, err := json.Marshal(s)
	const want = `{"zone":"Asia/Tashkent","days":{"fri":["09:00-13:00","14:00-18:00"],"mon":["09:00-13:00","14:00-18:00"],"sat":["10:00-14:00"],` +
		`"thu":["09:00-13:00","14:00-18:00"],"tue":["09:00-13:00","14:00-18:00"],"wed":["09:00-13:00","14:00-18:00"]},` +
		`"holidays":["2026-09-01","2026-12-08"],"exceptions":{"2026-09-05":["12:00-16:00"],"2026-09-06":["10:00-12:00"],"2026-09-07":[]}}`
	if err != nil || string(data) != want {
		t.Fatalf("got %s, %v", data, err)
	}
	var again schedule.Schedule
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if data, err = json.Marshal(again); err != nil || string(data) != want {
		t.Errorf("read and written again: %s, %v", data, err)
	}
	if err := json.Unmarshal([]byte(`{"days":{"mon":["1"]}}`), &again); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("a bad interval: %v", err)
	}
	if data, err = json.Marshal(schedule.Schedule{}); err != nil || string(data) != `{"days":{},"holidays":[],"exceptions":{}}` {
		t.Errorf("empty: %s, %v", data, err)
	}
}

func BenchmarkBusinessSeconds(b *testing.B) {
	c := calendar(b, office(b), nil)
	start := instant(b, "2026-09-11T17:55:00+05:00")
	for i := range b.N {
		from := start.Add(time.Duration(i%1000) * time.Hour)
		c.BusinessSeconds(from, from.Add(16*time.Hour))
	}
}
