package host

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
)

func TestAddDescribesAndAnalyzesInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.BatchSize = 7 })
	description, err := b.Add(t.Context(), b.spec("p", b.path, "7.1"))
	if err != nil {
		t.Fatal(err)
	}
	if description.Name != "misbehaving" || description.Kinds[0] != analyzer.Sentiment {
		t.Errorf("got %+v", description)
	}
	results, err := b.Analyze(t.Context(), "p", "", texts(strings.Split(strings.Repeat("a ", 100), " ")...))
	if err != nil {
		t.Fatal(err)
	}
	for i, result := range results {
		if result.ID != texts(make([]string, 101)...)[i].ID || result.Err != nil || result.Outcomes[0].Label != "7.1" {
			t.Fatalf("result %d: %+v", i, result)
		}
	}
	status := b.status("p")
	if status.Calls != 15 || status.Inputs != 101 || status.State != Running || status.PID == 0 || status.Memory == 0 || status.Failures != 0 {
		t.Errorf("got %+v", status)
	}
	if _, err := b.Analyze(t.Context(), "p", "", []analyzer.Input{{ID: "a"}, {ID: "a"}}); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("an id twice: %v", err)
	}
	results, err = b.Analyze(t.Context(), "p", "", []analyzer.Input{{ID: "a"}, {ID: "\xff"}})
	if err != nil || results[0].Err != nil || results[1].Err == nil || results[1].Err.Kind != analyzer.Invalid {
		t.Errorf("an id that is not UTF-8: %+v, %v", results, err)
	}
	if results, err := b.Analyze(t.Context(), "p", "", nil); err != nil || len(results) != 0 {
		t.Errorf("no inputs: %v, %v", results, err)
	}
}

func TestStartsThatFail(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := b.spec("checksum", b.path, "1")
	other.Checksum = strings.Repeat("0", 64)
	for _, test := range []struct {
		spec Spec
		kind domain.Kind
		says string
	}{
		{other, domain.KindInvalid, "checksum"},
		{Spec{Name: "unpinned", Path: b.path}, domain.KindInvalid, "checksum"},
		{Spec{Name: "absent", Path: "/nowhere", Checksum: other.Checksum}, domain.KindInvalid, "no such file"},
		{b.spec("script", script, "1"), domain.KindInternal, "handshake"},
		{b.spec("plain", plain, "1"), domain.KindInternal, "handshake"},
		{b.spec("exits", b.as("exits"), "1"), domain.KindInternal, "handshake"},
		{b.spec("rubbish", b.as("rubbish"), "1"), domain.KindInternal, "handshake"},
		{b.spec("future", b.as("future"), "1"), domain.KindInternal, "version"},
		{b.spec("nameless", b.as("nameless"), "1"), domain.KindInvalid, "name"},
		{b.spec("settings", b.path, "impossible"), domain.KindInvalid, "no such version"},
		{Spec{Name: "unknown", Path: b.path, Checksum: b.spec("", b.path, "").Checksum, Settings: json.RawMessage(`{"colour":1}`)}, domain.KindInvalid, "colour"},
	} {
		t.Run(test.spec.Name, func(t *testing.T) {
			_, err := b.Add(t.Context(), test.spec)
			if domain.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), test.spec.Name) {
				t.Errorf("got %s: %v", domain.KindOf(err), err)
			}
			if status := b.status(test.spec.Name); status.State != OutOfService || status.LastError == "" || status.PID != 0 {
				t.Errorf("got %+v", status)
			}
			_, err = b.Analyze(t.Context(), test.spec.Name, "", texts("a"))
			if domain.KindOf(err) != domain.KindUnavailable {
				t.Errorf("analyze: %v", err)
			}
		})
	}
}

func TestMutePluginIsTriedAgainThenGivenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.StartTimeout = 200 * time.Millisecond })
	_, err := b.Add(t.Context(), b.spec("mute", b.as("mute"), "1"))
	if domain.KindOf(err) != domain.KindUnavailable {
		t.Fatalf("got %v", err)
	}
	b.await("mute", OutOfService)
	if status := b.status("mute"); status.Failures != 3 || status.PID != 0 {
		t.Errorf("got %+v", status)
	}
}

func TestDescribeLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	description, err := b.Describe(t.Context(), b.path)
	if err != nil || description.Version != "1" || len(description.Settings) != 1 {
		t.Errorf("got %+v, %v", description, err)
	}
	if _, err := b.Describe(t.Context(), b.as("exits")); domain.KindOf(err) != domain.KindInternal {
		t.Errorf("got %v", err)
	}
	if len(b.Status()) != 0 {
		t.Error("it was registered")
	}
}

// TestAnswersAgainstTheContract: one input's nonsense is that input's error; nonsense about the batch is the plugin's
// failure. The host and the other inputs go on.
func TestAnswersAgainstTheContract(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"nan", "range", "infinite", "kind", "panic", "error boom"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.mustAdd("1")
			results, err := b.Analyze(t.Context(), "p", "", texts("a", text, "b"))
			if err != nil {
				t.Fatal(err)
			}
			if results[1].Err == nil || results[1].Err.Kind != analyzer.Internal || results[1].Outcomes != nil {
				t.Errorf("got %+v", results[1])
			}
			if results[0].Err != nil || results[2].Err != nil {
				t.Errorf("the others failed too: %+v", results)
			}
			if status := b.status("p"); status.Failures != 0 || status.BadResults != 1 {
				t.Errorf("got %+v", status)
			}
		})
	}
	for _, text := range []string{"wrong", "missing", "double", "huge"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.mustAdd("1")
			_, err := b.Analyze(t.Context(), "p", "", texts("a", text, "b"))
			var failure *process.Failure
			if domain.KindOf(err) != domain.KindInternal || !errors.As(err, &failure) || failure.Kind != process.Broken {
				t.Fatalf("got %v", err)
			}
			if results, err := b.Analyze(t.Context(), "p", "", texts("a", "b")); err != nil || results[1].Err != nil {
				t.Errorf("afterwards: %v", err)
			}
			if status := b.status("p"); status.Failures != 1 || status.State != Running {
				t.Errorf("got %+v", status)
			}
		})
	}
}

func TestPluginsOwnErrorsAreNoFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("1")
	for range 5 {
		_, err := b.Analyze(t.Context(), "p", "", texts("busy", "a"))
		var told *analyzer.Error
		if domain.KindOf(err) != domain.KindUnavailable || !errors.As(err, &told) || told.Fault != analyzer.FaultDownstream {
			t.Fatalf("got %v", err)
		}
		results, err := b.Analyze(t.Context(), "p", "", texts("refuse", "a"))
		if err != nil || results[0].Err == nil || results[0].Err.Kind != analyzer.Invalid || results[1].Err != nil {
			t.Fatalf("got %+v, %v", results, err)
		}
	}
	if status := b.status("p"); status.Failures != 0 || status.State != Running {
		t.Errorf("got %+v", status)
	}
}

func TestOddTextsReachThePlugin(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("1")
	huge := strings.Repeat("😡", 1<<20) // 4 MiB, as large as a whole batch may be
	results, err := b.Analyze(t.Context(), "p", "", texts("\xff\xfe", "", huge, "a\u202eb", "\x00", strings.Repeat("x", 17<<20), "a"))
	if err != nil {
		t.Fatal(err)
	}
	for i, result := range results {
		if tooLarge := i == 5; (result.Err != nil) != tooLarge {
			t.Errorf("result %d: %v", i, result.Err)
		}
	}
	if results[5].Err.Kind != analyzer.Invalid {
		t.Errorf("got %v", results[5].Err)
	}
}

func TestEnvironmentIsClean(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://finco:secret@db/finco") // hence not parallel
	b := newBench(t, nil)
	b.mustAdd("1")
	results, err := b.Analyze(t.Context(), "p", "", texts("env"))
	if err != nil {
		t.Fatal(err)
	}
	var details struct{ Env []string }
	if err := json.Unmarshal(results[0].Outcomes[0].Details, &details); err != nil {
		t.Fatal(err)
	}
	allowed := []string{"PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR", "GOMEMLIMIT", "FINCO_ANALYZER", "PWD"}
	for _, entry := range details.Env {
		key, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(key, "PLUGIN_") && !strings.Contains(strings.Join(allowed, " "), key) {
			t.Errorf("the plugin sees %s", key)
		}
	}
}

func TestLogHoldsNoMessageText(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("1")
	const secret = "Men sizdan juda xafaman, pulimni qaytaring"
	if _, err := b.Analyze(t.Context(), "p", "", texts("print "+secret)); err != nil {
		t.Fatal(err)
	}
	results, err := b.Analyze(t.Context(), "p", "", texts("error "+secret))
	if err != nil || strings.Contains(results[0].Err.Message, "pulimni") {
		t.Errorf("got %+v, %v", results, err)
	}
	b.Close(t.Context())
	if strings.Contains(b.log.String(), "pulimni") {
		t.Error("the log holds a message's text")
	}
}

func TestSwapKeepsCallsUnderWay(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("old")
	pipe := filepath.Join(t.TempDir(), "pipe")
	for _, end := range []string{".begun", ".go"} {
		if err := unix.Mkfifo(pipe+end, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	type answer struct {
		results []analyzer.Result
		err     error
	}
	answered := make(chan answer, 1)
	go func() {
		results, err := b.Analyze(context.Background(), "p", "", texts("wait "+pipe))
		answered <- answer{results, err}
	}()
	if _, err := os.ReadFile(pipe + ".begun"); err != nil { // returns once the plugin has the call
		t.Fatal(err)
	}
	old := b.process("p")
	b.mustAdd("new")
	results, err := b.Analyze(t.Context(), "p", "", texts("a"))
	if err != nil || results[0].Outcomes[0].Label != "new" {
		t.Errorf("a later call: %+v, %v", results, err)
	}
	if err := os.WriteFile(pipe+".go", []byte("go\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := <-answered; got.err != nil || got.results[0].Outcomes[0].Label != "old" {
		t.Errorf("the call under way: %+v, %v", got.results, got.err)
	}
	<-old
	if status := b.status("p"); status.Failures != 0 || status.Restarts != 0 {
		t.Errorf("got %+v", status)
	}
}

func TestSwapUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("1")
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if results, err := b.Analyze(context.Background(), "p", "", texts("a", "b", "c")); err != nil || results[2].Err != nil {
					t.Errorf("got %v", err)
					return
				}
			}
		})
	}
	for _, version := range []string{"2", "3", "impossible", "4"} {
		_, err := b.Add(t.Context(), b.spec("p", b.path, version))
		if (err != nil) != (version == "impossible") {
			t.Errorf("version %s: %v", version, err)
		}
	}
	results, err := b.Analyze(t.Context(), "p", "", texts("a"))
	if err != nil || results[0].Outcomes[0].Label != "4" {
		t.Errorf("the last version does not run: %+v, %v", results, err)
	}
	close(stop)
	callers.Wait()
	if status := b.status("p"); status.Failures != 0 {
		t.Errorf("got %+v", status)
	}
}

func TestRemoveAndClose(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("1")
	gone := b.process("p")
	b.Remove(t.Context(), "p")
	<-gone
	if _, err := b.Analyze(t.Context(), "p", "", texts("a")); domain.KindOf(err) != domain.KindUnavailable {
		t.Errorf("got %v", err)
	}
	if err := b.Reset(t.Context(), "p"); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("got %v", err)
	}
	b.mustAdd("1")
	gone = b.process("p")
	b.Close(t.Context())
	<-gone
	if _, err := b.Add(t.Context(), b.spec("p", b.path, "1")); domain.KindOf(err) != domain.KindUnavailable {
		t.Errorf("got %v", err)
	}
}

// What a version says must not be stored as another's.
func TestAnotherVersionDoesNotAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(*Config) {})
	d, err := b.Add(t.Context(), b.spec("p", b.path, "7.1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Analyze(t.Context(), "p", d.Version, texts("a")); err != nil {
		t.Error(err)
	}
	if _, err := b.Analyze(t.Context(), "p", d.Version+".1", texts("a")); domain.KindOf(err) != domain.KindUnavailable {
		t.Errorf("another version: %v", err)
	}
}
