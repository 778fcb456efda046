package app

import (
	"slices"

	"github.com/fincokpi/finco/domain"
)

// dated is what holds from a day on.
type dated[V any] struct {
	from  domain.Date
	value V
}

// history is what held when, earliest first, one value a day.
type history[V any] []dated[V]

func (h history[V]) sorted() history[V] {
	slices.SortStableFunc(h, func(a, b dated[V]) int { return a.from.Compare(b.from) })
	return h
}

// at is the last version begun on or before the day.
func (h history[V]) at(day domain.Date) (found dated[V], ok bool) {
	for _, v := range h {
		if v.from.After(day) {
			break
		}
		found, ok = v, true
	}
	return found, ok
}

// with is the history after a version was put at its day.
func (h history[V]) with(v dated[V]) history[V] {
	out := slices.DeleteFunc(slices.Clone(h), func(o dated[V]) bool { return o.from == v.from })
	return append(out, v).sorted()
}

// opening says from which day a change may be written: what was before it is history and stays.
type opening struct {
	// first is where the only version of something new begins that says no day.
	first domain.Date
	// change is where anything else begins that says no day.
	change domain.Date
}

// planned are the versions to write so that a history says what is wanted. A version of a day still open takes the place of
// the one there; one of a day gone by does not, and its difference holds from the opening on. Planning again after them gives
// none.
func planned[V any](stored, wanted history[V], open opening, same func(a, b V) bool) history[V] {
	known := slices.Clone(stored).sorted()
	wanted = resolved(wanted, open, len(known) == 0)
	if now, ok := wanted.at(open.change); ok {
		wanted = wanted.with(dated[V]{open.change, now.value})
	}
	var out history[V]
	for _, w := range wanted {
		now, ok := known.at(w.from)
		if ok && (same(now.value, w.value) || now.from == w.from && w.from.Before(open.change)) {
			continue
		}
		known, out = known.with(w), out.with(w)
	}
	return out
}

// resolved gives a day to the versions that say none; of two of one day the later in the input stays.
func resolved[V any](wanted history[V], open opening, isNew bool) history[V] {
	var out history[V]
	for _, w := range wanted {
		if w.from.IsZero() {
			w.from = open.change
			if isNew && len(wanted) == 1 {
				w.from = open.first
			}
		}
		out = out.with(w)
	}
	return out
}
