package response

import (
	"math/big"
	"slices"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// Stats is what the waits of a period add up to. A number that is not Valid has
// no data behind it.
type Stats struct {
	Waits      int // all but those that need no reply
	Answered   int
	Unanswered int // open at the evaluation time and breached
	Within     int
	Breached   int

	MedianBusiness, P90Business decimal.NullDecimal // seconds, over answered waits
	MedianWall, P90Wall         decimal.NullDecimal // seconds, over answered waits
	WithinTargetRate            decimal.NullDecimal // within ÷ (within + breached)

	FirstResponses                                        int                 // answered waits that are first responses
	FirstResponseMedianBusiness, FirstResponseP90Business decimal.NullDecimal // seconds
	FirstResponseMedianWall, FirstResponseP90Wall         decimal.NullDecimal // seconds
}

// Aggregate adds up judged waits of a team or company. Their order is irrelevant.
func Aggregate(waits []Wait) Stats {
	var s Stats
	var business, wall, firstBusiness, firstWall []int64
	for i := range waits {
		w := &waits[i]
		if w.State == StateNoReplyNeeded {
			continue
		}
		s.Waits++
		switch w.State {
		case StateWithin:
			s.Within++
		case StateBreached:
			s.Breached++
		}
		if !w.Answered() {
			if w.State == StateBreached {
				s.Unanswered++
			}
			continue
		}
		s.Answered++
		business, wall = append(business, w.Business), append(wall, w.Wall)
		if w.First {
			firstBusiness, firstWall = append(firstBusiness, w.Business), append(firstWall, w.Wall)
		}
	}
	s.FirstResponses = len(firstBusiness)
	s.MedianBusiness, s.P90Business = Percentile(business, 50), Percentile(business, 90)
	s.MedianWall, s.P90Wall = Percentile(wall, 50), Percentile(wall, 90)
	s.FirstResponseMedianBusiness, s.FirstResponseP90Business = Percentile(firstBusiness, 50), Percentile(firstBusiness, 90)
	s.FirstResponseMedianWall, s.FirstResponseP90Wall = Percentile(firstWall, 50), Percentile(firstWall, 90)
	s.WithinTargetRate = domain.Share(s.Within, s.Within+s.Breached)
	return s
}

// ForPerson picks the waits that count for a person: the answered ones they
// closed, and the unanswered ones of chats that were assigned to them. Person 0
// is nobody.
func ForPerson(waits []Wait, person int64) []Wait {
	var list []Wait
	for _, w := range waits {
		who := w.Assignee
		if w.Answered() {
			who = w.Responder
		}
		if who == person && person != 0 {
			list = append(list, w)
		}
	}
	return list
}

// Percentile returns the percent-th percentile of whole seconds with linear
// interpolation, as Postgres' percentile_cont does, exactly (at most two
// decimals); not Valid for no seconds. The list is not changed.
func Percentile(seconds []int64, percent int) decimal.NullDecimal {
	if len(seconds) == 0 {
		return decimal.NullDecimal{}
	}
	list := slices.Sorted(slices.Values(seconds))
	rank := (len(list) - 1) * percent // in hundredths
	low, rest := list[rank/100], int64(rank%100)
	high := low
	if rest > 0 {
		high = list[rank/100+1]
	}
	return exact(new(big.Rat).Add(new(big.Rat).SetInt64(low), big.NewRat((high-low)*rest, 100)))
}

// exact shows r with all its decimals, of which there are at most two; a number
// too large for a decimal is no number.
func exact(r *big.Rat) decimal.NullDecimal {
	d, err := domain.DecimalOf(r, 2)
	return decimal.NullDecimal{Decimal: d.Trim(0), Valid: err == nil}
}
