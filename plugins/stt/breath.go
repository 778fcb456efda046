package main

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	frameBytes   = bytesPerSec / 10 // a tenth of a second
	breathFrames = 10               // of silence; PocketSphinx ends an utterance after half a second
	softLimit    = 500              // frames without a breath, after which one is taken where the voice is low
	hardLimit    = 600              // and after which one is taken anywhere
)

// breather puts a second of silence into speech that goes on for a minute. PocketSphinx keeps an utterance in memory until a
// silence ends it, so an hour without one would take more than a gigabyte.
type breather struct {
	from    io.Reader
	frame   [frameBytes]byte
	rest    []byte
	err     error
	frames  int     // given, with the silence
	since   int     // frames since the last breath
	loud    float64 // the sum of their loudness
	breaths []int   // the frame at which each began
}

// Read implements io.Reader.
func (b *breather) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.next()
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	if n == 0 && len(b.rest) == 0 {
		return 0, b.err
	}
	return n, nil
}

// next reads a frame, or makes a breath.
func (b *breather) next() {
	if b.since >= hardLimit {
		b.breaths = append(b.breaths, b.frames)
		b.rest = make([]byte, breathFrames*frameBytes)
		b.frames += breathFrames
		b.since, b.loud = 0, 0
		return
	}
	n, err := io.ReadFull(b.from, b.frame[:])
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	b.rest, b.err = b.frame[:n], err
	b.frames++
	b.since++
	loudness := 0.0
	for i := 0; i+1 < n; i += 2 {
		sample := float64(int16(binary.LittleEndian.Uint16(b.frame[i:])))
		loudness += max(sample, -sample)
	}
	b.loud += loudness
	if b.since >= softLimit && loudness*4 < b.loud/float64(b.since) {
		b.since = hardLimit
	}
}

// original gives the moment of the note, in seconds, for one of what was given.
func (b *breather) original(at float64) float64 {
	frame := at * 10
	taken := 0.0
	for _, begin := range b.breaths {
		if frame > float64(begin) {
			taken += min(frame-float64(begin), breathFrames)
		}
	}
	return (frame - taken) / 10
}
