package args

import (
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The queues. Bulk work (an import, a re-analysis) has workers of its own, so that it never delays what someone waits for.
const (
	QueueLive = "live"
	QueueBulk = "bulk"
	// QueueSpeech is for what is listened to: a note may take minutes.
	QueueSpeech = "speech"
)

// AnalyzeMessages runs one analyzer over the contents of some messages. It holds ids only: text stays in its own table,
// where access rules cover it.
type AnalyzeMessages struct {
	// Analyzer is the analyzer's name; the version that works for each message is found when the job runs.
	Analyzer string `json:"analyzer"`
	// Version is of one in shadow; the job does nothing once it is in shadow no more. Empty: whichever works.
	Version string `json:"version,omitempty"`
	// Again has judged what an earlier version of the analyzer has judged already.
	Again bool `json:"again,omitempty"`
	// ContentIDs are the ids of message contents.
	ContentIDs []int `json:"content_ids"`
}

// Kind names the job in the database; never change it.
func (AnalyzeMessages) Kind() string { return "analyze_messages" }

// InsertOpts gives up after five attempts. The queue is the caller's to say; unsaid it is the live one.
func (AnalyzeMessages) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueLive, MaxAttempts: 5}
}

// RefreshKPIs computes again the KPI results that are marked as stale. The marks are rows of their own, so one job that
// takes whatever is marked stands for any number of requests.
type RefreshKPIs struct {
	// Urgent tells that somebody waits for them. It has a place beside the one that is to run later.
	Urgent bool `json:"urgent,omitempty"`
}

// Kind names the job in the database; never change it.
func (RefreshKPIs) Kind() string { return "refresh_kpis" }

// InsertOpts lets one such job, and one urgent one, exist at a time, whether it waits, runs or is to be retried. A mark made
// while it runs is taken by its next round, or by the sweep a few seconds later.
func (RefreshKPIs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: QueueLive,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable,
			rivertype.JobStatePending,
			rivertype.JobStateRetryable,
			rivertype.JobStateRunning,
			rivertype.JobStateScheduled,
		}},
	}
}
