package args_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/fincokpi/finco/jobs/args"
)

// What is queued when a new release starts was written by the one before: kinds and fields stay.
func TestKindsAndFieldsStay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		job        river.JobArgs
		kind, text string
	}{
		{args.AnalyzeMessages{Analyzer: "sentiment", ContentIDs: []int{3, 4}}, "analyze_messages", `{"analyzer":"sentiment","content_ids":[3,4]}`},
		{args.RefreshKPIs{}, "refresh_kpis", `{}`},
		{args.RefreshKPIs{Urgent: true}, "refresh_kpis", `{"urgent":true}`},
	} {
		raw, err := json.Marshal(c.job)
		if err != nil {
			t.Fatal(err)
		}
		if c.job.Kind() != c.kind || string(raw) != c.text {
			t.Errorf("got %s %s, want %s %s", c.job.Kind(), raw, c.kind, c.text)
		}
	}
}

func TestAnalysesGiveUpAfterFiveAttempts(t *testing.T) {
	t.Parallel()
	opts := args.AnalyzeMessages{}.InsertOpts()
	if opts.MaxAttempts != 5 || opts.Queue != args.QueueLive {
		t.Errorf("got %d attempts on %q", opts.MaxAttempts, opts.Queue)
	}
}

func TestOneRefreshAtATime(t *testing.T) {
	t.Parallel()
	opts := args.RefreshKPIs{}.InsertOpts()
	if opts.Queue != args.QueueLive || !opts.UniqueOpts.ByArgs {
		t.Errorf("on queue %q; an urgent one would wait for the others: %v", opts.Queue, !opts.UniqueOpts.ByArgs)
	}
	unique := make(map[rivertype.JobState]bool)
	for _, state := range opts.UniqueOpts.ByState {
		unique[state] = true
	}
	for _, state := range rivertype.JobStates() {
		over := state == rivertype.JobStateCompleted || state == rivertype.JobStateCancelled || state == rivertype.JobStateDiscarded
		if unique[state] == over {
			t.Errorf("%s: unique is %v", state, unique[state])
		}
	}
}

// The package is a leaf: whoever enqueues imports it without importing a worker.
func TestImportsNothingOfOurs(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "args.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(path, "finco") {
			t.Errorf("imports %s", path)
		}
	}
}
