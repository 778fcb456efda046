package attendance

import "github.com/fincokpi/finco/domain"

// Schedule says whether a day has working time; *schedule.Schedule does.
type Schedule interface {
	NormDays(first, last domain.Date) int
}

// Version is a schedule from a day on. Before the first version the first holds.
type Version struct {
	From     domain.Date
	Schedule Schedule
}

// Days is what a base salary is computed from.
type Days struct {
	Norm int // days of the period on which the schedule has an interval, holidays excepted
	Paid int // norm days between joined and left, both included, minus the unpaid ones
}

// Count counts a period's days under the schedule versions valid on each of them,
// which may come in any order. Joined and left may be zero: no bound. Unpaid holds
// absent days and unpaid leave; only norm days in it count. It fails as invalid
// when there is no version.
func Count(period domain.Period, versions []Version, joined, left domain.Date, unpaid map[domain.Date]bool) (Days, error) {
	if len(versions) == 0 {
		return Days{}, domain.Errorf(domain.KindInvalid, "there is no schedule to count days by")
	}
	var n Days
	for _, day := range period.Days() {
		if at(versions, day).NormDays(day, day) == 0 {
			continue
		}
		n.Norm++
		before := !joined.IsZero() && day.Before(joined)
		after := !left.IsZero() && day.After(left)
		if !before && !after && !unpaid[day] {
			n.Paid++
		}
	}
	return n, nil
}

// at returns the version with the latest From that is not after the day, else the
// one with the earliest From.
func at(versions []Version, day domain.Date) Schedule {
	best := versions[0]
	for _, v := range versions[1:] {
		valid, bestValid := !v.From.After(day), !best.From.After(day)
		if (valid && (!bestValid || v.From.After(best.From))) || (!valid && !bestValid && v.From.Before(best.From)) {
			best = v
		}
	}
	return best.Schedule
}
