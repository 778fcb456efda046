package args

import (
	"time"

	"github.com/riverqueue/river"
)

// Resettle settles the waits of some chats with messages since a moment anew; each step enqueues the next.
type Resettle struct {
	Since time.Time `json:"since"`
	// AfterChat is the id of the last chat that is done, 0 at the beginning.
	AfterChat int `json:"after_chat"`
}

// Kind names the job in the database; never change it.
func (Resettle) Kind() string { return "resettle" }

// InsertOpts lets live work go first.
func (Resettle) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: QueueBulk} }
