package bot

import (
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2026, 9, 15, 12, 0, 0, 0, time.UTC)

// run sends whatever is free for a span of virtual time, in steps, each to another private chat, and returns when.
func run(l *limits, span, step time.Duration, broadcasts bool) []time.Time {
	var sent []time.Time
	for at := noon; at.Before(noon.Add(span)); at = at.Add(step) {
		for n := l.free(at, broadcasts); n > 0; n-- {
			l.take(at, int64(1000+len(sent)), broadcasts)
			sent = append(sent, at)
		}
	}
	return sent
}

// most is the largest number of times within any span.
func most(times []time.Time, span time.Duration) int {
	out := 0
	for i, from := range times {
		n := 0
		for _, at := range times[i:] {
			if at.Sub(from) < span {
				n++
			}
		}
		out = max(out, n)
	}
	return out
}

func TestNoSecondHasMoreThanThirty(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{time.Millisecond, 7 * time.Millisecond, 333 * time.Millisecond} {
		sent := run(newLimits(), 20*time.Second, step, false)
		if n := most(sent, time.Second); n > 30 {
			t.Errorf("with steps of %v a second has %d", step, n)
		}
		if len(sent) < 450 {
			t.Errorf("with steps of %v only %d went in 20 s", step, len(sent))
		}
	}
}

func TestBroadcastsAreSpreadAndLeaveRoom(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{time.Millisecond, 7 * time.Millisecond, 50 * time.Millisecond} {
		l := newLimits()
		sent := run(l, 20*time.Second, step, true)
		if n := most(sent, time.Second); n > 25 {
			t.Errorf("with steps of %v a second has %d", step, n)
		}
		if n := most(sent, broadcastEvery); n > 5 {
			t.Errorf("with steps of %v %d go at once", step, n)
		}
		if len(sent) < 490 {
			t.Errorf("with steps of %v only %d of 500 went in 20 s", step, len(sent))
		}
		if n := l.free(noon.Add(20*time.Second), false); n < 5 {
			t.Errorf("beside broadcasts there is room for %d replies", n)
		}
	}
}

func TestAChatTakesOneASecondAndAGroupTwentyAMinute(t *testing.T) {
	t.Parallel()
	for _, chat := range []int64{42, -42} {
		l := newLimits()
		var sent []time.Time
		for at := noon; at.Before(noon.Add(3 * time.Minute)); at = at.Add(100 * time.Millisecond) {
			if !slices.Contains(l.blocked(at), chat) {
				l.take(at, chat, false)
				sent = append(sent, at)
			}
		}
		want := map[int64]int{42: 180, -42: 60}[chat]
		if len(sent) != want || most(sent, time.Second) > 1 {
			t.Errorf("chat %d took %d in three minutes, %d in a second; want %d and 1", chat, len(sent), most(sent, time.Second), want)
		}
		if n := most(sent, time.Minute); chat < 0 && n > 20 {
			t.Errorf("a group took %d in a minute", n)
		}
	}
}

func TestSilenceHoldsEverything(t *testing.T) {
	t.Parallel()
	l := newLimits()
	l.hold(noon.Add(10 * time.Second))
	l.hold(noon.Add(5 * time.Second)) // the longer one counts
	for _, broadcasts := range []bool{false, true} {
		if n := l.free(noon.Add(9*time.Second), broadcasts); n != 0 {
			t.Errorf("%d are free in silence", n)
		}
		if n := l.free(noon.Add(10*time.Second), broadcasts); n == 0 {
			t.Error("silence does not end")
		}
	}
	if at := l.next(noon); !at.Equal(noon.Add(10 * time.Second)) {
		t.Errorf("goes on at %v", at)
	}
}

func TestNextIsWhenSomethingBecomesFree(t *testing.T) {
	t.Parallel()
	l := newLimits()
	if at := l.next(noon); !at.IsZero() {
		t.Fatalf("nothing was sent, yet something is held back until %v", at)
	}
	l.take(noon, 7, false)
	if at := l.next(noon); !at.Equal(noon.Add(time.Second)) {
		t.Errorf("the chat is ready at %v", at)
	}
	l.take(noon, 8, true)
	// What was not sent while nobody wanted to is made up for by at most four.
	for range 4 {
		l.take(noon, 9, true)
	}
	if at := l.next(noon); !at.Equal(noon.Add(broadcastEvery)) {
		t.Errorf("the next broadcast goes at %v", at)
	}
}

func TestIdleChatsAreForgotten(t *testing.T) {
	t.Parallel()
	l := newLimits()
	for i := range 10 * forgetChats {
		l.take(noon.Add(time.Duration(i)*time.Second), int64(i+1), false)
	}
	if n := len(l.chats); n > forgetChats+61 {
		t.Errorf("%d chats are remembered", n)
	}
}
