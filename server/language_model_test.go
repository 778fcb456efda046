package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fincokpi/finco/plugins/analyzertest"
)

// ollama is a server with the models small and large that answers each request with the first word of every list of its
// schema. It takes whom it knows only.
func ollama(t *testing.T, asked *atomic.Int32) *httptest.Server {
	t.Helper()
	answer := func(w http.ResponseWriter, body any) { _ = json.NewEncoder(w).Encode(body) }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/version", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]string{"version": "0.12.6"}) })
	mux.HandleFunc("GET /api/tags", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"models": []map[string]string{{"name": "small:latest"}, {"name": "large:latest"}}})
	})
	mux.HandleFunc("POST /api/chat", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer hunter2secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var body struct{ Format schema }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		asked.Add(1)
		content, err := json.Marshal(body.Format.first())
		if err != nil {
			t.Error(err)
		}
		answer(w, map[string]any{"message": map[string]string{"role": "assistant", "content": string(content)}, "done": true, "done_reason": "stop"})
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

type schema struct {
	Properties map[string]schema
	Enum       []string
}

func (s schema) first() any {
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Properties == nil:
		return ""
	}
	object := map[string]any{}
	for key, part := range s.Properties {
		object[key] = part.first()
	}
	return object
}

// registered is what the registry says, as an admin on the machine reads it.
type registered struct {
	Name, Version, State string
	Settings             map[string]any
}

func (m *machine) registered(name string) []registered {
	m.t.Helper()
	var data struct {
		Analyzers struct{ Edges []struct{ Node registered } }
	}
	m.query("", `{ analyzers { edges { node { name version state settings } } } }`, &data)
	var out []registered
	for _, e := range data.Analyzers.Edges {
		if e.Node.Name == name {
			out = append(out, e.Node)
		}
	}
	return out
}

// modelExport is a question and its answer.
const modelExport = `{"name": "Ann", "type": "personal_chat", "id": 7000, "messages": [
{"id": 1, "type": "message", "date": "2026-09-01T10:00:00", "date_unixtime": "1788242400", "from": "Ann", "from_id": "user7000", "text": "Buyurtmam qani?", "text_entities": []},
{"id": 2, "type": "message", "date": "2026-09-01T10:02:00", "date_unixtime": "1788242520", "from": "Staff", "from_id": "user100002", "text": "Bugun yetkazamiz.", "text_entities": []}]}`

// A language model is there once its server is set: in shadow, one version a model, without its token anywhere.
func TestALanguageModelBySettings(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	dir := t.TempDir()
	if _, err := analyzertest.Build(t.Context(), dir, "../plugins/llm"); err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	s := ollama(t, &asked)
	_, company := writeExport(t, m.dir)
	set := func(lines string, values ...any) {
		content := "analyzers-dir: " + dir + "\n" + fmt.Sprintf(lines, values...)
		if err := os.WriteFile(filepath.Join(m.dir, "finco.yml"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		m.must("apply", company)
	}
	set("")
	if got := m.registered("llm"); len(got) != 0 {
		t.Errorf("registered without a server: %+v", got)
	}
	set("llm-url: %s\nllm-model: small\nllm-token: hunter2secret\n", s.URL)
	got := m.registered("llm")
	if len(got) != 1 || got[0].State != "SHADOW" || !strings.Contains(got[0].Version, ".small.") || got[0].Settings["url"] != s.URL || got[0].Settings["token"] != nil {
		t.Fatalf("got %+v", got)
	}
	set("llm-url: %s/\nllm-model: small\nllm-token: hunter2secret\n", s.URL)
	if again := m.registered("llm"); len(again) != 1 || again[0].Version != got[0].Version || again[0].Settings["url"] != s.URL+"/" {
		t.Errorf("another address: %+v", again)
	}
	labelled := write(t, "some.tsv", "negative\tqachon keladi\npositive\trahmat\n")
	if e := decodeEvaluation(t, m.must("analyzer", "eval", "llm", "--kind", "sentiment", "--data", labelled, "--json")); e.Texts != 2 || e.Unanswered != 0 || e.Accuracy != 0.5 {
		t.Errorf("evaluated: %+v", e)
	}
	if asked.Load() != 2 {
		t.Errorf("the model was asked %d times about two messages", asked.Load())
	}
	set("llm-url: %s\nllm-model: large\nllm-token: hunter2secret\n", s.URL)
	two := m.registered("llm")
	if len(two) != 2 || two[0].State != "DISABLED" || two[1].State != "SHADOW" || !strings.Contains(two[1].Version, ".large.") {
		t.Errorf("another model: %+v", two)
	}
	without, err := os.ReadFile(company)
	if err != nil {
		t.Fatal(err)
	}
	m.must("apply", write(t, "company.yml", string(without)+"analyzers: [{ name: llm }]\n"))
	if now := m.registered("llm"); now[0].State != "DISABLED" || now[1].State != "ENABLED" {
		t.Errorf("wanted by the company file: %+v", now)
	}
	export := write(t, "result.json", modelExport)
	before := asked.Load()
	m.must("import", "telegram", export, "--account", "100002", "--wait")
	if got := asked.Load() - before; got != 2 {
		t.Errorf("the model was asked %d times about two messages", got)
	}
	var data struct {
		Analyses struct {
			Edges []struct {
				Node struct {
					Kind, Label string
					Shadow      bool
					Details     map[string]any
				}
			}
		}
	}
	m.query("", `{ analyses { edges { node { kind label shadow details } } } }`, &data)
	kinds := map[string]int{}
	for _, e := range data.Analyses.Edges {
		kinds[e.Node.Kind]++
		if e.Node.Shadow || e.Node.Details["model"] != "large" {
			t.Errorf("%+v", e.Node)
		}
	}
	if len(data.Analyses.Edges) != 6 || kinds["SENTIMENT"] != 2 || kinds["TOPIC"] != 2 || kinds["QUALITY"] != 1 || kinds["RELEVANCE"] != 1 {
		t.Errorf("judged: %v", kinds)
	}
	if list := m.must("analyzer", "list"); !strings.Contains(list, two[1].Version) || strings.Contains(list, "hunter2") {
		t.Error(list)
	}
	if r := m.run("apply", company, "--llm-url=ftp://h"); r.code == 0 || !strings.Contains(r.stderr, "FINCO_LLM_URL") {
		t.Errorf("a bad value: code %d, %s", r.code, r.stderr)
	}
}
