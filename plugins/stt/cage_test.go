package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// decodeAll decodes a file and gives the seconds of sound in it.
func decodeAll(t *testing.T, raw []byte, most time.Duration) (float64, error) {
	t.Helper()
	need(t, "ffmpeg", "ffmpeg")
	n, err := openNote(asked, audio(raw), most)
	if err != nil {
		return 0, err
	}
	sound, err := installed.decode(t.Context(), n)
	if err != nil {
		return 0, err
	}
	defer sound.close()
	bytes, err := io.Copy(io.Discard, sound)
	return float64(bytes) / bytesPerSec, err
}

func TestEveryFormatIsDecoded(t *testing.T) {
	t.Parallel()
	wav := append(wavHeader(), make([]byte, 3*bytesPerSec)...)
	for name, args := range map[string][]string{
		"ogg": nil, "wav": {"-f", "wav"}, "mp3": {"-f", "mp3"}, "m4a": {"-c:a", "aac", "-f", "ipod"}, "mp4": {"-c:a", "aac", "-f", "mp4"},
		"webm": {"-c:a", "libopus", "-f", "webm"}, "flac": {"-f", "flac"}, "aac": {"-c:a", "aac", "-f", "adts"}, "vorbis": {"-c:a", "libvorbis", "-f", "ogg"},
		"video note": {"-f", "lavfi", "-i", "testsrc=size=96x96:duration=3", "-c:v", "mpeg4", "-c:a", "aac", "-f", "mp4"},
	} {
		if got, err := decodeAll(t, encode(t, wav, args...), time.Minute); err != nil || math.Abs(got-3) > 0.2 {
			t.Errorf("%s: %.2f s, %v", name, got, err)
		}
	}
}

func TestAnIndexAtTheEndOfALongMP4(t *testing.T) {
	t.Parallel()
	wav := append(wavHeader(), bytes.Repeat([]byte{0, 8, 1, 16, 0, 250, 7, 240}, 100*bytesPerSec/8)...)
	note := encode(t, wav, "-c:a", "aac", "-b:a", "128k", "-f", "mp4")
	if i := bytes.Index(note, []byte("moov")); i < len(note)/2 {
		t.Fatalf("the index is at byte %d of %d", i, len(note))
	}
	if got, err := decodeAll(t, note, time.Hour); err != nil || math.Abs(got-100) > 0.5 {
		t.Errorf("%.2f s, %v", got, err)
	}
}

// bomb is an OGG/Opus file of hours: each packet is one byte that stands for 120 ms in which nothing was sent.
func bomb(hours float64) []byte {
	var out bytes.Buffer
	page := func(kind byte, granule uint64, sequence int, packets ...[]byte) {
		head := append([]byte("OggS\x00"), kind)
		head = binary.LittleEndian.AppendUint64(head, granule)
		head = binary.LittleEndian.AppendUint32(head, 1)
		head = binary.LittleEndian.AppendUint32(head, uint32(sequence))
		head = append(head, 0, 0, 0, 0, byte(len(packets)))
		for _, p := range packets {
			head = append(head, byte(len(p)))
		}
		raw := append(head, bytes.Join(packets, nil)...)
		binary.LittleEndian.PutUint32(raw[22:], oggChecksum(raw))
		out.Write(raw)
	}
	page(2, 0, 0, []byte("OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00"))
	page(0, 0, 1, []byte("OpusTags\x01\x00\x00\x00x\x00\x00\x00\x00"))
	packets := make([][]byte, 255)
	for i := range packets {
		packets[i] = []byte{3<<3 | 1} // two SILK frames of 60 ms, both empty
	}
	const perPage = 255 * 120 * 48
	pages := int(hours*3600*48000) / perPage
	for i := range pages {
		page(0, uint64(i+1)*perPage, i+2, packets...)
	}
	return out.Bytes()
}

// oggChecksum is the CRC-32 of RFC 3533.
func oggChecksum(page []byte) uint32 {
	sum := uint32(0)
	for _, b := range page {
		sum ^= uint32(b) << 24
		for range 8 {
			if sum&(1<<31) != 0 {
				sum = sum<<1 ^ 0x04c11db7
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

func TestASmallFileOfHoursEndsAsAnError(t *testing.T) {
	t.Parallel()
	note := bomb(10)
	if len(note) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(note))
	}
	got, err := decodeAll(t, note, 10*time.Minute)
	told := analyzer.AsError(err)
	if told == nil || told.Kind != analyzer.Invalid || !strings.Contains(told.Message, "longer than 10m0s") {
		t.Errorf("%.0f s, %v", got, err)
	}
	if got > 601 {
		t.Errorf("%.0f s of sound were let out", got)
	}
	if got, err := decodeAll(t, bomb(0.1), 10*time.Minute); err != nil || math.Abs(got-360) > 31 {
		t.Errorf("a long note that is allowed: %.0f s, %v", got, err)
	}
}

func TestABombThroughEachEngineThatDecodes(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg", "ffmpeg")
	s := newWhisper(t)
	o := newOpenAI(t)
	v := newVosk(t, pythonVosk)
	for _, given := range []map[string]any{
		{"engine": whisperCPP, "url": s.URL}, {"engine": openAI, "url": o.URL, "decode": true}, {"engine": custom, "url": o.URL, "path": "/v1/audio/transcriptions", "decode": true},
		{"engine": vosk, "url": v.URL}, {"engine": pocketSphinx},
	} {
		given["max_duration"] = 60
		p, err := newPlugin()
		if err != nil {
			t.Fatal(err)
		}
		p.tools.pocketSphinx = "cat"
		if given["engine"] == pocketSphinx {
			p.tools.pocketSphinx = script(t, "exec cat >/dev/null")
		}
		configure(t, p, given)
		failing(t, p, audio(bomb(10)), analyzer.FaultPlugin, analyzer.Invalid, "longer than 1m0s")
	}
}

func TestWhatIsNoSoundNeverReachesFFmpeg(t *testing.T) {
	t.Parallel()
	p, err := newPlugin()
	if err != nil {
		t.Fatal(err)
	}
	p.tools = tools{ffmpeg: script(t, "echo ran > "+filepath.Join(t.TempDir(), "ran")), pocketSphinx: "true"}
	configure(t, p, map[string]any{"engine": pocketSphinx})
	for _, file := range []string{
		"", "x", "#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "ffconcat version 1.0\nfile /etc/passwd\n", "<html>gossip</html>", "%PDF-1.7",
		"PK\x03\x04 gossip", "\xff\xd8\xff\xe0 JFIF", "RIFF\x00\x00\x00\x00AVI LIST", strings.Repeat("\x00", 1000), "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n",
	} {
		failing(t, p, audio([]byte(file)), analyzer.FaultPlugin, analyzer.Invalid, "no format of sound")
	}
}

func TestSoundsThatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	needSphinx(t)
	p := start(t, map[string]any{"engine": pocketSphinx})
	note := sample(t)
	playlist := "#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n"
	for name, file := range map[string]string{
		"only a beginning": "OggS", "ogg with rubbish": "OggS" + strings.Repeat("gossip", 1000), "a playlist in ogg": "OggS" + playlist,
		"a playlist in mp4": "\x00\x00\x00\x18ftypmp42" + playlist, "an empty webm": "\x1a\x45\xdf\xa3", "mp3 with rubbish": "ID3" + playlist,
		"headers without sound": string(note[:bytes.Index(note, []byte("OpusTags"))]),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failing(t, p, audio([]byte(file)), analyzer.FaultPlugin, analyzer.Invalid, "sound")
		})
	}
}

func TestAFileThatIsNotHandedOverWhole(t *testing.T) {
	t.Parallel()
	needSphinx(t)
	note := sample(t)
	s := newOpenAI(t)
	for _, p := range []*plugin{start(t, map[string]any{"engine": pocketSphinx}), start(t, map[string]any{"url": s.URL})} {
		cut := audio(note[:len(note)/2])
		cut.Bytes = int64(len(note))
		failing(t, p, cut, analyzer.FaultPlugin, analyzer.Unavailable, "broke off")
		cut = audio(note)
		cut.Reader = io.MultiReader(bytes.NewReader(note[:len(note)/2]), &failingReader{})
		failing(t, p, cut, analyzer.FaultPlugin, analyzer.Unavailable, "broke off")
		long := audio(note)
		long.Bytes--
		failing(t, p, long, analyzer.FaultPlugin, analyzer.Internal, "more bytes")
		huge := audio(note)
		huge.Bytes = maxSound + 1
		failing(t, p, huge, analyzer.FaultPlugin, analyzer.Invalid, "128 MiB")
	}
	if n := s.complete.Load(); n > 0 {
		t.Errorf("the server took %d cut notes for whole ones", n)
	}
}

type failingReader struct{}

func (*failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestEndlessFilesAreLimited(t *testing.T) {
	t.Parallel()
	p, err := newPlugin()
	if err != nil {
		t.Fatal(err)
	}
	p.tools = tools{ffmpeg: script(t, "exec cat >/dev/null"), pocketSphinx: script(t, "exec cat >/dev/null")}
	configure(t, p, map[string]any{"engine": pocketSphinx})
	endless := analyzer.Audio{Reader: io.MultiReader(strings.NewReader("OggS"), zeros{})}
	failing(t, p, endless, analyzer.FaultPlugin, analyzer.Invalid, "128 MiB")
}

// A file on which ffmpeg crashes would be tried for ever if that counted as being killed.
func TestAnFFmpegThatCrashes(t *testing.T) {
	t.Parallel()
	for signal, c := range map[string]struct {
		fault analyzer.Fault
		kind  analyzer.ErrorKind
		says  string
	}{
		"SEGV": {analyzer.FaultPlugin, analyzer.Invalid, "can't decode"}, "KILL": {analyzer.FaultDownstream, analyzer.Unavailable, "was killed"},
	} {
		p, err := newPlugin()
		if err != nil {
			t.Fatal(err)
		}
		p.tools = tools{ffmpeg: script(t, "cat >/dev/null; kill -"+signal+" $$"), pocketSphinx: script(t, "exec cat >/dev/null")}
		configure(t, p, map[string]any{"engine": pocketSphinx})
		failing(t, p, audio(sample(t)), c.fault, c.kind, c.says)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestProgramsDieWithTheCall(t *testing.T) {
	t.Parallel()
	for name, fake := range map[string]func(told string) tools{
		"ffmpeg": func(told string) tools {
			return tools{ffmpeg: script(t, "echo $$ > "+told+"\nexec sleep 600"), pocketSphinx: script(t, "exec cat >/dev/null")}
		},
		"pocketsphinx": func(told string) tools {
			return tools{ffmpeg: "ffmpeg", pocketSphinx: script(t, "echo $$ > "+told+"\nexec sleep 600")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := filepath.Join(t.TempDir(), "pid")
			p, err := newPlugin()
			if err != nil {
				t.Fatal(err)
			}
			p.tools = fake(told)
			configure(t, p, map[string]any{"engine": pocketSphinx, "timeout": 2})
			failing(t, p, audio(sample(t)), analyzer.FaultDownstream, analyzer.Invalid, "takes too long")
			written, err := os.ReadFile(told)
			if err != nil {
				t.Fatal(err)
			}
			if pid, err := strconv.Atoi(strings.TrimSpace(string(written))); err != nil || exec.Command("kill", "-0", strconv.Itoa(pid)).Run() == nil {
				t.Errorf("process %s is still there", written)
			}
		})
	}
}

func TestACallerThatGivesUp(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg", "ffmpeg")
	note := sample(t)
	s := newOpenAI(t)
	w := newWhisper(t)
	v := newVosk(t, pythonVosk)
	for _, given := range []map[string]any{{"url": s.URL}, {"engine": whisperCPP, "url": w.URL}, {"engine": vosk, "url": v.URL}} {
		p := start(t, given)
		ctx, giveUp := context.WithCancel(t.Context())
		sound := &slowly{first: bytes.NewReader(note[:len(note)/2]), until: ctx}
		answered := make(chan error, 1)
		go func() {
			_, err := p.Listen(ctx, asked, analyzer.Audio{Reader: sound})
			answered <- err
		}()
		giveUp()
		if err := <-answered; err == nil {
			t.Errorf("%v: a call that was given up has no error", given["engine"])
		}
	}
}
