package server_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/server"
)

// anotherSentiment is the built-in analyzer of tone with a model of its own behind it, and so another version.
func (w *taught) anotherSentiment() string {
	w.t.Helper()
	m := &machine{w.t, w.cfg.DataDir}
	labelled, err := filepath.Abs("testdata/messages.tsv")
	if err != nil {
		w.t.Fatal(err)
	}
	model := filepath.Join(w.t.TempDir(), "sentiment.bin")
	m.must("analyzer", "train", "sentiment", "--data", labelled, "--out", model)
	learnt, err := os.ReadFile(model)
	if err != nil {
		w.t.Fatal(err)
	}
	executable, err := os.ReadFile(filepath.Join(w.cfg.AnalyzersDir, "sentiment"))
	if err != nil {
		w.t.Fatal(err)
	}
	var out bytes.Buffer
	if err := textmodel.Attach(&out, bytes.NewReader(executable), map[string][]byte{"sentiment": learnt}); err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.t.TempDir(), "sentiment")
	if err := os.WriteFile(path, out.Bytes(), 0o755); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// judgedBy counts the messages by who judged their tone so that it counts: each version's, and how many were judged by none or
// more than once.
func (w *taught) judgedBy() (byVersion map[string]int, wrong int) {
	w.t.Helper()
	rows, err := w.DB.Query(`
SELECT COALESCE(string_agg(n.version, ' '), ''), count(*) FROM messages m
LEFT JOIN analyses a ON a.message_id = m.id AND a.kind = 'SENTIMENT' AND NOT a.shadow LEFT JOIN analyzers n ON n.id = a.analyzer_id
WHERE m.side <> 'NONE' GROUP BY m.id`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	byVersion = map[string]int{}
	for rows.Next() {
		var versions string
		var n int
		if err := rows.Scan(&versions, &n); err != nil {
			w.t.Fatal(err)
		}
		if byVersion[versions]++; n != 1 || versions == "" {
			wrong++
		}
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return byVersion, wrong
}

// While a history is judged, another version takes over and the process of the one before is killed: every message is judged
// once, by one of the two.
func TestSwapDuringImport(t *testing.T) {
	t.Parallel()
	w := newTaught(t, "sentiment")
	export, _ := writeExport(t, t.TempDir())
	operator := w.Operator()
	installed, err := w.parts.InstallAnalyzer(operator, server.InstallOptions{Path: w.anotherSentiment()})
	if err != nil {
		t.Fatal(err)
	}
	var first string
	w.One(`SELECT version FROM analyzers WHERE name = 'sentiment' AND state = 'ENABLED'`, nil, &first)
	second := installed.Description.Version
	if second == first {
		t.Fatalf("both are of version %s", first)
	}

	ended := make(chan error, 1)
	go func() {
		_, err := w.parts.ImportTelegram(w.System("intake"), server.ImportOptions{Path: export, Wait: true})
		ended <- err
	}()
	for judged := 0; judged == 0; {
		w.One(`SELECT count(*) FROM analyses WHERE kind = 'SENTIMENT'`, nil, &judged)
		select {
		case err := <-ended:
			t.Fatalf("it was over before anything was judged: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	if _, err := w.parts.App.EnableAnalyzer(operator, app.AnalyzerChoice{Name: "sentiment", Version: second}); err != nil {
		t.Fatal(err)
	}
	killChild(t, os.Getpid(), filepath.Join(w.cfg.AnalyzersDir, "sentiment"))
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("the import does not end")
	}

	by, wrong := w.judgedBy()
	if wrong != 0 || by[first] == 0 || by[second] == 0 || by[first]+by[second] != exportChats*exportMessages {
		t.Errorf("%d messages were judged by none or twice; by version: %v", wrong, by)
	}
	var left, failures int
	w.One(`SELECT count(*) FROM river_job WHERE kind = 'analyze_messages' AND state <> 'completed'`, nil, &left)
	w.One(`SELECT count(*) FROM analysis_failures`, nil, &failures)
	if left != 0 || failures != 0 {
		t.Errorf("%d jobs are left, %d messages put aside", left, failures)
	}
}

// A candidate runs beside the enabled version in a process of its own, first in shadow and then with a share of the messages.
func TestACandidateRunsBeside(t *testing.T) {
	t.Parallel()
	w := newTaught(t, "sentiment")
	dir := t.TempDir()
	export, _ := writeExport(t, dir)
	path := w.anotherSentiment()
	installed, err := w.parts.InstallAnalyzer(w.Operator(), server.InstallOptions{Path: path, State: entanalyzer.StateShadow})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.parts.ImportTelegram(w.System("intake"), server.ImportOptions{Path: export, Wait: true}); err != nil {
		t.Fatal(err)
	}
	by, wrong := w.judgedBy()
	if wrong != 0 || len(by) != 1 || by[installed.Description.Version] != 0 {
		t.Errorf("in shadow: %d wrong, %v", wrong, by)
	}
	// The same version again, with a share: what comes then is divided.
	again := server.InstallOptions{Path: path, State: entanalyzer.StateSplit, Share: 40}
	if _, err := w.parts.InstallAnalyzer(w.Operator(), again); err != nil {
		t.Fatal(err)
	}
	more, err := os.ReadFile(export)
	if err != nil {
		t.Fatal(err)
	}
	later := filepath.Join(dir, "later.json")
	text := strings.ReplaceAll(string(more), `user7`, `user8`)
	for chat := range exportChats {
		text = strings.Replace(text, fmt.Sprintf(`"id":%d`, 7000+chat), fmt.Sprintf(`"id":%d`, 8000+chat), 1)
	}
	if err := os.WriteFile(later, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.parts.ImportTelegram(w.System("intake"), server.ImportOptions{Path: later, Wait: true}); err != nil {
		t.Fatal(err)
	}
	by, wrong = w.judgedBy()
	total := exportChats * exportMessages
	if share := float64(by[installed.Description.Version]) / float64(total); wrong != 0 || share < 0.35 || share > 0.45 {
		t.Errorf("with a share of 40 %%: %d wrong, %v", wrong, by)
	}
}
