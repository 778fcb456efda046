package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
	"github.com/fincokpi/finco/plugins/analyzertest"
)

// sentences are what customers say, in words of the dictionary, each with the voice that says it.
var sentences = []struct{ voice, text string }{
	{"slt", "where is my order"},
	{"slt", "the customer asked about the price of the house"},
	{"slt", "i would like to speak to the manager"},
	{"rms", "the delivery was late and the box was broken"},
	{"slt", "thank you very much for your help"},
	{"rms", "please send me the new address of the store"},
	{"slt", "i paid for the phone three days ago"},
	{"slt", "can you tell me when it will arrive"},
	{"rms", "the service in your shop was very good"},
	{"slt", "my number has changed since last week"},
	{"rms", "i want my money back today"},
	{"slt", "how much does it cost to send it to another city"},
}

// startBuilt starts the plugin as the host does.
func startBuilt(t *testing.T, given map[string]any) *process.Process {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	checksum, err := process.Checksum(path)
	if err != nil {
		t.Fatal(err)
	}
	if given == nil {
		given = map[string]any{}
	}
	raw, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	p, err := process.Start(t.Context(), process.Options{Path: path, Checksum: checksum, Settings: raw, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop(context.Background()) })
	return p
}

// listenBuilt hands a note to the process.
func listenBuilt(t *testing.T, p *process.Process, raw []byte) analyzer.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	result, err := p.Listen(ctx, asked, audio(raw))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// needSphinx fails a test on a machine without PocketSphinx.
func needSphinx(t *testing.T) {
	t.Helper()
	need(t, "pocketsphinx_continuous", "pocketsphinx pocketsphinx-en-us")
}

func TestRealSpeechEndsAsATranscript(t *testing.T) {
	t.Parallel()
	needSphinx(t)
	p := startBuilt(t, nil)
	wrong, words, seconds, took := 0, 0, 0.0, time.Duration(0)
	for _, s := range sentences {
		wav := speak(t, s.voice, s.text)
		note := encode(t, wav)
		began := time.Now()
		result := listenBuilt(t, p, note)
		took += time.Since(began)
		if result.Err != nil || len(result.Outcomes) != 1 {
			t.Fatalf("%q: %+v", s.text, result)
		}
		o := result.Outcomes[0]
		var d details
		if err := json.Unmarshal(o.Details, &d); err != nil {
			t.Fatal(err)
		}
		length := float64(len(wav)-44) / bytesPerSec
		seconds += length
		if o.Kind != analyzer.Transcript || o.Language != "en" || o.Confidence <= 0 || o.Confidence > pocketSphinxTrust || d.Engine != pocketSphinx {
			t.Errorf("%q: %+v", s.text, o)
		}
		for _, segment := range d.Segments {
			if segment.Text == "" || *segment.Start < 0 || *segment.End <= *segment.Start || *segment.End > length+1 {
				t.Errorf("%q: segment %+v of %.1f s", s.text, segment, length)
			}
		}
		errors := distance(strings.Fields(s.text), strings.Fields(o.Text))
		wrong, words = wrong+errors, words+len(strings.Fields(s.text))
		t.Logf("%d wrong, sure %.2f: %s", errors, o.Confidence, o.Text)
	}
	rate := float64(wrong) / float64(words)
	t.Logf("word error rate %.2f over %d words, real-time factor %.2f", rate, words, took.Seconds()/seconds)
	if rate > 0.35 {
		t.Errorf("word error rate %.2f, want at most 0.35", rate)
	}
}

// distance is the least number of words to put in, leave out or exchange.
func distance(want, got []string) int {
	row := make([]int, len(got)+1)
	for j := range row {
		row[j] = j
	}
	for i, w := range want {
		before := row[0]
		row[0] = i + 1
		for j, g := range got {
			cost := before
			if w != g {
				cost = 1 + min(before, row[j], row[j+1])
			}
			before, row[j+1] = row[j+1], cost
		}
	}
	return row[len(got)]
}

func TestUtterancesAreSegmentsAtTheirTimes(t *testing.T) {
	t.Parallel()
	needSphinx(t)
	first, second := speak(t, "slt", "thank you very much for your help"), speak(t, "slt", "the customer asked about the price of the house")
	pause := make([]byte, 2*bytesPerSec)
	pcm := bytes.Join([][]byte{first[44:], pause, second[44:]}, nil)
	note := encode(t, append(wavHeader(), pcm...))
	o, d := hear(t, start(t, map[string]any{"engine": pocketSphinx}), note)
	if len(d.Segments) != 2 {
		t.Fatalf("segments %+v", d.Segments)
	}
	begins := float64(len(first)-44)/bytesPerSec + 2
	if *d.Segments[0].End > begins-1.5 || math.Abs(*d.Segments[1].Start-begins) > 0.7 || o.Text != d.Segments[0].Text+" "+d.Segments[1].Text {
		t.Errorf("segments from %v to %v and from %v; the second begins at %.1f", *d.Segments[0].Start, *d.Segments[0].End, *d.Segments[1].Start, begins)
	}
}

func TestSilenceHasNoTranscript(t *testing.T) {
	t.Parallel()
	needSphinx(t)
	silence(t, start(t, nil), encode(t, append(wavHeader(), make([]byte, 3*bytesPerSec)...)))
}

// The setting goes before the host's hint, with the engine installed or not.
func TestTheLanguageSetGoesBeforeTheHint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set, hint string
		refused   bool
	}{{"en", "ru", false}, {"en-US", "uz-Latn", false}, {"ru", "en", true}, {"", "ru", true}} {
		p := start(t, map[string]any{"engine": pocketSphinx, "language": c.set})
		_, err := p.Listen(t.Context(), analyzer.Input{ID: "1", Language: c.hint}, audio(encode(t, append(wavHeader(), make([]byte, bytesPerSec)...))))
		told := analyzer.AsError(err)
		if refused := told != nil && strings.Contains(told.Message, "English only"); refused != c.refused {
			t.Errorf("%q before %q: %v", c.set, c.hint, err)
		}
	}
}

func TestPocketSphinxDoesNotJudgeOtherLanguages(t *testing.T) {
	t.Parallel()
	needSphinx(t)
	p := start(t, nil)
	for _, hint := range []string{"uz-Latn", "ru", "uz-Cyrl"} {
		outcomes, err := p.Listen(t.Context(), analyzer.Input{ID: "1", Language: hint}, audio(sample(t)))
		if told := analyzer.AsError(err); len(outcomes) > 0 || told == nil || told.Kind != analyzer.Invalid || !strings.Contains(told.Message, "English only") {
			t.Errorf("%s: %+v, %v", hint, outcomes, err)
		}
	}
	failing(t, start(t, map[string]any{"language": "ru"}), audio(sample(t)), analyzer.FaultPlugin, analyzer.Invalid, "in ru")
}

func TestWithoutAnyEngineItSaysWhatToInstall(t *testing.T) {
	t.Parallel()
	p, err := newPlugin()
	if err != nil {
		t.Fatal(err)
	}
	p.tools.pocketSphinx = "no-such-program"
	configure(t, p, nil)
	failing(t, p, audio(sample(t)), analyzer.FaultDownstream, analyzer.Invalid, "set url")
	configure(t, p, map[string]any{"engine": pocketSphinx})
	failing(t, p, audio(sample(t)), analyzer.FaultDownstream, analyzer.Invalid, "apt-get install pocketsphinx")
	configure(t, p, map[string]any{"engine": off})
	silence(t, p, sample(t))
}

func TestAPocketSphinxThatFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		program string
		kind    analyzer.ErrorKind
		says    string
	}{
		{"cat >/dev/null; echo gossip; exit 1", analyzer.Internal, "pocketsphinx-en-us"},
		{"cat >/dev/null; kill -9 $$", analyzer.Unavailable, "killed"},
		{"cat >/dev/null; kill -SEGV $$", analyzer.Internal, "crashed"},
		{"cat >/dev/null; head -c 5000000 /dev/zero", analyzer.Internal, "more than 4 MiB"},
	} {
		p, err := newPlugin()
		if err != nil {
			t.Fatal(err)
		}
		p.tools.pocketSphinx = script(t, c.program)
		configure(t, p, map[string]any{"engine": pocketSphinx})
		failing(t, p, audio(sample(t)), analyzer.FaultDownstream, c.kind, c.says)
	}
}

func TestBreathsKeepUtterancesShortAndTimesTrue(t *testing.T) {
	t.Parallel()
	loud := bytes.Repeat([]byte{0x00, 0x10}, 150*sampleRate) // two and a half minutes without a pause
	b := &breather{from: bytes.NewReader(loud)}
	out, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != len(loud)+2*bytesPerSec || len(b.breaths) != 2 {
		t.Fatalf("%d bytes of %d, breaths %v", len(out), len(loud), b.breaths)
	}
	if !bytes.Equal(out[60*bytesPerSec:61*bytesPerSec], make([]byte, bytesPerSec)) {
		t.Error("the first breath is not silent")
	}
	for given, want := range map[float64]float64{0: 0, 59: 59, 60.5: 60, 61: 60, 100: 99, 122: 120, 150: 148} {
		if got := b.original(given); math.Abs(got-want) > 0.001 {
			t.Errorf("%v is %v of the note, want %v", given, got, want)
		}
	}
	quiet := append(bytes.Repeat([]byte{0x00, 0x10}, 52*sampleRate), make([]byte, bytesPerSec/5)...)
	b = &breather{from: bytes.NewReader(append(quiet, loud...))}
	if _, err := io.Copy(io.Discard, b); err != nil || b.breaths[0] != 521 {
		t.Errorf("breaths %v, %v: want the first where the voice is low", b.breaths, err)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	analyzertest.Check(t, path)
}
