package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// openAIEngine speaks `POST /v1/audio/transcriptions`.
type openAIEngine struct {
	client   *client
	model    string
	language string // empty: the server finds out
	decode   bool
	tools    tools
}

func (e *openAIEngine) transcribe(ctx context.Context, n *note) (transcript, error) {
	fields := []field{{"model", e.model}, {"response_format", "verbose_json"}, {"temperature", "0"}}
	if e.language != "" {
		fields = append(fields, field{"language", e.language})
	}
	raw, err := e.client.post(ctx, e.tools, n, e.decode, "file", fields)
	if err != nil {
		return transcript{}, err
	}
	said, err := e.client.verbose(raw)
	said.engine, said.model = openAI, e.model
	return said, err
}

// post uploads a note as it is, or as WAV.
func (c *client) post(ctx context.Context, t tools, n *note, decode bool, name string, fields []field) (json.RawMessage, error) {
	if !decode {
		return c.send(ctx, original(n, name, fields))
	}
	sound, err := t.decode(ctx, n)
	if err != nil {
		return nil, err
	}
	defer sound.close()
	return c.send(ctx, decoded(sound, name, fields))
}

// whisperCPPEngine speaks `POST /inference` of the server of whisper.cpp. Until a request succeeds, that server keeps the
// parameters of the last one, so each says all that matters.
type whisperCPPEngine struct {
	client   *client
	language string
	tools    tools
}

func (e *whisperCPPEngine) transcribe(ctx context.Context, n *note) (transcript, error) {
	spoken := e.language
	if spoken == "" {
		spoken = "auto" // left out, it would be English
	}
	fields := []field{{"response_format", "verbose_json"}, {"language", spoken}, {"translate", "false"}, {"temperature", "0.0"}}
	raw, err := e.client.post(ctx, e.tools, n, true, "file", fields)
	if err != nil {
		return transcript{}, err
	}
	// Releases up to 2026 say what went wrong with status 200.
	var wrong struct {
		Error json.RawMessage `json:"error"`
		Text  json.RawMessage `json:"text"`
	}
	if json.Unmarshal(raw, &wrong) == nil && wrong.Error != nil && wrong.Text == nil {
		return transcript{}, analyzer.Downstreamf(analyzer.Invalid, "%s can't read or process this voice note", e.client.url)
	}
	said, err := e.client.verbose(raw)
	said.engine = whisperCPP
	return said, err
}

// verbose reads an answer of the format verbose_json.
func (c *client) verbose(raw json.RawMessage) (transcript, error) {
	var answer struct {
		Text     *string   `json:"text"`
		Language string    `json:"language"`
		Duration *number   `json:"duration"`
		Segments []segment `json:"segments"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil || answer.Text == nil {
		return transcript{}, c.nonsense()
	}
	return transcript{text: *answer.Text, language: answer.Language, duration: answer.Duration.value(), segments: answer.Segments}, nil
}

// number is a number that some servers write as a string.
type number float64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(raw []byte) error {
	text := string(bytes.Trim(raw, `"`))
	if text == "null" || text == "" {
		return nil
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	*n = number(value)
	return err
}

func (n *number) value() *float64 {
	if n == nil {
		return nil
	}
	v := float64(*n)
	return &v
}
