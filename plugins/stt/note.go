package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// maxSound is the size of the largest file that is taken, in bytes.
const maxSound = 128 << 20

// note is a voice note that is about to be heard.
type note struct {
	source *source
	format format
	bytes  int64         // 0: unknown
	hint   string        // the language that the host takes it to be in; empty: unknown
	most   time.Duration // of sound
}

// openNote looks at the first bytes to tell the format. The MIME type is a stranger's claim and not asked.
func openNote(input analyzer.Input, audio analyzer.Audio, most time.Duration) (*note, error) {
	if audio.Bytes > maxSound {
		return nil, tooLarge()
	}
	if audio.Reader == nil {
		audio.Reader = bytes.NewReader(nil)
	}
	n := &note{bytes: audio.Bytes, hint: input.Language, most: most}
	n.source = &source{from: bufio.NewReaderSize(audio.Reader, 16<<10), expected: audio.Bytes}
	begin, err := n.source.from.Peek(64)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, broken(err)
	}
	var known bool
	if n.format, known = formatOf(begin); !known {
		return nil, analyzer.Errorf(analyzer.Invalid, "the file is in no format of sound that is taken (OGG, MP3, MP4, WAV, WebM, FLAC, AAC, AMR)")
	}
	return n, nil
}

func tooLarge() error {
	return analyzer.Errorf(analyzer.Invalid, "the file has more than %d MiB", maxSound>>20)
}

// broken says that the host did not hand over the whole file.
func broken(err error) error {
	var told *analyzer.Error
	if errors.As(err, &told) {
		return told
	}
	return analyzer.Errorf(analyzer.Unavailable, "the sound broke off before its end")
}

// source reads a note's file, at most maxSound of it, and remembers why it ended. Whoever copies from it does so in another
// goroutine, so close makes sure that nobody begins a Read after the call has ended.
type source struct {
	from     *bufio.Reader
	expected int64 // bytes; 0: unknown

	mu     sync.Mutex
	got    int64
	closed bool
	err    error
}

// Read implements io.Reader; errors other than io.EOF are typed.
func (s *source) Read(p []byte) (int, error) {
	s.mu.Lock()
	failed := s.err
	if s.closed {
		failed = io.ErrClosedPipe
	}
	s.mu.Unlock()
	if failed != nil {
		return 0, failed
	}
	n, err := s.from.Read(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got += int64(n)
	switch {
	case s.got > maxSound:
		s.err = tooLarge()
	case s.expected > 0 && s.got > s.expected:
		s.err = analyzer.Errorf(analyzer.Internal, "the sound has more bytes than it was said to have")
	case errors.Is(err, io.EOF) && s.got < s.expected:
		s.err = broken(io.ErrUnexpectedEOF)
	case err != nil && !errors.Is(err, io.EOF):
		s.err = broken(err)
	default:
		return n, err
	}
	return n, s.err
}

// failure is why the file could not be read to its end; nil if it could, or was not.
func (s *source) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *source) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// format is a container of sound.
type format struct {
	demuxer string // ffmpeg's name
	file    string // a name for an upload; servers go by its ending
	mime    string
}

// formats are told by their first bytes.
var formats = []struct {
	format
	begins func([]byte) bool
}{
	{format{"ogg", "voice.ogg", "audio/ogg"}, prefix("OggS")},
	{format{"wav", "voice.wav", "audio/wav"}, func(b []byte) bool { return prefix("RIFF")(b) && at(b, 8, "WAVE") }},
	{format{"mov", "voice.m4a", "audio/mp4"}, func(b []byte) bool { return at(b, 4, "ftyp") }},
	{format{"matroska", "voice.webm", "audio/webm"}, prefix("\x1a\x45\xdf\xa3")},
	{format{"flac", "voice.flac", "audio/flac"}, prefix("fLaC")},
	{format{"amr", "voice.amr", "audio/amr"}, prefix("#!AMR")},
	{format{"aac", "voice.aac", "audio/aac"}, func(b []byte) bool { return len(b) > 1 && b[0] == 0xff && b[1]&0xf6 == 0xf0 }},
	{format{"mp3", "voice.mp3", "audio/mpeg"}, func(b []byte) bool {
		return prefix("ID3")(b) || len(b) > 1 && b[0] == 0xff && b[1]&0xe6 == 0xe2
	}},
}

func formatOf(begin []byte) (format, bool) {
	for _, f := range formats {
		if f.begins(begin) {
			return f.format, true
		}
	}
	return format{}, false
}

func prefix(s string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(s)) }
}

func at(b []byte, offset int, s string) bool {
	return len(b) >= offset && bytes.HasPrefix(b[offset:], []byte(s))
}
