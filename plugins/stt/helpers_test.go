package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzertest"
)

// TestMain builds the plugin once, for the tests that start it as the host does, and clears what the tests share.
func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "stt")
	if err != nil {
		panic(err)
	}
	shared = folder
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

var shared string // folder

// built is the path of the plugin's executable.
var built = sync.OnceValues(func() (string, error) {
	return analyzertest.Build(context.Background(), shared, "github.com/fincokpi/finco/plugins/stt")
})

// need fails a test whose program is missing, in one line.
func need(t *testing.T, program, pack string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%s is missing: apt-get install %s", program, pack)
	}
}

// run runs a program with input and gives what it prints.
func run(t *testing.T, input []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// speak makes a WAV of a sentence.
func speak(t *testing.T, voice, sentence string) []byte {
	t.Helper()
	need(t, "flite", "flite")
	path := filepath.Join(t.TempDir(), "said.wav")
	run(t, nil, "flite", "-voice", voice, "-t", sentence, "-o", path)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// encode makes a voice note, as Telegram has them, or another file of what ffmpeg's arguments say.
func encode(t *testing.T, wav []byte, args ...string) []byte {
	t.Helper()
	need(t, "ffmpeg", "ffmpeg")
	if len(args) == 0 {
		args = []string{"-ac", "1", "-ar", "48000", "-c:a", "libopus", "-b:a", "32k", "-f", "ogg"}
	}
	path := filepath.Join(t.TempDir(), "note")
	run(t, wav, "ffmpeg", append(append([]string{"-nostdin", "-v", "error", "-f", "wav", "-i", "pipe:0"}, args...), path)...)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// spoken is a short voice note for tests in which a fake server says what it hears.
var spoken = sync.OnceValue(func() []byte {
	out, err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "sine=frequency=300:duration=2",
		"-ac", "1", "-ar", "48000", "-c:a", "libopus", "-f", "ogg", "pipe:1").Output()
	if err != nil {
		return nil
	}
	return out
})

// sample is spoken, or the end of the test.
func sample(t *testing.T) []byte {
	t.Helper()
	need(t, "ffmpeg", "ffmpeg")
	note := spoken()
	if note == nil {
		t.Fatal("ffmpeg makes no OGG/Opus")
	}
	return note
}

// start configures a plugin in this process.
func start(t *testing.T, given map[string]any) *plugin {
	t.Helper()
	p, err := newPlugin()
	if err != nil {
		t.Fatal(err)
	}
	configure(t, p, given)
	return p
}

func configure(t *testing.T, p *plugin, given map[string]any) {
	t.Helper()
	if given == nil {
		given = map[string]any{}
	}
	raw, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	complete, err := analyzer.CompleteSettings(p.Describe().Settings, raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Configure(complete); err != nil {
		t.Fatal(err)
	}
}

// audio is a note as the host hands it over.
func audio(raw []byte) analyzer.Audio {
	return analyzer.Audio{Reader: bytes.NewReader(raw), MIME: "audio/ogg", Bytes: int64(len(raw))}
}

var asked = analyzer.Input{ID: "1", Side: analyzer.Customer}

// hear listens and expects one outcome that keeps the contract.
func hear(t *testing.T, p *plugin, raw []byte) (analyzer.Outcome, details) {
	t.Helper()
	outcomes, err := p.Listen(t.Context(), asked, audio(raw))
	if err != nil {
		t.Fatalf("not heard: %v", err)
	}
	if len(outcomes) != 1 {
		t.Fatalf("%d outcomes", len(outcomes))
	}
	if err := analyzer.CheckResult(p.Describe(), analyzer.Result{ID: "1", Outcomes: outcomes}); err != nil {
		t.Fatal(err)
	}
	var d details
	if err := json.Unmarshal(outcomes[0].Details, &d); err != nil {
		t.Fatal(err)
	}
	return outcomes[0], d
}

// silence listens and expects that nobody spoke.
func silence(t *testing.T, p *plugin, raw []byte) {
	t.Helper()
	if outcomes, err := p.Listen(t.Context(), asked, audio(raw)); err != nil || len(outcomes) > 0 {
		t.Errorf("heard %+v, %v in silence", outcomes, err)
	}
}

// failing listens and expects an error of that fault and kind that says what says, and quotes nobody.
func failing(t *testing.T, p *plugin, sound analyzer.Audio, fault analyzer.Fault, kind analyzer.ErrorKind, says string) {
	t.Helper()
	outcomes, err := p.Listen(t.Context(), asked, sound)
	if err == nil || len(outcomes) > 0 {
		t.Errorf("got %d outcomes and %v, want an error that says %q", len(outcomes), err, says)
		return
	}
	told := analyzer.AsError(err)
	if told.Fault != fault || told.Kind != kind || !strings.Contains(told.Message, says) {
		t.Errorf("got %v, want %s %s: %q", told, fault, kind, says)
	}
	for _, secret := range []string{"gossip", "hunter2"} {
		if strings.Contains(told.Message, secret) {
			t.Errorf("the error quotes %q: %s", secret, told.Message)
		}
	}
}

// script writes a program of the test's own. Another process writes it: were the file open here while a test beside forks, it could
// not be run ("text file busy").
func script(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	run(t, []byte("#!/bin/sh\n"+lines+"\n"), "sh", "-c", `cat > "$0" && chmod 755 "$0"`, path)
	return path
}

// slowly gives nothing after its bytes, until the test is over.
type slowly struct {
	first io.Reader
	until context.Context
}

func (s *slowly) Read(p []byte) (int, error) {
	if n, err := s.first.Read(p); n > 0 || err == nil {
		return n, nil
	}
	<-s.until.Done()
	return 0, s.until.Err()
}
