package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// The engines, as the setting names them. auto becomes openAI where there is a url, else it is PocketSphinx.
const (
	auto         = "auto"
	openAI       = "openai"
	whisperCPP   = "whisper_cpp"
	custom       = "transcribe"
	vosk         = "vosk"
	pocketSphinx = "pocketsphinx"
	off          = "off"
)

var engines = []string{auto, openAI, whisperCPP, custom, vosk, pocketSphinx, off}

// schema is what an admin can set.
var schema = []analyzer.Setting{
	{Key: "engine", Type: analyzer.String, Default: auto,
		Doc: "What recognises speech: openai, whisper_cpp, transcribe, vosk, pocketsphinx or off. auto is openai where a url is set, else pocketsphinx."},
	{Key: "url", Type: analyzer.String, Default: "",
		Doc: "Address of the server, such as http://localhost:8000 (ws://localhost:2700 for vosk). Voice notes are sent there."},
	{Key: "model", Type: analyzer.String, Default: "whisper-1", Doc: "Name of the model on the server; only openai sends it."},
	{Key: "token", Type: analyzer.String, Secret: true, Doc: "Sent as a bearer token, if the server wants one."},
	{Key: "language", Type: analyzer.String, Default: "",
		Doc: "The language spoken (uz, ru, en), if it is always the same; empty: the server finds out for each note, if it can."},
	{Key: "decode", Type: analyzer.Bool, Default: false,
		Doc: "Send openai and transcribe 16 kHz WAV made by ffmpeg instead of the file as it was recorded. The other engines always get it."},
	{Key: "path", Type: analyzer.String, Default: "/transcribe", Doc: "transcribe: the path that takes the upload."},
	{Key: "field", Type: analyzer.String, Default: "file", Doc: "transcribe: the name of the form field with the sound."},
	{Key: "fields", Type: analyzer.Object, Default: map[string]string{},
		Doc: "transcribe: further form fields, each a string, such as {\"task\": \"transcribe\", \"language\": \"uz\"}."},
	{Key: "text_pointer", Type: analyzer.String, Default: "/text",
		Doc: "transcribe: JSON pointer to the text in the answer; # is the whole answer; empty: the texts of the segments are joined."},
	{Key: "language_pointer", Type: analyzer.String, Default: "/language", Doc: "transcribe: JSON pointer to the language; empty: the answer has none."},
	{Key: "segments_pointer", Type: analyzer.String, Default: "/segments",
		Doc: "transcribe: JSON pointer to the list of segments (text, start or start_time, end or end_time, avg_logprob); empty: the answer has none."},
	{Key: "confidence_pointer", Type: analyzer.String, Default: "",
		Doc: "transcribe: JSON pointer to a confidence from 0 to 1; empty: it is told by the segments' avg_logprob, if they have it."},
	{Key: "timeout", Type: analyzer.Integer, Default: 540,
		Doc: "Seconds for one note, 1 to 3600. The host's deadline for a note, 10 minutes by default, holds as well."},
	{Key: "max_duration", Type: analyzer.Integer, Default: 3600,
		Doc: "Seconds of sound that one note may have where FinCo decodes it, 1 to 14400."},
}

// settings are those of schema, checked.
type settings struct {
	Engine            string            `json:"engine"`
	URL               string            `json:"url"`
	Model             string            `json:"model"`
	Token             string            `json:"token"`
	Language          string            `json:"language"`
	Decode            bool              `json:"decode"`
	Path              string            `json:"path"`
	Field             string            `json:"field"`
	Fields            map[string]string `json:"fields"`
	TextPointer       string            `json:"text_pointer"`
	LanguagePointer   string            `json:"language_pointer"`
	SegmentsPointer   string            `json:"segments_pointer"`
	ConfidencePointer string            `json:"confidence_pointer"`
	Timeout           float64           `json:"timeout"`
	MaxDuration       float64           `json:"max_duration"`
}

// readSettings returns an Invalid error that names every fault and quotes no value.
func readSettings(raw json.RawMessage) (settings, error) {
	var s settings
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, analyzer.Errorf(analyzer.Invalid, "settings are not of the types described (fields takes strings)")
	}
	s.URL, s.Language = strings.TrimSpace(s.URL), strings.TrimSpace(s.Language)
	if s.Engine == auto && s.URL != "" {
		s.Engine = openAI
	}
	var faults []string
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	fault(!slices.Contains(engines, s.Engine), "engine must be one of %s", strings.Join(engines, ", "))
	if slices.Contains([]string{openAI, whisperCPP, custom, vosk}, s.Engine) {
		endpoint, ok := s.endpoint()
		fault(!ok, "url must be http:// or https:// (vosk: also ws:// or wss://) with a host, without user, ? or #")
		s.URL = endpoint
	}
	fault(s.Language != "" && primary(s.Language) == "", "language must be a tag such as uz, ru or en")
	fault(s.Engine == openAI && !oneLine(s.Model), "model must be a name of at most 200 bytes in one line")
	fault(s.Token != "" && (len(s.Token) > 8<<10 || strings.ContainsAny(s.Token, "\r\n\x00")), "token must be one line")
	fault(!oneLine(s.Field), "field must be a name of at most 200 bytes in one line")
	for name := range s.Fields {
		fault(!oneLine(name) || name == s.Field, "fields must be named in one line of at most 200 bytes, and not as field")
	}
	for _, p := range []struct{ key, value string }{{"text_pointer", s.TextPointer}, {"language_pointer", s.LanguagePointer},
		{"segments_pointer", s.SegmentsPointer}, {"confidence_pointer", s.ConfidencePointer}} {
		fault(!validPointer(p.value), "%s must begin with / (or be #, or empty)", p.key)
	}
	fault(s.Engine == custom && s.TextPointer == "" && s.SegmentsPointer == "", "text_pointer and segments_pointer can't both be empty")
	fault(!(s.Timeout >= 1 && s.Timeout <= 3600), "timeout must be 1 to 3600 seconds")
	fault(!(s.MaxDuration >= 1 && s.MaxDuration <= 14400), "max_duration must be 1 to 14400 seconds")
	if len(faults) > 0 {
		return s, analyzer.Errorf(analyzer.Invalid, "settings: %s", strings.Join(slices.Compact(faults), "; "))
	}
	return s, nil
}

// oneLine says whether s can stand in a form or an error.
func oneLine(s string) bool {
	return strings.TrimSpace(s) != "" && len(s) <= 200 && !strings.ContainsAny(s, "\r\n\t\x00`\"")
}

// endpoint completes the url by what each call adds; that part may be given or left out.
func (s settings) endpoint() (string, bool) {
	at, err := url.Parse(s.URL)
	if err != nil || at.Host == "" || at.User != nil || at.RawQuery != "" || at.Fragment != "" {
		return "", false
	}
	schemes := []string{"http", "https"}
	if s.Engine == vosk {
		schemes = append(schemes, "ws", "wss")
	}
	if !slices.Contains(schemes, at.Scheme) {
		return "", false
	}
	end := ""
	switch s.Engine {
	case openAI:
		at.Path = strings.TrimSuffix(strings.TrimRight(at.Path, "/"), "/v1")
		end = "/v1/audio/transcriptions"
	case whisperCPP:
		end = "/inference"
	case custom:
		end = "/" + strings.TrimLeft(s.Path, "/")
	}
	at.Path = strings.TrimSuffix(strings.TrimRight(at.Path, "/"), end) + end
	at.RawPath = ""
	return at.String(), true
}

// code is the language as Whisper's servers take it: "uz" of "uz-Cyrl"; empty: not set.
func (s settings) code() string { return primary(s.Language) }

// local says whether the engine is a program on this machine: auto with a url is openAI by now.
func (s settings) local() bool { return s.Engine == pocketSphinx || s.Engine == auto }

// place names the engine in an error: where it is, or which program it is.
func (s settings) place() string {
	if s.local() {
		return "pocketsphinx"
	}
	return s.URL
}

// atOnce is how many notes the engine takes at the same time. The server of whisper.cpp has one lock, and a PocketSphinx takes a
// core and 140 MB; what all of them take besides is ffmpeg's.
func (s settings) atOnce() int {
	switch s.Engine {
	case whisperCPP, pocketSphinx, auto:
		return 1
	default:
		return 4
	}
}
