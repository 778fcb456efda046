package bot

import "time"

// Telegram's limits on what a bot sends, and ours below them: broadcasts leave room for five replies a second.
const (
	allPerSecond        = 30
	broadcastsPerSecond = 25
	chatEvery           = time.Second
	groupPerMinute      = 20
	// broadcastEvery spreads broadcasts evenly, and broadcastCatchUp is how much of a delay is made up for.
	broadcastEvery   = time.Second / broadcastsPerSecond
	broadcastCatchUp = 4 * broadcastEvery
	// forgetChats is after how many sends idle chats are forgotten.
	forgetChats = 1024
)

// limits say when what may be sent. They know no clock and make no calls; times only go forward. Use newLimits.
type limits struct {
	all, broadcasts *window
	// pace is when the next broadcast is due.
	pace  time.Time
	chats map[int64]*chatLimit
	// silence is until when nothing may be sent.
	silence time.Time
	sends   int
}

// chatLimit is what was sent to one chat lately.
type chatLimit struct {
	last   time.Time
	minute *window // nil for a private chat, which has no limit of the minute
}

func newLimits() *limits {
	return &limits{
		all: newWindow(allPerSecond, time.Second), broadcasts: newWindow(broadcastsPerSecond, time.Second), chats: map[int64]*chatLimit{},
	}
}

// hold lets nothing be sent until then.
func (l *limits) hold(until time.Time) {
	if until.After(l.silence) {
		l.silence = until
	}
}

// free is how many may be sent now, to chats that are not blocked.
func (l *limits) free(now time.Time, broadcasts bool) int {
	if now.Before(l.silence) {
		return 0
	}
	n := l.all.free(now)
	if !broadcasts {
		return n
	}
	due := 0
	if pace := l.due(now); !now.Before(pace) {
		due = int(now.Sub(pace)/broadcastEvery) + 1
	}
	return min(n, l.broadcasts.free(now), due)
}

// due is when the next broadcast goes, not further back than what is made up for.
func (l *limits) due(now time.Time) time.Time {
	if least := now.Add(-broadcastCatchUp); l.pace.Before(least) {
		return least
	}
	return l.pace
}

// take counts one that is sent now.
func (l *limits) take(now time.Time, chat int64, broadcast bool) {
	l.all.add(now)
	if broadcast {
		l.broadcasts.add(now)
		l.pace = l.due(now).Add(broadcastEvery)
	}
	c := l.chats[chat]
	if c == nil {
		c = &chatLimit{}
		if chat < 0 {
			c.minute = newWindow(groupPerMinute, time.Minute)
		}
		l.chats[chat] = c
	}
	c.last = now
	if c.minute != nil {
		c.minute.add(now)
	}
	if l.sends++; l.sends%forgetChats == 0 {
		l.forget(now)
	}
}

// arrived counts the chat's second from now: a call that took long reached Telegram at some time before it ended.
func (l *limits) arrived(now time.Time, chat int64) {
	if c := l.chats[chat]; c != nil {
		c.last = now
	}
}

// ready is when the chat takes its next message.
func (c *chatLimit) ready() time.Time {
	at := c.last.Add(chatEvery)
	if c.minute != nil {
		if then := c.minute.ready(); then.After(at) {
			return then
		}
	}
	return at
}

// blocked are the chats to which nothing may be sent now.
func (l *limits) blocked(now time.Time) []int64 {
	var out []int64
	for chat, c := range l.chats {
		if now.Before(c.ready()) {
			out = append(out, chat)
		}
	}
	return out
}

// next is when something more may be sent than now; zero if nothing is held back.
func (l *limits) next(now time.Time) time.Time {
	var at time.Time
	sooner := func(then time.Time) {
		if then.After(now) && (at.IsZero() || then.Before(at)) {
			at = then
		}
	}
	sooner(l.silence)
	sooner(l.all.ready())
	sooner(l.broadcasts.ready())
	sooner(l.pace)
	for _, c := range l.chats {
		sooner(c.ready())
	}
	return at
}

// forget drops chats that hold nothing back any more.
func (l *limits) forget(now time.Time) {
	for chat, c := range l.chats {
		if now.Sub(c.last) > time.Minute {
			delete(l.chats, chat)
		}
	}
}

// window lets so many pass in any span of time.
type window struct {
	span time.Duration
	// passed are the times of the last ones, a ring of which next is the oldest.
	passed []time.Time
	next   int
}

func newWindow(n int, span time.Duration) *window {
	return &window{span: span, passed: make([]time.Time, n)}
}

// ready is when one may pass; a time in the past if one may now.
func (w *window) ready() time.Time {
	if w.passed[w.next].IsZero() {
		return time.Time{}
	}
	return w.passed[w.next].Add(w.span)
}

func (w *window) free(now time.Time) int {
	n := 0
	for _, at := range w.passed {
		if at.IsZero() || now.Sub(at) >= w.span {
			n++
		}
	}
	return n
}

func (w *window) add(now time.Time) {
	w.passed[w.next] = now
	w.next = (w.next + 1) % len(w.passed)
}
