package args

import (
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// QueueFiles is for what is fetched from Telegram: it waits for a network, and keeps nobody else waiting.
const QueueFiles = "files"

// FetchFile fetches a file that came with a message.
type FetchFile struct {
	// AttachmentID is the attachment's; one that is not pending any more needs nothing.
	AttachmentID int `json:"attachment_id"`
}

// Kind names the job in the database; never change it.
func (FetchFile) Kind() string { return "fetch_file" }

// InsertOpts gives up after eight attempts, of which waiting for a server that is away spends none.
func (FetchFile) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueFiles, MaxAttempts: 8}
}

// TidyFiles removes files that are kept no longer, and finds those that nobody fetches.
type TidyFiles struct{}

// Kind names the job in the database; never change it.
func (TidyFiles) Kind() string { return "tidy_files" }

// InsertOpts lets one exist at a time and not try again: the next one comes in some hours.
func (TidyFiles) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue:       QueueBulk,
		MaxAttempts: 1,
		UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}},
	}
}
