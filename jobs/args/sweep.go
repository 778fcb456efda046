package args

import (
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Sweep does what only time brings about, every few seconds.
type Sweep struct{}

// Kind names the job in the database; never change it.
func (Sweep) Kind() string { return "sweep" }

// InsertOpts lets one sweep exist at a time and not try again: the next one comes soon.
func (Sweep) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue:       QueueLive,
		MaxAttempts: 1,
		UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}},
	}
}
