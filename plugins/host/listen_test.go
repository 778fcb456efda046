package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
)

// mustHear runs the plugin with an ear under the name "p".
func (b *bench) mustHear(version string) {
	b.t.Helper()
	if _, err := b.Add(b.t.Context(), b.spec("p", b.as("hears"), version)); err != nil {
		b.t.Fatal(err)
	}
}

// hear sends a sound with a caption, by which the plugin misbehaves.
func (b *bench) hear(ctx context.Context, caption string, sound io.Reader) (analyzer.Result, error) {
	return b.Listen(ctx, "p", "", analyzer.Input{ID: "note " + caption, Text: caption, Language: "uz"},
		analyzer.Audio{Reader: sound, MIME: "audio/ogg", Duration: 3 * time.Second})
}

// noise is a sound that never ends and counts what it gave.
type noise struct{ given atomic.Int64 }

func (n *noise) Read(p []byte) (int, error) {
	n.given.Add(int64(len(p)))
	return len(p), nil
}

func TestListenHandsOnEveryByte(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustHear("7")
	sound := bytes.Repeat([]byte("OggS\x00\xff\xfe"), 500_001)
	sum := sha256.Sum256(sound)
	for name, reader := range map[string]io.Reader{
		"at once": bytes.NewReader(sound), "with the end": iotest.DataErrReader(bytes.NewReader(sound)), "in halves": iotest.HalfReader(bytes.NewReader(sound)),
	} {
		result, err := b.Listen(t.Context(), "p", "1", analyzer.Input{ID: "1", Language: "uz"},
			analyzer.Audio{Reader: reader, MIME: "audio/ogg", Bytes: int64(len(sound)), Duration: 3 * time.Second})
		if err != nil || result.Err != nil {
			t.Fatalf("%s: %v, %v", name, err, result.Err)
		}
		if got := result.Outcomes[0]; result.ID != "1" || got.Text != "3500007 audio/ogg 3s uz 7" || got.Label != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: got %+v", name, result)
		}
	}
	if result, err := b.hear(t.Context(), "", nil); err != nil || result.Err != nil || !strings.HasPrefix(result.Outcomes[0].Text, "0 ") {
		t.Errorf("no sound: got %+v, %v", result, err)
	}
	if status := b.status("p"); status.Calls != 4 || status.Inputs != 4 || status.Failures != 0 || status.InFlight != 0 {
		t.Errorf("got %+v", status)
	}
}

// TestListenIsHeldUpByThePlugin: who does not read is not sent more than the stream's window.
func TestListenIsHeldUpByThePlugin(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustHear("1")
	pipe := filepath.Join(t.TempDir(), "pipe")
	for _, end := range []string{".begun", ".go"} {
		if err := unix.Mkfifo(pipe+end, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sound := &noise{}
	answered := make(chan error, 1)
	go func() {
		_, err := b.hear(context.Background(), "wait "+pipe, io.LimitReader(sound, 64<<20))
		answered <- err
	}()
	if _, err := os.ReadFile(pipe + ".begun"); err != nil { // returns once the plugin has the call
		t.Fatal(err)
	}
	s, err := b.slot("p")
	if err != nil {
		t.Fatal(err)
	}
	for range 50 { // each takes its time, in which a sender without brakes would send megabytes
		if err := s.current.process.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if given := sound.given.Load(); given > 1<<20 {
		t.Errorf("%d bytes were read for a plugin that reads nothing", given)
	}
	if err := os.WriteFile(pipe+".go", []byte("go\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if memory := b.status("p").Memory; memory > 60<<20 {
		t.Errorf("after 64 MiB of sound the plugin has %d MiB", memory>>20)
	}
}

// TestUnreadableSoundIsTheCallersError and nobody's failure.
func TestUnreadableSoundIsTheCallersError(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustHear("1")
	gone := domain.Errorf(domain.KindNotFound, "the file is gone")
	_, err := b.hear(t.Context(), "", io.MultiReader(io.LimitReader(&noise{}, 200_000), iotest.ErrReader(gone)))
	if domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("a typed error: %v", err)
	}
	_, err = b.hear(t.Context(), "", iotest.ErrReader(errors.New("disk on fire")))
	if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("another error: %v", err)
	}
	_, err = b.Listen(t.Context(), "p", "", analyzer.Input{ID: "1"}, analyzer.Audio{Reader: strings.NewReader("OggS"), Bytes: 5})
	if domain.KindOf(err) != domain.KindUnavailable || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a cut sound: %v", err)
	}
	_, err = b.hear(t.Context(), "", readerFunc(func([]byte) (int, error) { return 0, nil }))
	if !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
	if status := b.status("p"); status.Failures != 0 || status.State != Running || status.Calls != 4 {
		t.Errorf("got %+v", status)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestListenEndsBeforeTheSound: by an answer, by the caller, and while a Read is stuck.
func TestListenEndsBeforeTheSound(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustHear("1")
	result, err := b.hear(t.Context(), "error not a sound", &noise{})
	if err != nil || result.Err == nil || result.Err.Kind != analyzer.Internal {
		t.Errorf("an answer before the end: %+v, %v", result, err)
	}
	result, err = b.hear(t.Context(), "panic", &noise{})
	if err != nil || result.Err == nil || !strings.Contains(result.Err.Message, "panic") {
		t.Errorf("a panic: %+v, %v", result, err)
	}
	result, err = b.hear(t.Context(), "busy", &noise{})
	if err != nil || result.Err == nil || result.Err.Kind != analyzer.Unavailable || result.Err.Fault != analyzer.FaultDownstream {
		t.Errorf("a model server that is away: %+v, %v", result, err)
	}
	for name, sound := range map[string]io.Reader{"endless": &noise{}, "stuck": readerFunc(func([]byte) (int, error) { select {} })} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if _, err := b.hear(ctx, "", sound); domain.KindOf(err) != domain.KindUnavailable {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
	if result, err := b.hear(t.Context(), "", strings.NewReader("a")); err != nil || result.Err != nil {
		t.Errorf("afterwards: %+v, %v", result, err)
	}
	if status := b.status("p"); status.Failures != 0 || status.State != Running {
		t.Errorf("got %+v", status)
	}
}

// TestNotesThatThePluginFailsOn count as failures, name the plugin and are held back; others go on.
func TestNotesThatThePluginFailsOn(t *testing.T) {
	t.Parallel()
	for _, caption := range []string{"exit", "half", "hang", "eat"} {
		t.Run(caption, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *Config) { c.ListenTimeout, c.Memory = 2*time.Second, 64<<20 })
			b.mustHear("1")
			for range 2 {
				gone := b.process("p")
				_, err := b.hear(t.Context(), caption, &noise{})
				if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), "analyzer p ") {
					t.Errorf("got %v", err)
				}
				if caption != "hang" {
					<-gone
				}
				if result, err := b.hear(t.Context(), "", strings.NewReader("a")); err != nil || result.Err != nil {
					t.Errorf("another note: %+v, %v", result, err)
				}
			}
			result, err := b.hear(t.Context(), caption, &noise{})
			if err != nil || result.Err == nil || !strings.Contains(result.Err.Message, "held back") {
				t.Errorf("got %+v, %v", result, err)
			}
			if status := b.status("p"); status.Failures != 2 || status.HeldBack != 1 || status.State != Running {
				t.Errorf("got %+v", status)
			}
		})
	}
}

func TestWhoListensAndWhoDoesNot(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustHear("1")
	if _, err := b.Analyze(t.Context(), "p", "", texts("a", "b")); domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), "voice notes") {
		t.Errorf("a text for a listener: %v", err)
	}
	if _, err := b.Listen(t.Context(), "p", "2", analyzer.Input{ID: "1"}, analyzer.Audio{}); domain.KindOf(err) != domain.KindUnavailable {
		t.Errorf("another version: %v", err)
	}
	b.mustAdd("2")
	if _, err := b.hear(t.Context(), "", strings.NewReader("a")); domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), "does not listen") {
		t.Errorf("a note for who judges texts: %v", err)
	}
	if _, err := b.Listen(t.Context(), "nobody", "", analyzer.Input{ID: "1"}, analyzer.Audio{}); domain.KindOf(err) != domain.KindUnavailable {
		t.Errorf("an unknown name: %v", err)
	}
	_, err := b.Add(t.Context(), b.spec("deaf", b.as("deaf"), "1"))
	if err == nil || !strings.Contains(err.Error(), "has no Listen") {
		t.Errorf("a plugin that promises and can't: %v", err)
	}
	tooLong := analyzer.Input{ID: "1", Text: strings.Repeat("x", 17<<20)}
	b.mustHear("3")
	if result, err := b.Listen(t.Context(), "p", "", tooLong, analyzer.Audio{}); err != nil || result.Err == nil || result.Err.Kind != analyzer.Invalid {
		t.Errorf("a caption of 17 MiB: %+v, %v", result.Err, err)
	}
}

// TestNotesQueue: no more than Config.Listening are with the plugin, and one that waits does not use up its deadline.
func TestNotesQueue(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.Listening = 1 })
	b.mustHear("1")
	var under, most atomic.Int64
	var callers sync.WaitGroup
	for range 6 {
		callers.Go(func() {
			first := true
			result, err := b.hear(t.Context(), "", io.LimitReader(readerFunc(func(p []byte) (int, error) {
				if first {
					first = false
					most.Store(max(most.Load(), under.Add(1)))
				}
				return len(p), nil
			}), 1<<20))
			under.Add(-1)
			if err != nil || result.Err != nil {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
	callers.Wait()
	if most.Load() > 2 { // the next may begin before the one before has counted itself out
		t.Errorf("%d notes at once", most.Load())
	}
}

// TestTranscriptsStayOutOfTheLog: what was said is a message's text from the moment it is known.
func TestTranscriptsStayOutOfTheLog(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustHear("Men sizdan juda xafaman")
	if _, err := b.hear(t.Context(), "", strings.NewReader("a")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.hear(t.Context(), "print 1 audio/ogg 3s uz Men sizdan juda xafaman", strings.NewReader("a")); err != nil {
		t.Fatal(err)
	}
	b.log.await(t, process.Withheld)
	if strings.Contains(b.log.String(), "xafaman") {
		t.Errorf("the log holds a transcript:\n%s", b.log)
	}
}

// TestCloseEndsWhatWasSwapped: a note that is still with the version before does not keep Close longer than its context.
func TestCloseEndsWhatWasSwapped(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustHear("1")
	before := b.process("p")
	taken := make(chan struct{})
	answered := make(chan error, 1)
	go func() {
		begun := sync.OnceFunc(func() { close(taken) })
		_, err := b.hear(context.Background(), "", readerFunc(func([]byte) (int, error) {
			begun()
			select {}
		}))
		answered <- err
	}()
	<-taken
	b.mustHear("2")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.Close(ctx)
	<-before
	if err := <-answered; domain.KindOf(err) != domain.KindUnavailable {
		t.Errorf("the note that was with it: %v", err)
	}
}
