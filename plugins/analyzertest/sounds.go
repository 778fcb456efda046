package analyzertest

import (
	"context"
	_ "embed" // a voice note is carried along
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

// secondOfSilence is a voice note as Telegram sends them, OGG/Opus at 48 kHz in mono, in which nobody says anything.
//
//go:embed silence.ogg
var secondOfSilence string

const (
	oggMIME    = "audio/ogg"
	warmBytes  = 20 << 20  // after which a runtime has the buffers that it keeps
	largeBytes = 120 << 20 // of a voice note of some hours
	largeSpare = 40 << 20  // bytes that a plugin may gain between the two, of the 100 MiB sent
)

func voiceNote(id string) analyzer.Input {
	return analyzer.Input{ID: id, Side: analyzer.Customer, At: time.Unix(1_790_000_000, 0)}
}

// hear sends a sound of unknown size with the deadline of the options and returns an error if the call failed in a way that
// the contract does not allow.
func (e *exam) hear(ctx context.Context, id string, sound io.Reader) (analyzer.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
	defer cancel()
	return heard(e.plugin.Listen(ctx, voiceNote(id), analyzer.Audio{Reader: sound, MIME: oggMIME}))
}

// heard says whether the end of a call is one that the contract allows; what a downstream fails at is.
func heard(result analyzer.Result, err error) (analyzer.Result, error) {
	if err == nil && result.Err != nil && result.Err.Fault == analyzer.FaultPlugin && result.Err.Kind == analyzer.Internal {
		return result, fmt.Errorf("voice note %q: %w", result.ID, result.Err)
	}
	return result, err
}

func silence(ctx context.Context, e *exam) error {
	for _, audio := range []analyzer.Audio{
		{MIME: oggMIME, Bytes: int64(len(secondOfSilence)), Duration: time.Second}, {}, {MIME: "audio/x-unknown; codecs=none"},
	} {
		audio.Reader = strings.NewReader(secondOfSilence)
		call, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
		_, err := heard(e.plugin.Listen(call, voiceNote("silence"), audio))
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

func twiceListening(ctx context.Context, e *exam) error { return e.beside(ctx, silence) }

// wordless wants an error or no words: what nobody said must not end up in a customer's mouth.
func (e *exam) wordless(ctx context.Context, id string, sound io.Reader) error {
	result, err := e.hear(ctx, id, sound)
	if err != nil {
		return err
	}
	if words := heardOf(result); result.Err == nil && words != "" {
		return fmt.Errorf("voice note %q: it heard %d bytes of words; answer with an invalid error", id, len(words))
	}
	return nil
}

func emptySound(ctx context.Context, e *exam) error {
	return e.wordless(ctx, "empty", strings.NewReader(""))
}

func garbage(ctx context.Context, e *exam) error {
	chance := rand.New(rand.NewPCG(1, 2)) // the same garbage each time
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(chance.Uint32())
	}
	for id, sound := range map[string]string{
		"noise": string(noise), "text": strings.Repeat("This is no sound. ", 1000), "zeros": strings.Repeat("\x00", 1<<20), "one byte": "O",
		"a beginning": "OggS\x00\x02" + string(noise), "a head without its body": secondOfSilence[:100],
		"a head with another body": secondOfSilence[:100] + string(noise),
	} {
		if err := e.wordless(ctx, id, strings.NewReader(sound)); err != nil {
			return err
		}
	}
	return nil
}

// errCut is why the examination's own sounds end early.
var errCut = errors.New("the examination cuts the sound")

// cutSound ends a stream before its time, once by hanging up and once, as no host would, by a polite end after half of what
// was announced. To the first there is no answer; any is fine to the second.
func cutSound(ctx context.Context, e *exam) error {
	half := len(secondOfSilence) / 2
	for range 3 {
		_, err := e.hear(ctx, "cut", io.MultiReader(strings.NewReader(secondOfSilence[:half]), failing{errCut}))
		var own *process.Unreadable
		if err != nil && !errors.As(err, &own) {
			return err
		}
	}
	call, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
	defer cancel()
	stream, err := analyzerv1.NewAnalyzerServiceClient(e.plugin.Conn()).Listen(call)
	if err != nil {
		return err
	}
	start := analyzer.AudioToWire(voiceNote("half"), analyzer.Audio{MIME: oggMIME, Bytes: int64(len(secondOfSilence))})
	body := &analyzerv1.ListenRequest{Part: &analyzerv1.ListenRequest_Chunk{Chunk: []byte(secondOfSilence[:half])}}
	if err := stream.Send(start); err == nil {
		_ = stream.Send(body) // the answer tells what is wrong
	}
	if _, err := stream.CloseAndRecv(); isLate(call, err) {
		return errors.New("it did not answer to half a sound")
	}
	return silence(ctx, e)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// largeSound looks at the plugin's own memory when the last byte was asked for. It may refuse before that.
func largeSound(ctx context.Context, e *exam) error {
	before, during, left := int64(0), int64(0), largeBytes
	result, err := e.hear(ctx, "large", io.MultiReader(strings.NewReader(secondOfSilence), readerFunc(func(p []byte) (int, error) {
		if left <= 0 {
			during = e.plugin.OwnMemory()
			return 0, io.EOF
		}
		if before == 0 && largeBytes-left >= warmBytes {
			before = e.plugin.OwnMemory()
		}
		n := min(len(p), left)
		clear(p[:n])
		left -= n
		return n, nil
	})))
	switch {
	case err != nil:
		return err
	case left > 0 && result.Err == nil:
		e.note = "it answered before the end"
	case left > 0:
		e.note = "it refused before the end"
	case during-before > largeSpare:
		return fmt.Errorf("it grew by %s while it was sent %s", mebibytes(during-before), mebibytes(largeBytes-warmBytes))
	default:
		e.note = fmt.Sprintf("it grew by %s", mebibytes(max(during-before, 0)))
	}
	return nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func soundDeadline(ctx context.Context, e *exam) error {
	for _, moment := range moments {
		short, cancel := context.WithTimeout(ctx, moment)
		_, err := e.plugin.Listen(short, voiceNote("deadline"), analyzer.Audio{Reader: strings.NewReader(secondOfSilence), MIME: oggMIME})
		cancel()
		if isBroken(err) {
			return err
		}
	}
	return silence(ctx, e)
}

// calmLooks are how many looks in a row, ten milliseconds apart, must find no child.
const calmLooks = 50

func soundCancelled(ctx context.Context, e *exam) error {
	before := e.plugin.Children()
	for range 5 {
		given, giveUp := context.WithCancel(ctx)
		half := strings.NewReader(secondOfSilence[:len(secondOfSilence)/2])
		_, err := e.plugin.Listen(given, voiceNote("cancel"), analyzer.Audio{MIME: oggMIME, Reader: io.MultiReader(half, readerFunc(func([]byte) (int, error) {
			e.takenUp(given)
			giveUp()
			return 0, given.Err()
		}))})
		giveUp()
		if isBroken(err) {
			return err
		}
	}
	if err := silence(ctx, e); err != nil {
		return err
	}
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	// A call that was given up may still be beginning, so one look without children proves nothing.
	for began, calm := time.Now(), 0; calm < calmLooks; <-look.C {
		if calm++; e.plugin.Children() > before {
			calm = 0
		}
		if time.Since(began) > e.options.CallTimeout && calm == 0 {
			return fmt.Errorf("%d processes more than before are left %s after callers gave up", e.plugin.Children()-before, e.options.CallTimeout)
		}
	}
	return nil
}

// takenUp returns when the plugin has taken up the calls that were made: it has no time for this before.
func (e *exam) takenUp(ctx context.Context) {
	for range 3 {
		if e.plugin.Ping(ctx) != nil {
			return // the calls say why
		}
	}
}

// soundsConcurrent holds every sound back until all calls are under way.
func soundsConcurrent(ctx context.Context, e *exam) error {
	const calls = 4
	ctx, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
	defer cancel()
	problems := make([]error, calls)
	var group, begun sync.WaitGroup
	begun.Add(calls)
	all := make(chan struct{})
	go func() {
		defer close(all)
		begun.Wait()
		e.takenUp(ctx)
	}()
	for i := range calls {
		group.Go(func() {
			first := sync.OnceFunc(begun.Done)
			defer first() // also if it is never read
			gate := readerFunc(func([]byte) (int, error) {
				first()
				select {
				case <-all:
					return 0, io.EOF
				case <-ctx.Done():
					return 0, ctx.Err()
				}
			})
			_, problems[i] = e.hear(ctx, fmt.Sprintf("note%d", i), io.MultiReader(gate, strings.NewReader(secondOfSilence)))
		})
	}
	group.Wait()
	return errors.Join(problems...)
}

func soundKilled(ctx context.Context, e *exam) error {
	again, err := e.restarted(ctx, func(ctx context.Context, p *process.Process) {
		audio := analyzer.Audio{Reader: strings.NewReader(secondOfSilence), MIME: oggMIME}
		_, _ = p.Listen(ctx, voiceNote("killed"), audio) // it is being killed
	})
	if err != nil {
		return err
	}
	defer again.Stop(ctx)
	call, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
	defer cancel()
	_, err = heard(again.Listen(call, voiceNote("again"), analyzer.Audio{Reader: strings.NewReader(secondOfSilence), MIME: oggMIME}))
	return err
}
