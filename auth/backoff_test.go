package auth_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fincokpi/finco/auth"
)

func TestBackoffDoublesFromTheFifthFailure(t *testing.T) {
	t.Parallel()
	for failures, want := range map[int]time.Duration{
		math.MinInt: 0, 0: 0, 4: 0, 5: time.Second, 6: 2 * time.Second, 10: 32 * time.Second, 13: 256 * time.Second,
		14: 5 * time.Minute, 100: 5 * time.Minute, math.MaxInt: 5 * time.Minute,
	} {
		if got := auth.Backoff(failures); got != want {
			t.Errorf("%d failures: %s, want %s", failures, got, want)
		}
	}
}

func TestBackoffGrowsAndNeverLocks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(-10, 1_000_000).Draw(t, "failures")
		now, next := auth.Backoff(n), auth.Backoff(n+1)
		if now < 0 || next < now || next > auth.MaxBackoff {
			t.Fatalf("%d: %s, then %s", n, now, next)
		}
	})
}

func TestAfterFailure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		before     int
		since      time.Duration
		count      int
		blockedFor time.Duration
	}{
		{"first", 0, 0, 1, 0},
		{"fourth", 3, time.Minute, 4, 0},
		{"fifth", 4, time.Minute, 5, time.Second},
		{"sixth", 5, time.Hour, 6, 2 * time.Second},
		{"the day after", 50, 24 * time.Hour, 1, 0},
		{"clock set back", 5, -time.Hour, 6, 2 * time.Second},
		{"nonsense", -3, time.Minute, 1, 0},
		{"very many", math.MaxInt - 1, time.Minute, math.MaxInt, 5 * time.Minute},
	} {
		count, until := auth.AfterFailure(c.before, start.Add(-c.since), start)
		if count != c.count || until.Sub(start) != c.blockedFor {
			t.Errorf("%s: %d, %s; want %d, %s", c.name, count, until.Sub(start), c.count, c.blockedFor)
		}
	}
}
