package bottest

import (
	"math"
	"time"
)

// limits are Telegram's published ones, counted over windows that slide. A window is taken a tenth shorter than it is said to be, which is
// less than the way of a request may vary.
type limits struct {
	burst int
	all   []time.Time
	chats map[int64][]time.Time
}

const (
	allAllowed, groupAllowed = 30, 20
	slack                    = 0.9
)

// take counts a message to a chat, or tells in how many seconds it may come again.
func (l *limits) take(now time.Time, c *Chat) (retryAfter int) {
	if l == nil {
		return 0
	}
	if l.chats == nil {
		l.chats = map[int64][]time.Time{}
	}
	of := func(seconds float64) time.Duration { return time.Duration(seconds * slack * float64(time.Second)) }
	l.all = since(l.all, now.Add(-of(1)))
	recent := since(l.chats[c.ID], now.Add(-of(60)))
	wait := over(l.all, allAllowed, now, of(1))
	wait = max(wait, over(since(recent, now.Add(-of(1))), 1+l.burst, now, of(1)))
	if c.ID < 0 {
		wait = max(wait, over(recent, groupAllowed, now, of(60)))
	}
	if wait > 0 {
		return int(math.Ceil(wait.Seconds()))
	}
	l.all, l.chats[c.ID] = append(l.all, now), append(recent, now)
	return 0
}

// since are the times after one.
func since(times []time.Time, from time.Time) []time.Time {
	for len(times) > 0 && !times[0].After(from) {
		times = times[1:]
	}
	return times
}

// over is how long until one more may come in a window.
func over(times []time.Time, allowed int, now time.Time, window time.Duration) time.Duration {
	if len(times) < allowed {
		return 0
	}
	return times[len(times)-allowed].Add(window).Sub(now)
}
