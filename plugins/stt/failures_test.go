package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/fincokpi/finco/plugins/analyzer"
)

const downstream = analyzer.FaultDownstream

func TestStatuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		kind   analyzer.ErrorKind
		says   string
	}{
		{503, `{"error":"server busy"}`, analyzer.Unavailable, "busy (503)"},
		{429, `{"error":{"message":"gossip","type":"rate_limit_error"}}`, analyzer.Unavailable, "busy (429)"},
		{500, `{"detail":"Failed to decode audio."}`, analyzer.Unavailable, "failed (500)"},
		{502, `<html>gossip</html>`, analyzer.Unavailable, "failed (502)"},
		{504, ``, analyzer.Unavailable, "failed (504)"},
		{408, ``, analyzer.Unavailable, "failed (408)"},
		{401, `{"error":{"message":"Incorrect API key provided: hunter2"}}`, analyzer.Unavailable, "refuses the token (401)"},
		{403, `{"detail":"Invalid API key. The provided API key is incorrect."}`, analyzer.Unavailable, "refuses the token (403)"},
		{405, `{"detail":"Method Not Allowed"}`, analyzer.Unavailable, "check the settings engine and url"},
		{307, ``, analyzer.Unavailable, "check the settings engine and url"},
		{400, `{"detail":"Failed to decode audio. The provided file is likely empty."}`, analyzer.Invalid, "refuses this voice note (400)"},
		{413, `gossip`, analyzer.Invalid, "refuses this voice note (413)"},
		{415, `{"detail":"Failed to decode audio. The provided file type is not supported."}`, analyzer.Invalid, "refuses this voice note (415)"},
		{422, `{"detail":[{"type":"missing","loc":["body","file"]}]}`, analyzer.Invalid, "refuses this voice note (422)"},
		{204, ``, analyzer.Internal, "status 204"},
		{200, `<!DOCTYPE html><html>gossip</html>`, analyzer.Internal, "cut off"},
		{200, ``, analyzer.Internal, "cut off"},
		{200, `{"text":"goss`, analyzer.Internal, "cut off"},
		{200, `{"text":7}`, analyzer.Internal, "cut off"},
		{200, `{"error":{"message":"gossip"}}`, analyzer.Internal, "cut off"},
		{200, `["gossip"]`, analyzer.Internal, "cut off"},
		{200, `null`, analyzer.Internal, "cut off"},
		{200, `{"text":"a","segments":"gossip"}`, analyzer.Internal, "cut off"},
		{200, `{"text":"` + strings.Repeat("gossip", maxAnswer/6) + `"}`, analyzer.Internal, "more than 4 MiB"},
	} {
		s := newOpenAI(t)
		s.first = func(w http.ResponseWriter, r *http.Request) bool {
			if _, err := readForm(r, "file"); err != nil {
				t.Error(err)
			}
			if c.status == http.StatusTemporaryRedirect {
				w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
			return true
		}
		failing(t, start(t, map[string]any{"url": s.URL, "token": "hunter2"}), audio(sample(t)), downstream, c.kind, c.says)
	}
}

func TestAMissingModelIsNamed(t *testing.T) {
	t.Parallel()
	s := newOpenAI(t)
	failing(t, start(t, map[string]any{"url": s.URL, "model": "missing/model"}), audio(sample(t)), downstream, analyzer.Unavailable, "no model missing/model")
	w := newWhisper(t)
	failing(t, start(t, map[string]any{"engine": whisperCPP, "url": w.URL + "/wrong"}), audio(sample(t)), downstream, analyzer.Unavailable, "check the settings engine and url")
}

func TestServersThatAreAway(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, c := range []struct{ engine, url, says string }{
		{openAI, closed.URL, "nothing answers there"}, {whisperCPP, closed.URL, "nothing answers there"}, {custom, closed.URL, "nothing answers there"},
		{vosk, closed.URL, "nothing answers there"}, {openAI, "http://no-such-host.invalid", "its name is not known"},
	} {
		failing(t, start(t, map[string]any{"engine": c.engine, "url": c.url, "timeout": 30}), audio(sample(t)), downstream, analyzer.Unavailable, c.says)
	}
}

func TestConnectionsThatBreak(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw  string
		kind analyzer.ErrorKind
		says string
	}{
		"no answer":             {"", analyzer.Unavailable, "the connection broke"},
		"cut in the answer":     {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"text\":\"gossip", analyzer.Internal, "cut off"},
		"cut in a chunk":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"text\":\"goss", analyzer.Internal, "cut off"},
		"whole JSON, cut short": {"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"text\":\"gossip\"}", analyzer.Internal, "cut off"},
		"no HTTP":               {"220 mail.example ESMTP gossip\r\n", analyzer.Unavailable, "the connection broke"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, engine := range []string{openAI, whisperCPP} {
				s := newOpenAI(t)
				path := "/v1/audio/transcriptions"
				s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, err := readForm(r, "file"); err != nil {
						t.Error(err)
					}
					hijacked(w, c.raw)
				})
				url := s.URL
				if engine == whisperCPP {
					path = "/inference"
				}
				failing(t, start(t, map[string]any{"engine": engine, "url": url + path}), audio(sample(t)), downstream, c.kind, c.says)
			}
		})
	}
}

func TestServersThatAreSlow(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	s := newOpenAI(t)
	hold := func(_ http.ResponseWriter, r *http.Request) bool {
		if _, err := readForm(r, "file"); err == nil {
			<-held
		}
		return true
	}
	s.first = hold
	w := newWhisper(t)
	w.first = hold
	v := newVosk(t, pythonVosk)
	v.breaks = func(_ *websocket.Conn, _ int, last bool) bool {
		if last {
			<-held
		}
		return last
	}
	t.Cleanup(func() { close(held) }) // before the servers are closed, which wait for their handlers
	for engine, url := range map[string]string{openAI: s.URL, whisperCPP: w.URL, vosk: v.URL} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			failing(t, start(t, map[string]any{"engine": engine, "url": url, "timeout": 1}), audio(sample(t)), downstream, analyzer.Unavailable, "did not answer in time")
		})
	}
}

func TestWhisperCPPThatCannotReadTheFile(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		for message, kind := range map[string]analyzer.ErrorKind{"failed to read audio data": analyzer.Invalid, "failed to process audio": analyzer.Unavailable} {
			s := newWhisper(t)
			s.first = func(w http.ResponseWriter, r *http.Request) bool {
				_, _ = readForm(r, "file")
				status := http.StatusOK
				if !old {
					status = map[string]int{"failed to read audio data": 400, "failed to process audio": 500}[message]
				}
				reply(w, status, map[string]string{"error": message})
				return true
			}
			if old {
				kind = analyzer.Invalid
			}
			failing(t, start(t, map[string]any{"engine": whisperCPP, "url": s.URL}), audio(sample(t)), downstream, kind, s.URL)
		}
	}
}

func TestVoskFailures(t *testing.T) {
	t.Parallel()
	closes := func(status websocket.StatusCode) func(*websocket.Conn, int, bool) bool {
		return func(conn *websocket.Conn, chunks int, _ bool) bool {
			if chunks < 2 {
				return false
			}
			_ = conn.Close(status, "gossip")
			return true
		}
	}
	says := func(text string) func(*websocket.Conn, int, bool) bool {
		return func(conn *websocket.Conn, _ int, _ bool) bool {
			_ = conn.Write(t.Context(), websocket.MessageText, []byte(text))
			_ = conn.Close(websocket.StatusNormalClosure, "")
			return true
		}
	}
	status := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(code)
			_, _ = w.Write([]byte("gossip"))
			return true
		}
	}
	for name, c := range map[string]struct {
		breaks func(*websocket.Conn, int, bool) bool
		first  func(http.ResponseWriter, *http.Request) bool
		kind   analyzer.ErrorKind
		says   string
	}{
		"busy":                {nil, status(503), analyzer.Unavailable, "busy (503)"},
		"refuses the token":   {nil, status(401), analyzer.Unavailable, "refuses the token"},
		"no websocket":        {nil, status(200), analyzer.Unavailable, "check the settings engine and url"},
		"no such path":        {nil, status(404), analyzer.Unavailable, "check the settings engine and url"},
		"stops":               {closes(websocket.StatusServiceRestart), nil, analyzer.Unavailable, "stopping (1012)"},
		"fails half-way":      {closes(websocket.StatusInternalError), nil, analyzer.Internal, "cut off"},
		"ends half-way":       {closes(websocket.StatusNormalClosure), nil, analyzer.Internal, "cut off"},
		"is cut":              {func(conn *websocket.Conn, chunks int, _ bool) bool { return chunks > 1 && conn.CloseNow() == nil }, nil, analyzer.Internal, "cut off"},
		"is cut at the end":   {func(conn *websocket.Conn, _ int, last bool) bool { return last && conn.CloseNow() == nil }, nil, analyzer.Internal, "cut off"},
		"says HTML":           {says("<html>gossip</html>"), nil, analyzer.Internal, "cut off"},
		"says a list":         {says(`["gossip"]`), nil, analyzer.Internal, "cut off"},
		"says text as number": {says(`{"text":7}`), nil, analyzer.Internal, "cut off"},
		"says too much":       {says(`{"text":"` + strings.Repeat("gossip", maxAnswer/6) + `"}`), nil, analyzer.Internal, "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newVosk(t, pythonVosk)
			s.breaks, s.first = c.breaks, c.first
			failing(t, start(t, map[string]any{"engine": vosk, "url": s.URL, "token": "hunter2"}), audio(sample(t)), downstream, c.kind, c.says)
		})
	}
}

func TestVoskThatNeverStopsTalking(t *testing.T) {
	t.Parallel()
	s := newVosk(t, pythonVosk)
	s.breaks = func(conn *websocket.Conn, _ int, _ bool) bool {
		line, err := json.Marshal(map[string]string{"text": strings.Repeat("gossip ", 10_000)})
		for err == nil {
			err = conn.Write(t.Context(), websocket.MessageText, line)
		}
		return true
	}
	long := append(wavHeader(), make([]byte, 60*bytesPerSec)...) // in more messages than it takes to say too much
	failing(t, start(t, map[string]any{"engine": vosk, "url": s.URL}), audio(long), downstream, analyzer.Internal, "more than 4 MiB")
}

func TestMissingFFmpegIsNamed(t *testing.T) {
	t.Parallel()
	w, v := newWhisper(t), newVosk(t, pythonVosk)
	for engine, url := range map[string]string{whisperCPP: w.URL, vosk: v.URL} {
		p, err := newPlugin()
		if err != nil {
			t.Fatal(err)
		}
		p.tools.ffmpeg = "no-such-program"
		configure(t, p, map[string]any{"engine": engine, "url": url})
		failing(t, p, audio(sample(t)), downstream, analyzer.Invalid, "apt-get install ffmpeg")
	}
}
