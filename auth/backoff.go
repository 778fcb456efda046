package auth

import "time"

const (
	// FreeFailures is how many sign-ins may fail in a row without a delay.
	FreeFailures = 5
	// MaxBackoff is the longest delay: whoever guesses gets under 300 guesses a day, and the person locked out by a guesser
	// gets in again within minutes. There is no lock.
	MaxBackoff = 5 * time.Minute
	// ForgetFailures is how long after the last failure the count begins anew.
	ForgetFailures = 24 * time.Hour

	firstBackoff = time.Second
)

// Backoff is the delay after so many failures in a row: none below FreeFailures, then 1 s, 2 s, 4 s … up to MaxBackoff.
func Backoff(failures int) time.Duration {
	if failures < FreeFailures {
		return 0
	}
	delay := firstBackoff
	for range failures - FreeFailures {
		delay *= 2
		if delay >= MaxBackoff {
			return MaxBackoff
		}
	}
	return delay
}

// AfterFailure counts one more failed sign-in at now, when there were so many before and the last of them was at last. It
// returns the new count and until when further attempts are refused unheard; that is now while the failures are free.
func AfterFailure(failures int, last, now time.Time) (count int, until time.Time) {
	if failures < 0 || now.Sub(last) >= ForgetFailures {
		failures = 0
	}
	count = failures + 1
	return count, now.Add(Backoff(count))
}
