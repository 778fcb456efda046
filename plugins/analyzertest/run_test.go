package analyzertest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/plugins/analyzertest"
)

const testdata = "github.com/fincokpi/finco/plugins/analyzertest/testdata/"

func build(t *testing.T, name string) string {
	t.Helper()
	path, err := analyzertest.Build(t.Context(), t.TempDir(), testdata+name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWellBehavedPluginsPass: one that judges texts, one that listens, and one that was written without this repository's help.
func TestWellBehavedPluginsPass(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"wellbehaved", "listening", "stranger"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			analyzertest.Check(t, build(t, name))
		})
	}
}

// TestFindings gives the suite plugins with one fault each: the check that looks for it must find it.
func TestFindings(t *testing.T) {
	t.Parallel()
	path := build(t, "faulty")
	for fault, wanted := range map[string]string{
		"drops":   "answers a batch for every id once",
		"swaps":   "answers many calls in flight",
		"empty":   "takes an empty text",
		"huge":    "takes a megabyte of emoji",
		"odd":     "takes odd texts",
		"prints":  "keeps message text out of what it prints",
		"alone":   "runs twice at the same time",
		"undoc":   "with every setting explained",
		"accepts": "refuses settings that are no JSON object",
		"brittle": "survives unknown settings",
		"moody":   "describes itself the same way each time",
		"eager":   "answers an empty batch",
		"spoils":  "judges the others in a batch",
		"glass":   "survives bytes that are no UTF-8",
		"late":    "survives a deadline",
		"sulks":   "survives a caller that gives up",
		"stale":   "comes up again after kill -9",
		"hoards":  "holds no more memory",

		"ear-alone":   "runs twice at the same time",
		"ear-deaf":    "listens to a second of silence",
		"ear-invents": "makes no words of an empty sound",
		"ear-noise":   "makes no words of garbage",
		"ear-exits":   "makes no words of garbage",
		"ear-cut":     "survives a sound that is cut",
		"ear-whole":   "does not hold a long sound",
		"ear-late":    "survives a deadline",
		"ear-child":   "leaves no child behind",
		"ear-crowd":   "answers several voice notes in flight",
		"ear-stale":   "comes up again after kill -9",
		"ear-hoards":  "holds no more memory after many voice notes",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			named := filepath.Join(t.TempDir(), fault)
			if err := os.Link(path, named); err != nil {
				t.Fatal(err)
			}
			var problems []string
			for _, finding := range analyzertest.Run(t.Context(), named, analyzertest.Options{CallTimeout: 3 * time.Second}) {
				if !finding.OK() {
					problems = append(problems, finding.Check+": "+finding.Problem)
				}
			}
			if !strings.Contains(strings.Join(problems, "\n"), wanted) {
				t.Errorf("the fault was not found; found:\n%s", strings.Join(problems, "\n"))
			}
		})
	}
}

func TestNoPlugin(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho hello\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	findings := analyzertest.Run(context.Background(), path, analyzertest.Options{})
	if len(findings) != 1 || findings[0].OK() || !strings.Contains(findings[0].Problem, "does not start") {
		t.Errorf("got %+v", findings)
	}
}
