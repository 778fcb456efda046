package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// request is what a server got, of either protocol.
type request struct {
	system, user string
	schema       json.RawMessage
	seed         int64
	key          string
	raw          map[string]json.RawMessage
}

// server is a model server that speaks Ollama's and the OpenAI protocol as they are published.
type server struct {
	*httptest.Server
	t      *testing.T
	write  func(request) string                              // what the model writes; nil: a sound answer
	chat   func(w http.ResponseWriter, r *http.Request) bool // answers instead of the model, if it says so
	reason string                                            // why the model stopped; "": stop
	models []string
	digest string // of all models

	mu   sync.Mutex
	seen []request
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, models: []string{"qwen3:8b", "gemma3:latest"}, digest: strings.Repeat("a", 64)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/version", func(w http.ResponseWriter, _ *http.Request) { reply(w, map[string]any{"version": "0.12.6"}) })
	mux.HandleFunc("GET /api/tags", s.tags)
	mux.HandleFunc("POST /api/chat", s.ollama)
	mux.HandleFunc("POST /v1/chat/completions", s.openAI)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func (s *server) tags(w http.ResponseWriter, _ *http.Request) {
	var models []map[string]any
	for _, name := range s.models {
		models = append(models, map[string]any{"name": name, "model": name, "modified_at": "2026-10-03T22:00:00Z", "size": 5225388164,
			"digest": s.digest, "details": map[string]any{"format": "gguf", "family": "qwen3"}})
	}
	reply(w, map[string]any{"models": models})
}

func (s *server) ollama(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Model    string          `json:"model"`
		Messages []chatMessage   `json:"messages"`
		Format   json.RawMessage `json:"format"`
		Options  map[string]any  `json:"options"`
	}
	raw := decodeTwice(s.t, r, &body)
	if raw == nil {
		return
	}
	for key, want := range map[string]string{"stream": "false", "think": "false", "truncate": "false", "shift": "false", "keep_alive": `"10m"`} {
		if string(raw[key]) != want {
			s.t.Errorf("%s is %s, want %s", key, raw[key], want)
		}
	}
	if body.Options["temperature"] != 0.0 || body.Options["num_ctx"] != 8192.0 || body.Options["num_predict"] != 1024.0 {
		s.t.Errorf("options %v", body.Options)
	}
	seed, _ := body.Options["seed"].(float64)
	got := s.note(r, request{schema: body.Format, seed: int64(seed), raw: raw}, body.Messages)
	if s.chat != nil && s.chat(w, r) {
		return
	}
	if !slices.Contains(s.models, tagged(body.Model)) {
		w.WriteHeader(http.StatusNotFound)
		reply(w, map[string]string{"error": fmt.Sprintf("model '%s' not found", body.Model)})
		return
	}
	reply(w, map[string]any{"model": body.Model, "created_at": "2026-10-03T22:00:00.1Z", "message": chatMessage{"assistant", s.content(got)},
		"done": true, "done_reason": s.stopped(), "total_duration": 4883583458, "prompt_eval_count": 26, "eval_count": 282})
}

func (s *server) openAI(w http.ResponseWriter, r *http.Request) {
	var body openAIRequest
	raw := decodeTwice(s.t, r, &body)
	if raw == nil {
		return
	}
	if body.Stream || body.Temperature != 0 || body.MaxTokens != 1024 || body.ResponseFormat.Type != "json_schema" ||
		!body.ResponseFormat.JSONSchema.Strict || body.ResponseFormat.JSONSchema.Name == "" {
		s.t.Errorf("request %+v", body)
	}
	got := s.note(r, request{schema: body.ResponseFormat.JSONSchema.Schema, seed: body.Seed, raw: raw}, body.Messages)
	if s.chat != nil && s.chat(w, r) {
		return
	}
	if !slices.Contains(s.models, body.Model) {
		w.WriteHeader(http.StatusNotFound)
		reply(w, map[string]any{"error": map[string]any{"message": "The model does not exist", "type": "NotFoundError", "code": "model_not_found"}})
		return
	}
	choice := map[string]any{"index": 0, "message": map[string]any{"role": "assistant", "content": s.content(got), "refusal": nil},
		"logprobs": nil, "finish_reason": s.stopped()}
	reply(w, map[string]any{"id": "chatcmpl-1", "object": "chat.completion", "created": 1790000000, "model": body.Model,
		"choices": []any{choice}, "usage": map[string]int{"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}})
}

// decodeTwice reads a body into its fields and into into. It returns nil if the caller gave up while it sent.
func decodeTwice(t *testing.T, r *http.Request, into any) map[string]json.RawMessage {
	whole, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	var raw map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(whole, &raw), json.Unmarshal(whole, into)); err != nil {
		t.Error(err)
	}
	return raw
}

// note keeps a request and checks what holds for every one.
func (s *server) note(r *http.Request, got request, messages []chatMessage) request {
	if len(messages) != 2 || messages[0].Role != "system" || messages[1].Role != "user" {
		s.t.Errorf("messages %+v", messages)
		return got
	}
	got.system, got.user, got.key = messages[0].Content, messages[1].Content, r.Header.Get("Authorization")
	if got.raw["tools"] != nil || got.raw["functions"] != nil {
		s.t.Error("the model is given tools")
	}
	if !strings.Contains(got.system, string(got.schema)) {
		s.t.Error("the prompt lacks the schema")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, got)
	return got
}

func (s *server) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

func (s *server) content(got request) string {
	if s.write != nil {
		return s.write(got)
	}
	return fill(s.t, got, nil)
}

func (s *server) stopped() string {
	if s.reason == "" {
		return "stop"
	}
	return s.reason
}

// message is what stands between the borders of the message.
func (r request) message() string {
	_, block, _ := strings.Cut(r.user, " MESSAGE\n")
	end := strings.LastIndex(block, "\nEND ")
	return block[:max(end, 0)]
}

// fill writes an answer that fits the schema: wanted by path ("tone.rating"), else the first word of the list, a quote from
// the message and high confidence. It fails the test if the schema is not one that strict mode takes.
func fill(t *testing.T, got request, wanted map[string]string) string {
	quote, _, _ := strings.Cut(got.message(), "\n")
	raw, err := json.Marshal(fillPart(t, got.schema, "", clip(quote, 40), wanted))
	if err != nil {
		t.Error(err)
	}
	return string(raw)
}

func fillPart(t *testing.T, raw json.RawMessage, path, quote string, wanted map[string]string) any {
	var schema struct {
		Type       string                     `json:"type"`
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
		Additional *bool                      `json:"additionalProperties"`
		Enum       []string                   `json:"enum"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&schema); err != nil {
		t.Errorf("schema %s: %v", raw, err)
		return nil
	}
	want, given := wanted[path]
	switch {
	case schema.Type == "object":
		if schema.Additional == nil || *schema.Additional || len(schema.Required) != len(schema.Properties) {
			t.Errorf("schema of %q is not strict: %s", path, raw)
		}
		object := map[string]any{}
		for _, key := range schema.Required {
			object[key] = fillPart(t, schema.Properties[key], strings.TrimPrefix(path+"."+key, "."), quote, wanted)
		}
		return object
	case given:
		return want
	case strings.HasSuffix(path, "evidence"):
		return quote
	case strings.HasSuffix(path, "confidence"):
		return "high"
	case path == "addresses_judge":
		return "no"
	case len(schema.Enum) == 0:
		t.Errorf("%q is free text", path)
		return ""
	}
	return schema.Enum[0]
}

// start is a plugin with settings that point at the server.
func start(t *testing.T, s *server, more map[string]any) *plugin {
	t.Helper()
	p, err := newPlugin("")
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]any{"url": s.URL, "model": "qwen3:8b"}
	for key, value := range more {
		settings[key] = value
	}
	raw, err := json.Marshal(settings)
	if err == nil {
		raw, err = analyzer.CompleteSettings(p.Describe().Settings, raw)
	}
	if err == nil {
		err = p.Configure(raw)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// judgeOne judges one input and checks the result against the contract.
func judgeOne(t *testing.T, p *plugin, input analyzer.Input) analyzer.Result {
	t.Helper()
	return judgeWithin(t.Context(), t, p, input)
}

func judgeWithin(ctx context.Context, t *testing.T, p *plugin, input analyzer.Input) analyzer.Result {
	t.Helper()
	input.ID = "1"
	results, err := p.Analyze(ctx, []analyzer.Input{input})
	if err != nil || len(results) != 1 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	if fault := analyzer.CheckResult(p.Describe(), results[0]); fault != nil {
		t.Fatal(fault)
	}
	return results[0]
}

// outcome finds the outcome of a kind with its details.
func outcome(t *testing.T, result analyzer.Result, kind analyzer.Kind) (analyzer.Outcome, details) {
	t.Helper()
	for _, o := range result.Outcomes {
		if o.Kind == kind {
			var d details
			if err := json.Unmarshal(o.Details, &d); err != nil {
				t.Fatal(err)
			}
			return o, d
		}
	}
	t.Fatalf("no %s among %d outcomes, error %v", kind, len(result.Outcomes), result.Err)
	return analyzer.Outcome{}, details{}
}

func kindsOf(result analyzer.Result) []analyzer.Kind {
	var kinds []analyzer.Kind
	for _, o := range result.Outcomes {
		kinds = append(kinds, o.Kind)
	}
	slices.Sort(kinds)
	return kinds
}

func sameKinds(result analyzer.Result, want ...analyzer.Kind) bool {
	slices.Sort(want)
	return reflect.DeepEqual(kindsOf(result), want)
}
