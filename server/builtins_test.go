package server

import (
	"strings"
	"testing"

	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
)

func TestServicesAreChecked(t *testing.T) {
	t.Parallel()
	sound := Config{Addr: "127.0.0.1:0", LLMURL: "http://localhost:11434", LLMModel: "qwen3:8b", STTURL: "ws://localhost:2700", STTEngine: "vosk"}
	if err := sound.Validate(); err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(*Config){
		"FINCO_LLM_URL: must be":     func(c *Config) { c.LLMURL = "localhost:11434" },
		"FINCO_LLM_URL: must be htt": func(c *Config) { c.LLMURL = "http://user:hunter2@h" },
		"FINCO_LLM_URL: must name":   func(c *Config) { c.LLMURL = "" },
		"FINCO_LLM_MODEL: must name": func(c *Config) { c.LLMModel = "" },
		"FINCO_LLM_MODEL: must have": func(c *Config) { c.LLMModel = "a b" },
		"FINCO_LLM_TOKEN: must be":   func(c *Config) { c.LLMToken = "hunter2\n" },
		"FINCO_STT_URL: must be":     func(c *Config) { c.STTURL = "tcp://h" },
		"FINCO_STT_URL: must be h":   func(c *Config) { c.STTEngine = "auto" },
		"FINCO_STT_URL: must name":   func(c *Config) { c.STTURL = "" },
	} {
		c := sound
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

func TestBuiltInsBySettings(t *testing.T) {
	t.Parallel()
	c := &Config{STTEngine: "auto", LLMAPI: "ollama"}
	if _, wanted := c.builtIn("llm"); wanted {
		t.Error("a language model without a server is registered")
	}
	for _, name := range []string{"sentiment", "stt"} {
		if b, wanted := c.builtIn(name); !wanted || len(b.settings) != 0 || b.model != "" || b.state != entanalyzer.StateEnabled {
			t.Errorf("%s: %+v", name, b)
		}
	}
	c = &Config{LLMURL: "http://h", LLMModel: "m", LLMToken: "hunter2", STTURL: "http://s", STTToken: "hunter2", STTEngine: "auto"}
	if b, wanted := c.builtIn("llm"); !wanted || b.model != "m" || b.state != entanalyzer.StateShadow || strings.Contains(string(mustJSON(b.settings)), "hunter2") {
		t.Errorf("llm: %+v", b)
	}
	if b, _ := c.builtIn("stt"); string(mustJSON(b.settings)) != `{"engine":"auto","url":"http://s"}` {
		t.Errorf("stt: %s", mustJSON(b.settings))
	}
	c = &Config{STTEngine: "off"} // and back from a server
	if b, _ := c.builtIn("stt"); string(mustJSON(b.settings)) != `{"engine":"off","url":""}` {
		t.Errorf("stt: %s", mustJSON(b.settings))
	}
}

// A token goes to the server it is for, whatever the company file says.
func TestTokensGoToTheirServerOnly(t *testing.T) {
	t.Parallel()
	c := &Config{LLMURL: "http://h", LLMToken: "hunter2", STTURL: "http://s", STTToken: "hunter3"}
	for _, try := range []struct{ name, settings, want string }{
		{"llm", `{"url":"http://h"}`, `{"token":"hunter2","url":"http://h"}`},
		{"stt", `{"url":"http://s"}`, `{"token":"hunter3","url":"http://s"}`},
		{"llm", `{"url":"http://thief"}`, `{"url":"http://thief"}`},
		{"llm", `{"url":"http://h","token":"own"}`, `{"url":"http://h","token":"own"}`},
		{"sentiment", `{"url":"http://h"}`, `{"url":"http://h"}`},
		{"llm", ``, ``},
	} {
		if got := c.withToken(try.name, []byte(try.settings)); string(got) != try.want {
			t.Errorf("%s %s: %s", try.name, try.settings, got)
		}
	}
	if got := (&Config{}).withToken("llm", []byte(`{"url":""}`)); string(got) != `{"url":""}` {
		t.Errorf("without a token: %s", got)
	}
}
