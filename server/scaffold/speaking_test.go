package scaffold_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
	"github.com/fincokpi/finco/plugins/analyzertest"
)

// variants builds projects whose author wrote what testdata has, in each language whose wire is not FinCo's own.
func variants(t *testing.T, name string, try func(t *testing.T, lang, executable string)) {
	t.Helper()
	npm(t)
	for _, lang := range languages(t) {
		files := map[string]string{"python": "analyzer.py", "typescript": "analyzer.ts main.ts"}[lang]
		if files == "" {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			dir, executable := project(t, lang, "politeness")
			for _, file := range strings.Fields(files) {
				content, err := os.ReadFile(filepath.Join("testdata", name, file))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "src", file), content, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.RemoveAll(filepath.Join(dir, "tests")); err != nil { // they are of the example
				t.Fatal(err)
			}
			mustMake(t, dir, "build")
			try(t, lang, executable)
		})
	}
}

// lines collects what a plugin logs.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func start(t *testing.T, executable, settings string, log *lines) (context.Context, *process.Process, error) {
	t.Helper()
	checksum, err := process.Checksum(executable)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	plugin, err := process.Start(ctx, process.Options{
		Path: executable, Checksum: checksum, Settings: json.RawMessage(settings), Log: slog.New(slog.NewTextHandler(log, nil)), StartTimeout: time.Minute,
	})
	if err == nil {
		t.Cleanup(func() { plugin.Stop(ctx) })
	}
	return ctx, plugin, err
}

func TestListening(t *testing.T) {
	t.Parallel()
	variants(t, "listener", func(t *testing.T, _, executable string) {
		for _, finding := range analyzertest.Run(t.Context(), executable, analyzertest.Options{}) {
			if !finding.OK() {
				t.Errorf("%s: %s", finding.Check, finding.Problem)
			}
		}
		log := &lines{}
		ctx, plugin, err := start(t, executable, "", log)
		if err != nil || !plugin.Description().Audio {
			t.Fatalf("%v", err)
		}
		sound := bytes.Repeat([]byte("RIFFabcd"), 1<<18) // 2 MiB
		for _, c := range []struct{ caption, text, failure string }{
			{"", "2097152 bytes", ""}, {"early", "True audio/ogg 2097152 1.5", ""},
			{"busy", "", "downstream unavailable: the model is busy"}, {"broken", "", "internal: exception of type "},
		} {
			audio := analyzer.Audio{Reader: bytes.NewReader(sound), MIME: "audio/ogg", Bytes: int64(len(sound)), Duration: 1500 * time.Millisecond}
			result, err := plugin.Listen(ctx, analyzer.Input{ID: "1", Text: c.caption}, audio)
			switch {
			case err != nil:
				t.Errorf("%s: %v", c.caption, err)
			case c.failure != "" && (result.Err == nil || !strings.HasPrefix(result.Err.Error(), c.failure)):
				t.Errorf("%s: %+v", c.caption, result)
			case c.failure == "" && (len(result.Outcomes) != 1 || result.Outcomes[0].Text != c.text):
				t.Errorf("%s: %+v %v", c.caption, result, result.Err)
			}
		}
		if strings.Contains(log.String(), "words of a message") {
			t.Errorf("it logs what an exception says:\n%s", log)
		}
	})
}

func TestBatches(t *testing.T) {
	t.Parallel()
	variants(t, "batch", func(t *testing.T, lang, executable string) {
		log := &lines{}
		var refused *process.Failure
		for settings, says := range map[string]string{`{"model":"none"}`: "there is no such model", `{}`: "model is required"} {
			if _, _, err := start(t, executable, settings, log); !errors.As(err, &refused) || refused.Kind != process.Refused || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v", settings, err)
			}
		}
		ctx, plugin, err := start(t, executable, `{"model":"some","credentials":{"a":[1]}}`, log)
		if err != nil {
			t.Fatal(err)
		}
		if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", plugin.PID())); lang == "typescript" && !strings.Contains(string(line), "--max-old-space-size=245\x00") {
			t.Errorf("Node.js does not know how much memory there is: %q, %v", line, err)
		}
		if d := plugin.Description(); d.MaxBatch != 5 || len(d.Settings) != 3 || !d.Settings[0].Required || !d.Settings[2].Secret || d.Settings[1].Type != analyzer.Integer {
			t.Errorf("%+v", d)
		}
		turns := []analyzer.Turn{{Side: analyzer.Customer, Text: "a", At: time.Unix(1, 0)}, {Side: analyzer.Staff, Text: "b", At: time.Unix(2, 0)}, {Text: "c"}}
		results, err := plugin.Analyze(ctx, []analyzer.Input{{ID: "x", Text: "odd"}, {ID: "y", Text: "even", Context: turns}})
		if err != nil || results[0].Err == nil || results[0].Err.Kind != analyzer.Invalid || len(results[1].Outcomes) != 1 || results[1].Outcomes[0].Label != "3C1S2N0" {
			t.Errorf("%+v %v", results, err)
		}
		var own *analyzer.Error
		if _, err := plugin.Analyze(ctx, []analyzer.Input{{ID: "z", Text: "broken"}}); !errors.As(err, &own) || own.Kind != analyzer.Internal {
			t.Errorf("%v", err)
		}
		plugin.Stop(ctx)
		said := log.String()
		if !strings.Contains(said, "level=WARN msg=\"plugin: a batch") || !strings.Contains(said, "a stray line") || strings.Contains(said, "words of a message") {
			t.Errorf("it logs\n%s", said)
		}
		// A busy machine may take so long that the host's SIGTERM meets an interpreter on its way out.
		if why := plugin.Reason(); !strings.Contains(why, "exit status 0") && !strings.Contains(why, "signal: terminated") {
			t.Errorf("it did not end when asked: it %s", plugin.Reason())
		}
	})
}

// TestGuide builds the worked examples of docs/plugins.md and lets the conformance suite examine them.
func TestGuide(t *testing.T) {
	t.Parallel()
	npm(t)
	guide, err := os.ReadFile("../../docs/plugins.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range languages(t) {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			_, rest, found := strings.Cut(string(guide), "```"+lang+"\n")
			code, _, whole := strings.Cut(rest, "```\n")
			if !found || !whole {
				t.Fatalf("the guide has no example in %s", lang)
			}
			dir, executable := project(t, lang, "topic")
			file := map[string]string{"go": "analyzer.go", "python": "src/analyzer.py", "typescript": "src/analyzer.ts"}[lang]
			if err := os.WriteFile(filepath.Join(dir, file), []byte(code), 0o644); err != nil {
				t.Fatal(err)
			}
			mustMake(t, dir, "build") // beside the example's own tests, as its author has it
			analyzertest.Check(t, executable)
			ctx, plugin, err := start(t, executable, `{"words":["pochta"]}`, &lines{})
			if err != nil {
				t.Fatal(err)
			}
			results, err := plugin.Analyze(ctx, []analyzer.Input{{ID: "1", Text: "Pochta keldimi?"}, {ID: "2", Text: "Rahmat"}})
			if err != nil || results[0].Outcomes[0].Label != "delivery" || results[1].Outcomes[0].Label != "other" {
				t.Errorf("%+v %v", results, err)
			}
		})
	}
}
