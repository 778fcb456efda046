package attendance_test

import (
	"testing"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/attendance"
	"github.com/fincokpi/finco/domain/schedule"
)

func day(t *testing.T, text string) domain.Date {
	t.Helper()
	if text == "" {
		return domain.Date{}
	}
	d, err := domain.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func weekly(t *testing.T, days string) *schedule.Schedule {
	t.Helper()
	s, err := schedule.New("", map[string][]string{days: {"09:00-18:00"}}, []string{"2026-09-01"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCount(t *testing.T) {
	t.Parallel()
	period := domain.MonthOf(day(t, "2026-09-01"))
	office, six := weekly(t, "mon-fri"), weekly(t, "mon-sat")
	for name, c := range map[string]struct {
		versions     []attendance.Version
		joined, left string
		unpaid       []string
		norm, paid   int
	}{
		"whole month":      {[]attendance.Version{{Schedule: office}}, "", "", nil, 21, 21},
		"joined and left":  {[]attendance.Version{{Schedule: office}}, "2026-09-02", "2026-09-04", nil, 21, 3},
		"joined later":     {[]attendance.Version{{Schedule: office}}, "2026-10-01", "", nil, 21, 0},
		"unpaid":           {[]attendance.Version{{Schedule: office}}, "", "2026-09-08", []string{"2026-09-03", "2026-09-05", "2026-09-10"}, 21, 4},
		"from the 14th on": {[]attendance.Version{{From: day(t, "2026-09-14"), Schedule: six}, {From: day(t, "2026-01-01"), Schedule: office}}, "", "", nil, 23, 23},
		"before the first": {[]attendance.Version{{From: day(t, "2027-01-01"), Schedule: six}, {From: day(t, "2026-12-01"), Schedule: office}}, "", "", nil, 21, 21},
	} {
		unpaid := map[domain.Date]bool{}
		for _, d := range c.unpaid {
			unpaid[day(t, d)] = true
		}
		got, err := attendance.Count(period, c.versions, day(t, c.joined), day(t, c.left), unpaid)
		if err != nil || got.Norm != c.norm || got.Paid != c.paid {
			t.Errorf("%s: got %+v, %v, want %d and %d", name, got, err, c.norm, c.paid)
		}
	}
	if _, err := attendance.Count(period, nil, domain.Date{}, domain.Date{}, nil); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("no schedule: %v", err)
	}
}
