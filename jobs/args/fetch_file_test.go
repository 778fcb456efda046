package args_test

import (
	"encoding/json"
	"testing"

	"github.com/riverqueue/river"

	"github.com/fincokpi/finco/jobs/args"
)

func TestFilesHaveAQueueOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		job         river.JobArgs
		opts        river.InsertOpts
		kind, text  string
		queue       string
		mostAttempt int
	}{
		{args.FetchFile{AttachmentID: 7}, args.FetchFile{}.InsertOpts(), "fetch_file", `{"attachment_id":7}`, args.QueueFiles, 8},
		{args.TidyFiles{}, args.TidyFiles{}.InsertOpts(), "tidy_files", `{}`, args.QueueBulk, 1},
	} {
		raw, err := json.Marshal(c.job)
		if err != nil || string(raw) != c.text || c.job.Kind() != c.kind {
			t.Errorf("got %s %s, want %s %s: %v", c.job.Kind(), raw, c.kind, c.text, err)
		}
		if c.opts.Queue != c.queue || c.opts.MaxAttempts != c.mostAttempt {
			t.Errorf("%s: %d attempts on %q", c.kind, c.opts.MaxAttempts, c.opts.Queue)
		}
	}
}
