package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// What ffmpeg makes: 16 kHz, mono, 16 bits little endian, which every engine takes.
const (
	sampleRate  = 16000
	bytesPerSec = sampleRate * 2
)

// tools are the programs of others. They are found by the PATH for each note, so that installing one needs no restart, and are
// no settings, because who may set up analyzers over the network may not thereby run programs.
type tools struct{ ffmpeg, pocketSphinx string }

var installed = tools{ffmpeg: "ffmpeg", pocketSphinx: "pocketsphinx_continuous"}

// decoders are all that ffmpeg may open: those of voice notes and of the sound in video notes.
const decoders = "opus,libopus,vorbis,flac,mp3,mp3float,aac,alac,amrnb,amrwb,pcm_s16le,pcm_s24le,pcm_s32le,pcm_u8,pcm_f32le,pcm_alaw,pcm_mulaw"

// cage are the arguments of ffmpeg for a note. It knows no protocol but the pipe; MP4 alone, whose index may stand at the end of
// the file, is read through cache, a temporary file without a name.
func cage(n *note) []string {
	input, protocols := "pipe:0", "pipe"
	args := []string{"-nostdin", "-hide_banner", "-v", "error", "-max_alloc", "67108864"}
	if n.format.demuxer == "mov" {
		input, protocols = "cache:pipe:0", "cache,pipe"
		args = append(args, "-read_ahead_limit", "-1")
	}
	return append(args, "-threads", "1", "-protocol_whitelist", protocols, "-codec_whitelist", decoders, "-f", n.format.demuxer, "-i", input,
		"-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-t", fmt.Sprintf("%d", int(n.most/time.Second)+1),
		"-ac", "1", "-ar", fmt.Sprint(sampleRate), "-threads", "1", "-f", "s16le", "pipe:1")
}

// pcm is a note decoded while it is read. Its end is io.EOF only if the whole note was decoded.
type pcm struct {
	ctx   context.Context
	note  *note
	cmd   *exec.Cmd
	out   io.ReadCloser
	wait  func() error  // for ffmpeg's end
	fed   chan struct{} // closed when nobody copies from the source any more
	limit int64         // bytes of PCM

	mu  sync.Mutex
	got int64
	err error
}

// decode starts ffmpeg; the caller must close what it returns. When ctx ends, ffmpeg is killed. It stays in the plugin's process
// group, with which the host kills it if the plugin dies; it has no children.
func (t tools) decode(ctx context.Context, n *note) (*pcm, error) {
	path, err := exec.LookPath(t.ffmpeg)
	if err != nil {
		return nil, analyzer.Downstreamf(analyzer.Invalid, "ffmpeg is needed to decode voice notes and is not installed: apt-get install ffmpeg")
	}
	cmd := exec.CommandContext(ctx, path, cage(n)...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = quietEnv(), os.TempDir(), time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, analyzer.Errorf(analyzer.Internal, "ffmpeg: %v", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, analyzer.Errorf(analyzer.Internal, "ffmpeg: %v", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, analyzer.Downstreamf(analyzer.Unavailable, "ffmpeg does not start")
	}
	p := &pcm{ctx: ctx, note: n, cmd: cmd, out: out, wait: sync.OnceValue(cmd.Wait), fed: make(chan struct{}),
		limit: int64(n.most/time.Second) * bytesPerSec}
	go func() {
		defer close(p.fed)
		_, _ = io.Copy(in, n.source) // what goes wrong is known to the source, or told by how ffmpeg ends
		_ = in.Close()
	}()
	return p, nil
}

// quietEnv is the environment of the programs of others: enough to start, and nothing that is secret.
func quietEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TMPDIR=" + os.TempDir()}
}

// Read implements io.Reader; errors other than io.EOF are typed, or the context's.
func (p *pcm) Read(b []byte) (int, error) {
	if err := p.ended(); err != nil {
		return 0, err
	}
	n, err := p.out.Read(b)
	p.mu.Lock()
	p.got += int64(n)
	got := p.got
	p.mu.Unlock()
	switch {
	case got > p.limit:
		err = analyzer.Errorf(analyzer.Invalid, "the sound is longer than %s (setting max_duration)", p.note.most)
	case err != nil:
		err = p.end(got)
	default:
		return n, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
	return n, err
}

// end says how the note ended, once ffmpeg has nothing more to give.
func (p *pcm) end(got int64) error {
	err := p.wait()
	switch failed := p.note.source.failure(); {
	case p.ctx.Err() != nil:
		return p.ctx.Err()
	case failed != nil:
		return failed
	case killed(p.cmd.ProcessState):
		return analyzer.Downstreamf(analyzer.Unavailable, "ffmpeg was killed before it had decoded the sound")
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return analyzer.Errorf(analyzer.Invalid, "ffmpeg can't decode the sound")
	case got == 0:
		return analyzer.Errorf(analyzer.Invalid, "there is no sound in the file")
	default:
		return io.EOF
	}
}

// killed says whether somebody ended a program: a person, the kernel for want of memory. What crashes of itself does so again.
func killed(state *os.ProcessState) bool {
	if state == nil {
		return false
	}
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && slices.Contains([]syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}, status.Signal())
}

func (p *pcm) ended() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// failure is why the sound is not whole; nil if it is, or may yet be.
func (p *pcm) failure() error {
	if err := p.ended(); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// close ends ffmpeg and waits, for a moment, until nobody reads the source.
func (p *pcm) close() {
	_ = p.cmd.Process.Kill() // fails if it has ended
	_ = p.wait()
	p.note.source.close()
	awaitOrLeave(p.fed)
}

// wavHeader begins a WAV file whose length nobody knows yet, as ffmpeg itself writes one into a pipe: readers (dr_wav of
// whisper.cpp, libsndfile, libav) take such a file to go on until its end.
func wavHeader() []byte {
	return []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\xff\xff\xff\xff")
}
