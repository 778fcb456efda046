package args_test

import (
	"encoding/json"
	"testing"

	"github.com/riverqueue/river/rivertype"

	"github.com/fincokpi/finco/jobs/args"
)

func TestOneLearnsAtATimeBehindLiveWork(t *testing.T) {
	t.Parallel()
	job := args.Learn{}
	raw, err := json.Marshal(job)
	if err != nil || string(raw) != "{}" || job.Kind() != "learn" {
		t.Errorf("%s %s, %v", job.Kind(), raw, err)
	}
	opts := job.InsertOpts()
	if opts.Queue != args.QueueBulk || opts.MaxAttempts != 1 {
		t.Errorf("%d attempts on %q", opts.MaxAttempts, opts.Queue)
	}
	for _, state := range opts.UniqueOpts.ByState {
		if state == rivertype.JobStateCompleted || state == rivertype.JobStateDiscarded {
			t.Errorf("one that is %s keeps the next away", state)
		}
	}
}
