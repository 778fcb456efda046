package analyzertest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

func TestWellBehavedPluginPasses(t *testing.T) {
	t.Parallel()
	analyzertest.Check(t, build(t, "wellbehaved"))
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
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			named := filepath.Join(t.TempDir(), fault)
			if err := os.Link(path, named); err != nil {
				t.Fatal(err)
			}
			var problems []string
			for _, finding := range analyzertest.Run(t.Context(), named, analyzertest.Options{}) {
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
