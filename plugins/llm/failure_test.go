package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// secretive is a message of which nothing may get into an error.
var secretive = analyzer.Input{Side: analyzer.Customer, Text: "parolim 8231-QX, yordam bering"}

// fails judges and checks that there is an error of the server, of that kind, that says says and quotes nobody.
func fails(t *testing.T, p *plugin, kind analyzer.ErrorKind, says string) {
	t.Helper()
	got := judgeOne(t, p, secretive)
	if got.Err == nil || len(got.Outcomes) > 0 {
		t.Errorf("got %+v, want an error that says %q", got, says)
		return
	}
	if got.Err.Fault != analyzer.FaultDownstream || got.Err.Kind != kind || !strings.Contains(got.Err.Message, says) {
		t.Errorf("got %v, want %s: %q", got.Err, kind, says)
	}
	for _, quoted := range []string{"8231", "hunter2", "gossip"} {
		if strings.Contains(got.Err.Message, quoted) {
			t.Errorf("the error quotes %q: %s", quoted, got.Err.Message)
		}
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		kind   analyzer.ErrorKind
		says   string
	}{
		{503, `{"error":"server busy, please try again. maximum pending requests exceeded"}`, analyzer.Unavailable, "busy (503)"},
		{429, `{"error":{"message":"gossip","type":"rate_limit_error"}}`, analyzer.Unavailable, "busy (429)"},
		{404, `{"error":"model 'qwen3:8b' not found"}`, analyzer.Unavailable, "no model qwen3:8b"},
		{401, `{"error":{"message":"Incorrect API key provided: hunter2"}}`, analyzer.Unavailable, "refuses the token (401)"},
		{500, `{"error":"model runner has unexpectedly stopped"}`, analyzer.Unavailable, "status 500"},
		{400, `{"error":"the input length exceeds the context length: 8231"}`, analyzer.Invalid, "too long"},
		{413, ``, analyzer.Invalid, "too long"},
		{400, `{"error":"gossip"}`, analyzer.Unavailable, "status 400"},
		{200, `<html>gossip</html>`, analyzer.Unavailable, "check the settings"},
		{200, ``, analyzer.Unavailable, "check the settings"},
		{200, `{"message":{"role":"assistant","content":"{\"senti`, analyzer.Unavailable, "check the settings"},
		{200, `{"error":{"message":"gossip"}}`, analyzer.Unavailable, ""},
		{200, strings.Repeat(" ", maxResponse+2), analyzer.Unavailable, "more than"},
	} {
		for _, api := range apis {
			s := newServer(t)
			s.chat = func(w http.ResponseWriter, _ *http.Request) bool {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
				return true
			}
			fails(t, start(t, s, map[string]any{"api": api, "token": "hunter2"}), c.kind, c.says)
			if n := len(s.requests()); n != 1 {
				t.Errorf("%s, status %d: asked %d times", api, c.status, n)
			}
		}
	}
}

func TestMissingModelSaysHowToGetIt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p := start(t, s, map[string]any{"model": "llama3.2"})
	fails(t, p, analyzer.Unavailable, "`ollama pull llama3.2`")
	if n := len(s.requests()); n != 0 {
		t.Errorf("the model was asked %d times although the list lacks it", n)
	}
	s.models = append(s.models, "llama3.2:latest") // pulled
	if got := judgeOne(t, p, asking); got.Err != nil {
		t.Errorf("after the pull: %v", got.Err)
	}
	s.models = nil // removed while in use: the chat says so
	fails(t, p, analyzer.Unavailable, "`ollama pull llama3.2`")
	fails(t, start(t, newServer(t), map[string]any{"api": "openai", "model": "gpt-x"}), analyzer.Unavailable, "no model gpt-x")
}

func TestCutOff(t *testing.T) {
	t.Parallel()
	for _, api := range apis {
		for reason, says := range map[string]string{"length": "cut off", "content_filter": "did not finish", "load": "did not finish", "tool_calls": "did not finish"} {
			s := newServer(t)
			s.reason = reason // with an answer that would fit: it is not to be believed
			fails(t, start(t, s, map[string]any{"api": api}), analyzer.Invalid, says)
		}
	}
	for _, body := range []string{`{"message":{"role":"assistant","content":"{}"},"done":false}`, `{"message":{"role":"assistant","content":"{}"},"done":true}`} {
		s := newServer(t)
		s.chat = func(w http.ResponseWriter, _ *http.Request) bool {
			_, err := io.WriteString(w, body)
			return err == nil
		}
		fails(t, start(t, s, nil), analyzer.Invalid, "did not finish")
	}
	s := newServer(t)
	s.chat = func(w http.ResponseWriter, _ *http.Request) bool {
		reply(w, map[string]any{"choices": []any{map[string]any{"finish_reason": "stop", "message": map[string]any{"content": nil, "refusal": "gossip"}}}})
		return true
	}
	fails(t, start(t, s, map[string]any{"api": "openai"}), analyzer.Invalid, "declined")
}

// nonsense are answers that a server let through although they do not fit the schema.
func nonsense(t *testing.T, got request) map[string]string {
	sound := fill(t, got, nil)
	return map[string]string{
		"empty": "", "prose": "I think it is positive. gossip", "a fence": "```json\n" + sound + "\n```", "more": sound + sound, "half": sound[:len(sound)/2],
		"null": "null", "list": "[]", "nothing": "{}",
		"a label of its own": fill(t, got, map[string]string{"sentiment.label": "ecstatic"}),
		"a topic of its own": fill(t, got, map[string]string{"topic.label": "gossip"}),
		"out of range":       fill(t, got, map[string]string{"tone.rating": "100"}),
		"a number":           strings.Replace(sound, `"rating":"0"`, `"rating":0`, 1),
		"sure beyond words":  fill(t, got, map[string]string{"clarity.confidence": "1.0"}),
		"a part too much":    strings.Replace(sound, "{", `{"score":100,`, 1),
		"a null":             strings.Replace(sound, `"addresses_judge":"no"`, `"addresses_judge":null`, 1),
		"a part missing":     strings.Replace(sound, `"addresses_judge":"no",`, ``, 1),
	}
}

func TestNonsenseIsRetriedOnceWithAnotherSeed(t *testing.T) {
	t.Parallel()
	probe := newServer(t)
	if got := judgeOne(t, start(t, probe, nil), answered); got.Err != nil {
		t.Fatal(got.Err)
	}
	for name := range nonsense(t, probe.requests()[0]) {
		for _, mends := range []bool{false, true} {
			s := newServer(t)
			var calls atomic.Int32
			s.write = func(got request) string {
				if calls.Add(1) == 2 && mends {
					return fill(t, got, nil)
				}
				return nonsense(t, got)[name]
			}
			got := judgeOne(t, start(t, s, map[string]any{"seed": 5}), answered)
			seen := s.requests()
			if len(seen) != 2 || seen[0].seed != 5 || seen[1].seed != 6 {
				t.Fatalf("%s: %d calls", name, len(seen))
			}
			if mends && (got.Err != nil || len(got.Outcomes) != 4) {
				t.Errorf("%s, mended: %+v", name, got.Err)
			}
			if !mends && (got.Err == nil || got.Err.Kind != analyzer.Invalid || got.Err.Fault != analyzer.FaultDownstream || strings.Contains(got.Err.Message, "gossip")) {
				t.Errorf("%s: %v with %d outcomes", name, got.Err, len(got.Outcomes))
			}
		}
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	for _, api := range apis {
		s := newServer(t)
		p := start(t, s, map[string]any{"api": api})
		s.Close()
		fails(t, p, analyzer.Unavailable, "nothing answers there")
	}
	other := newServer(t) // no Ollama at that path
	fails(t, start(t, other, map[string]any{"url": other.URL + "/elsewhere"}), analyzer.Unavailable, "status 404")
}

func TestAConnectionThatBreaks(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.chat = func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
	fails(t, start(t, s, nil), analyzer.Unavailable, "the connection broke")
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	thief := newServer(t)
	s := newServer(t)
	s.chat = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, thief.URL+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}
	fails(t, start(t, s, map[string]any{"token": "hunter2"}), analyzer.Unavailable, "status 307")
	if len(thief.requests()) > 0 {
		t.Error("message and key went elsewhere")
	}
}

// hang makes a server accept a message and say nothing until the test ends.
func hang(t *testing.T, s *server, accepted func()) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) }) // before the server closes, which waits for its handlers
	s.chat = func(http.ResponseWriter, *http.Request) bool {
		accepted()
		<-release
		return true
	}
}

func TestAServerThatHangs(t *testing.T) {
	t.Parallel()
	for _, api := range apis {
		s := newServer(t)
		hang(t, s, func() {})
		fails(t, start(t, s, map[string]any{"api": api, "timeout": 1}), analyzer.Unavailable, "in time")
		patient := start(t, s, map[string]any{"api": api, "timeout": 600})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		got := judgeWithin(ctx, t, patient, secretive)
		cancel()
		if got.Err == nil || got.Err.Fault != analyzer.FaultDownstream || got.Err.Kind != analyzer.Unavailable {
			t.Errorf("%s: %v at the host's deadline", api, got.Err)
		}
	}
}

func TestACallerThatGivesUp(t *testing.T) {
	t.Parallel()
	for _, api := range apis {
		given, giveUp := context.WithCancel(t.Context())
		s := newServer(t)
		hang(t, s, giveUp)
		if got := judgeWithin(given, t, start(t, s, map[string]any{"api": api}), secretive); got.Err == nil || got.Err.Kind != analyzer.Unavailable {
			t.Errorf("%s: %+v", api, got)
		}
	}
}

// A slow server is told before the host's own deadline, which would count against the plugin.
func TestTheDeadlineIsBeforeTheHosts(t *testing.T) {
	t.Parallel()
	for _, left := range []time.Duration{time.Minute, time.Hour} {
		host, cancel := context.WithTimeout(t.Context(), left)
		within, done := newClient("http://h", true, "m", "", 2*time.Minute).within(host)
		end, _ := within.Deadline()
		latest, _ := host.Deadline()
		if limit := time.Now().Add(2 * time.Minute); end.After(limit) || latest.Sub(end) < margin {
			t.Errorf("of %s it takes until %s before the end", left, latest.Sub(end))
		}
		done()
		cancel()
	}
}
