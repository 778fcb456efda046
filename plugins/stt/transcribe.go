package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// transcribeEngine uploads to whatever answers JSON; the settings say where its parts are.
type transcribeEngine struct {
	client   *client
	settings settings
	tools    tools
}

func (e *transcribeEngine) transcribe(ctx context.Context, n *note) (transcript, error) {
	var fields []field
	for _, name := range slices.Sorted(maps.Keys(e.settings.Fields)) {
		fields = append(fields, field{name, e.settings.Fields[name]})
	}
	raw, err := e.client.post(ctx, e.tools, n, e.settings.Decode, e.settings.Field, fields)
	if err != nil {
		return transcript{}, err
	}
	return e.read(raw)
}

// read takes the parts of an answer. Text or segments must be there, the rest may be missing.
func (e *transcribeEngine) read(raw json.RawMessage) (transcript, error) {
	said := transcript{engine: custom}
	segments, hasSegments := e.list(raw)
	said.segments = segments
	var text string
	switch given, ok := follow(raw, e.settings.TextPointer); {
	case ok && json.Unmarshal(given, &text) == nil && string(given) != "null":
		said.text = text
	case ok && string(given) != "null", !hasSegments: // there, but no string
		return transcript{}, e.client.nonsense()
	default:
		said.text = joined(segments)
	}
	if given, ok := follow(raw, e.settings.LanguagePointer); ok {
		_ = json.Unmarshal(given, &said.language) // what is no string tells no language
	}
	if given, ok := follow(raw, e.settings.ConfidencePointer); ok {
		var told *number
		if json.Unmarshal(given, &told) != nil {
			return transcript{}, e.client.nonsense()
		}
		said.confidence = told.value()
	}
	return said, nil
}

// list takes the segments: a list of them, or, as WhisperS2T gives one for each file, a list with one such list.
func (e *transcribeEngine) list(raw json.RawMessage) ([]segment, bool) {
	given, ok := follow(raw, e.settings.SegmentsPointer)
	if !ok {
		return nil, false
	}
	var segments []segment
	if json.Unmarshal(given, &segments) == nil {
		return segments, segments != nil
	}
	var files [][]segment
	if json.Unmarshal(given, &files) == nil && len(files) == 1 {
		return files[0], true
	}
	return nil, false
}

// validPointer says whether p is empty (nothing), # (everything) or a JSON pointer.
func validPointer(p string) bool {
	if p == "" || p == "#" {
		return true
	}
	left := strings.NewReplacer("~0", "", "~1", "").Replace(p)
	return strings.HasPrefix(p, "/") && !strings.Contains(left, "~")
}

// follow gives the part of a JSON document to which a pointer (RFC 6901) points; false if there is none.
func follow(raw json.RawMessage, pointer string) (json.RawMessage, bool) {
	if pointer == "" {
		return nil, false
	}
	if pointer == "#" {
		return raw, true
	}
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		var object map[string]json.RawMessage
		var list []json.RawMessage
		if json.Unmarshal(raw, &object) == nil && object != nil {
			next, ok := object[token]
			if !ok {
				return nil, false
			}
			raw = next
			continue
		}
		index, err := strconv.Atoi(token)
		if err != nil || json.Unmarshal(raw, &list) != nil || index < 0 || index >= len(list) {
			return nil, false
		}
		raw = list[index]
	}
	return raw, true
}
