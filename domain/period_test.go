package domain_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fincokpi/finco/domain"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestParsePeriod(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, first, last, prev, next string }{
		{"2026-09", "2026-09-01", "2026-09-30", "2026-08", "2026-10"},
		{"2026-01", "2026-01-01", "2026-01-31", "2025-12", "2026-02"},
		{"2024-02", "2024-02-01", "2024-02-29", "2024-01", "2024-03"},
		{"2026-W36", "2026-08-31", "2026-09-06", "2026-W35", "2026-W37"},
		{"2026-W01", "2025-12-29", "2026-01-04", "2025-W52", "2026-W02"},
		{"2020-W53", "2020-12-28", "2021-01-03", "2020-W52", "2021-W01"},
		{"2026-09-02", "2026-09-02", "2026-09-02", "2026-09-01", "2026-09-03"},
	} {
		p, err := domain.ParsePeriod(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got := []string{p.String(), p.First().String(), p.Last().String(), p.Prev().String(), p.Next().String()}
		for i, want := range []string{c.text, c.first, c.last, c.prev, c.next} {
			if got[i] != want {
				t.Errorf("%s: got %v", c.text, got)
			}
		}
	}
	for _, text := range []string{"", "2026", "2026-13", "2026-W00", "2026-W54", "2025-W53", "2026-W3", "2026-9", "2026-02-30", "2026-09-02T00", "W36-2026", "20-W-36x"} {
		if p, err := domain.ParsePeriod(text); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%q: got %v, %v", text, p, err)
		}
	}
}

func TestPeriodProperties(t *testing.T) {
	t.Parallel()
	of := []func(domain.Date) domain.Period{domain.DayOf, domain.WeekOf, domain.MonthOf}
	rapid.Check(t, func(t *rapid.T) {
		day := domain.DateOf(time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "unix"), 0).UTC())
		p := rapid.SampledFrom(of).Draw(t, "kind")(day)
		if !p.Contains(day) || p.Prev().Contains(day) || p.Next().Contains(day) {
			t.Fatalf("%v and %v", p, day)
		}
		if again, err := domain.ParsePeriod(p.String()); err != nil || again != p {
			t.Fatalf("%v became %v, %v", p, again, err)
		}
		if p.Prev().Next() != p || p.Prev().Last().AddDays(1) != p.First() {
			t.Fatalf("%v: the one before does not end where it begins", p)
		}
		if days := p.Days(); days[0] != p.First() || days[len(days)-1] != p.Last() || p.First().DaysUntil(p.Last()) != len(days)-1 {
			t.Fatalf("%v: %v", p, days)
		}
	})
}

func TestPeriodBounds(t *testing.T) {
	t.Parallel()
	p, err := domain.ParsePeriod("2026-10-25") // the day that is an hour longer in Berlin
	if err != nil {
		t.Fatal(err)
	}
	from, to := p.Bounds(zone(t, "Europe/Berlin"))
	if from.Format(time.RFC3339) != "2026-10-25T00:00:00+02:00" || to.Sub(from) != 25*time.Hour {
		t.Errorf("got %v to %v", from, to)
	}
}

// A time that a clock change skips is read with the offset before it; one that
// occurs twice means the first. Whole zones differ in what time.Date does there.
func TestDateAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, day string
		minutes   int
		want      string
	}{
		{"Asia/Tashkent", "2026-09-02", 9 * 60, "2026-09-02T09:00:00+05:00"},
		{"Asia/Tashkent", "2026-09-02", 30 * 60, "2026-09-03T06:00:00+05:00"},
		{"Europe/Berlin", "2026-03-29", 150, "2026-03-29T03:30:00+02:00"},
		{"Europe/Berlin", "2026-10-25", 150, "2026-10-25T02:30:00+02:00"},
		{"Europe/Berlin", "2026-10-25", 180, "2026-10-25T03:00:00+01:00"},
		{"America/New_York", "2026-03-08", 150, "2026-03-08T03:30:00-04:00"},
		{"America/New_York", "2026-11-01", 90, "2026-11-01T01:30:00-04:00"},
		{"America/Santiago", "2026-09-06", 0, "2026-09-06T01:00:00-03:00"},
		{"America/Havana", "2026-11-01", 0, "2026-11-01T00:00:00-04:00"},
	} {
		day, err := domain.ParseDate(c.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := day.At(c.minutes, zone(t, c.zone)).Format(time.RFC3339); got != c.want {
			t.Errorf("%s, %s + %d min: got %s, want %s", c.zone, c.day, c.minutes, got, c.want)
		}
	}
}

func TestDateAndPeriodAsJSON(t *testing.T) {
	t.Parallel()
	type record struct {
		Day    domain.Date
		None   domain.Date
		Period domain.Period
		ByDay  map[domain.Date]int
	}
	day := domain.Date{Year: 2026, Month: time.September, Day: 2}
	in := record{Day: day, Period: domain.MonthOf(day), ByDay: map[domain.Date]int{day: 1}}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"Day":"2026-09-02","None":"","Period":"2026-09","ByDay":{"2026-09-02":1}}` {
		t.Fatalf("got %s, %v", data, err)
	}
	var out record
	if err := json.Unmarshal(data, &out); err != nil || out.Day != in.Day || !out.None.IsZero() || out.Period != in.Period || out.ByDay[day] != 1 {
		t.Errorf("got %+v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"Day":"2026-02-30"}`), &out); err == nil {
		t.Error("the 30th of February was read")
	}
}
