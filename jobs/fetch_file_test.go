package jobs

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/jobs/args"
)

// What is away is waited for without spending an attempt, what is gone is tried some times, and both end where people see it.
func TestHowLongAFileIsTried(t *testing.T) {
	t.Parallel()
	away := domain.Errorf(domain.KindUnavailable, "502")
	gone := domain.Errorf(domain.KindNotFound, "wrong file_id")
	week := 8 * 24 * time.Hour
	for name, c := range map[string]struct {
		fault    error
		attempt  int
		age      time.Duration
		metadata string
		snooze   time.Duration // at least
		again    bool
		state    string
	}{
		"fetched":            {nil, 1, 0, `{}`, 0, false, "STORED"},
		"away":               {away, 1, 0, `{}`, 2 * time.Second, false, "PENDING"},
		"away for long":      {away, 8, time.Hour, `{"snoozes": 30}`, 30 * time.Minute, false, "PENDING"},
		"away for a week":    {away, 1, week, `{"snoozes": 300}`, 0, false, "MISSING"},
		"silence":            {&app.Later{After: 2 * time.Hour, Err: away}, 1, 0, `{}`, 2 * time.Hour, false, "PENDING"},
		"our own fault":      {errors.New("disk full"), 8, 0, `{}`, 2 * time.Second, false, "PENDING"},
		"gone":               {gone, 1, 0, `{}`, 0, true, "PENDING"},
		"gone for good":      {gone, 8, 0, `{}`, 0, false, "MISSING"},
		"too big":            {app.ErrFileTooBig, 1, 0, `{}`, 0, false, "TOO_BIG"},
		"the workers' death": {nil, 9, 0, `{}`, 0, false, "MISSING"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := apptest.Example(t)
			m := w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "")
			m.Kind, m.Files = "VOICE", []app.FileInput{{Source: "voice", Kind: "VOICE"}}
			w.Record(m)
			w.Downloads.Keep("voice", "grr")
			if c.fault != nil {
				w.Downloads.Fail("voice", c.fault)
			}
			var id int
			w.One(`SELECT id FROM attachments`, nil, &id)
			var log strings.Builder
			worker := &fetchFile{app: w.App, log: slog.New(slog.NewTextHandler(&log, nil))}
			err := worker.Work(t.Context(), &river.Job[args.FetchFile]{
				JobRow: &rivertype.JobRow{ID: 1, Attempt: c.attempt, MaxAttempts: 8, CreatedAt: time.Now().Add(-c.age), Metadata: []byte(c.metadata)},
				Args:   args.FetchFile{AttachmentID: id},
			})
			var snoozed *river.JobSnoozeError
			if errors.As(err, &snoozed) != (c.snooze > 0) || snoozed != nil && snoozed.Duration < c.snooze {
				t.Errorf("%v", err)
			}
			var cancelled *river.JobCancelError
			if c.again && (err == nil || errors.As(err, &cancelled)) || c.state == "MISSING" != errors.As(err, &cancelled) {
				t.Errorf("%v", err)
			}
			var state string
			w.One(`SELECT state FROM attachments`, nil, &state)
			if state != c.state || strings.Contains(log.String(), "voice") {
				t.Errorf("%s; the log says %s", state, log.String())
			}
		})
	}
}

func TestTheWaitsForAFileGrow(t *testing.T) {
	t.Parallel()
	var all time.Duration
	for attempt := range 7 {
		all += time.Until((&fetchFile{}).NextRetry(&river.Job[args.FetchFile]{JobRow: &rivertype.JobRow{Attempt: attempt + 1}}))
	}
	if all < 2*time.Hour || all > 6*time.Hour {
		t.Errorf("what Telegram does not find is given up after %s", all)
	}
}
