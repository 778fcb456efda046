package args

import (
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Learn has analyzers learn from feedback where it is time.
type Learn struct{}

// Kind names the job in the database; never change it.
func (Learn) Kind() string { return "learn" }

// InsertOpts lets one exist at a time, behind live work, and not try again: the next one comes in some hours.
func (Learn) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue:       QueueBulk,
		MaxAttempts: 1,
		UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}},
	}
}
