// Package schedule says when people work: intervals per weekday, holidays, dated
// exceptions and a person's shifts, and how many seconds of a span of time fall
// into them.
//
// It owns the reading and writing of such schedules as text and JSON. It refuses
// to choose a schedule or a version of one: that is the caller's rule.
package schedule
