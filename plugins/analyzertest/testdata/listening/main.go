// A small honest plugin with an ear: it knows an OGG file when it sees one and tells how much of it there was.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/fincokpi/finco/plugins/analyzer"
)

type listening struct{}

func (listening) Describe() analyzer.Description {
	return analyzer.Description{
		Name: "listening", Version: "1.0.0", Kinds: []analyzer.Kind{analyzer.Transcript, analyzer.Language}, Audio: true,
		Settings: []analyzer.Setting{{Key: "language", Type: analyzer.String, Default: "en", Doc: "What is spoken."}},
	}
}

func (listening) Configure(json.RawMessage) error { return nil }

func (listening) Analyze(context.Context, []analyzer.Input) ([]analyzer.Result, error) {
	return nil, errors.New("this plugin listens")
}

func (listening) Listen(_ context.Context, _ analyzer.Input, audio analyzer.Audio) ([]analyzer.Outcome, error) {
	head := make([]byte, 36)
	if _, err := io.ReadFull(audio.Reader, head); err != nil || !bytes.HasPrefix(head, []byte("OggS")) || !bytes.Contains(head, []byte("OpusHead")) {
		return nil, analyzer.Errorf(analyzer.Invalid, "this is no OGG/Opus file")
	}
	rest := make([]byte, 500)
	switch n, err := io.ReadFull(audio.Reader, rest); {
	case errors.Is(err, io.EOF), bytes.Count(rest[:n], []byte("OggS")) < 2: // tags, sound
		return nil, analyzer.Errorf(analyzer.Invalid, "there is no sound in it")
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, err
	}
	n, err := io.Copy(io.Discard, audio.Reader)
	if err != nil {
		return nil, err
	}
	details := analyzer.Details{Segments: []analyzer.Segment{{End: 1, Text: "…"}}}
	return []analyzer.Outcome{
		{Kind: analyzer.Transcript, Text: fmt.Sprintf("%d bytes", n), Language: "en", Confidence: 0.1, Details: details.JSON()},
		{Kind: analyzer.Language, Label: "en", Confidence: 0.1},
	}, nil
}

func main() { analyzer.Serve(listening{}) }
