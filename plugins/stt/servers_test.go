package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// form is an upload as a server sees it.
type form struct {
	fields   map[string]string
	file     []byte // its first bytes
	size     int64
	filename string
	mime     string
	header   http.Header
	length   int64 // Content-Length; -1: in chunks
}

// readForm reads an upload as the frameworks of the servers do: whole, before anything is answered.
func readForm(r *http.Request, fileField string) (form, error) {
	got := form{fields: map[string]string{}, header: r.Header, length: r.ContentLength}
	parts, err := r.MultipartReader()
	if err != nil {
		return got, err
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		if part.FormName() == fileField {
			if err := got.take(part); err != nil {
				return got, err
			}
			continue
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return got, err
		}
		got.fields[part.FormName()] = string(value)
	}
}

func (f *form) take(part *multipart.Part) error {
	f.filename, f.mime = part.FileName(), part.Header.Get("Content-Type")
	var begin bytes.Buffer
	n, err := io.CopyN(&begin, part, 64)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err != nil {
		return err
	}
	rest, err := io.Copy(io.Discard, part)
	f.file, f.size = begin.Bytes(), n+rest
	return err
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// fake is what the fake servers share.
type fake struct {
	*httptest.Server
	answer func(form) any                                    // what it heard; nil: the sound answer of its kind
	first  func(w http.ResponseWriter, r *http.Request) bool // answers instead, if it says so

	complete atomic.Int64 // whole uploads
	mu       sync.Mutex
	seen     []form
}

func (f *fake) serve(t *testing.T, mux *http.ServeMux) {
	t.Helper()
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
}

func (f *fake) note(got form) {
	f.complete.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, got)
}

func (f *fake) last(t *testing.T) form {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) == 0 {
		t.Fatal("nothing was uploaded")
	}
	return f.seen[len(f.seen)-1]
}

// newOpenAI is a server with the OpenAI API as speaches has it: statuses, details of errors, segments.
func newOpenAI(t *testing.T) *fake {
	t.Helper()
	f := &fake{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/audio/transcriptions", func(w http.ResponseWriter, r *http.Request) {
		if f.first != nil && f.first(w, r) {
			return
		}
		got, err := readForm(r, "file")
		if err != nil {
			reply(w, http.StatusBadRequest, map[string]string{"detail": "There was an error parsing the body"})
			return
		}
		f.note(got)
		switch {
		case got.file == nil || got.fields["model"] == "":
			reply(w, http.StatusUnprocessableEntity, map[string]any{"detail": []any{map[string]any{"type": "missing", "loc": []string{"body", "model"}, "msg": "Field required"}}})
		case got.fields["model"] == "missing/model":
			reply(w, http.StatusNotFound, map[string]string{"detail": "Model 'missing/model' is not installed locally. You can download the model using `POST /v1/models`"})
		case got.fields["response_format"] != "verbose_json":
			reply(w, http.StatusOK, map[string]string{"text": "only text"})
		case f.answer != nil:
			reply(w, http.StatusOK, f.answer(got))
		default:
			reply(w, http.StatusOK, speaches)
		}
	})
	f.serve(t, mux)
	return f
}

// speaches is an answer of speaches with faster-whisper.
var speaches = map[string]any{
	"language": "uz", "duration": 4.6, "text": "Assalomu alaykum, buyurtmam qachon keladi?", "words": nil, "usage": nil,
	"segments": []any{
		map[string]any{"id": 1, "seek": 0, "start": 0.0, "end": 1.5, "text": " Assalomu alaykum,", "tokens": []int{50365, 6281}, "temperature": 0.0,
			"avg_logprob": -0.2, "compression_ratio": 1.1, "no_speech_prob": 0.02},
		map[string]any{"id": 2, "seek": 150, "start": 1.5, "end": 4.6, "text": " buyurtmam qachon keladi?", "tokens": []int{50440}, "temperature": 0.0,
			"avg_logprob": -0.4, "compression_ratio": 1.1, "no_speech_prob": 0.02},
	},
}

// whisper is the server of whisper.cpp: one lock around everything, parameters that stay, WAV only, names of languages.
type whisper struct {
	fake
	old    bool // says what went wrong with status 200
	now    atomic.Int64
	atOnce atomic.Int64 // the most that came at the same time
}

func newWhisper(t *testing.T) *whisper {
	t.Helper()
	f := &whisper{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /inference", f.inference)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, "File Not Found (%s)", r.URL.Path)
	})
	f.serve(t, mux)
	return f
}

func (f *whisper) inference(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "whisper.cpp")
	if now := f.now.Add(1); now > f.atOnce.Load() {
		f.atOnce.Store(now)
	}
	defer f.now.Add(-1)
	if f.first != nil && f.first(w, r) {
		return
	}
	got, err := readForm(r, "file")
	if err != nil { // the error handler's answer
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, "Invalid request")
		return
	}
	f.note(got)
	wrong := func(status int, message string) {
		if f.old {
			status = http.StatusOK
		}
		reply(w, status, map[string]string{"error": message})
	}
	switch {
	case got.file == nil:
		wrong(http.StatusBadRequest, "no 'file' field in the request")
	case !bytes.HasPrefix(got.file, []byte("RIFF")) || string(got.file[8:16]) != "WAVEfmt " || string(got.file[36:40]) != "data":
		wrong(http.StatusBadRequest, "failed to read audio data")
	case got.fields["response_format"] != "verbose_json":
		reply(w, http.StatusOK, map[string]string{"text": " gossip\n"})
	case f.answer != nil:
		reply(w, http.StatusOK, f.answer(got))
	default:
		reply(w, http.StatusOK, whisperCPPAnswer(got))
	}
}

// whisperCPPAnswer is what verbose_json of whisper.cpp has; without a language it hears English.
func whisperCPPAnswer(got form) any {
	spoken := map[string]string{"": "english", "auto": "russian", "ru": "russian", "uz": "uzbek", "en": "english"}[got.fields["language"]]
	return map[string]any{
		"task": "transcribe", "language": spoken, "duration": 2.0, "text": " Здравствуйте,\n где мой заказ?\n", "detected_language": spoken,
		"detected_language_probability": 0.98, "segments": []any{
			map[string]any{"id": 0, "text": " Здравствуйте,", "start": 0.0, "end": 1.0, "tokens": []int{1, 2}, "temperature": 0.0, "avg_logprob": -0.1,
				"no_speech_prob": 1e-9, "words": []any{map[string]any{"word": " Здравствуйте", "start": 0.0, "end": 0.9, "t_dtw": -1, "probability": 0.9}}},
			map[string]any{"id": 1, "text": " где мой заказ?", "start": 1.0, "end": 2.0, "tokens": []int{3}, "temperature": 0.0, "avg_logprob": -0.3, "no_speech_prob": 1e-9},
		},
	}
}

// hijacked writes raw bytes and hangs up.
func hijacked(w http.ResponseWriter, raw string) bool {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	defer conn.Close()
	_, _ = io.Copy(buffered, strings.NewReader(raw))
	_ = buffered.Flush()
	return true
}
