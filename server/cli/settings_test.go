package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/fincokpi/finco/server"
)

// parseWith reads a command line beside a settings file with this content.
func parseWith(t *testing.T, file string, args ...string) (server.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "finco.yml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	var c struct {
		server.Config
		Try struct{} `cmd:""`
	}
	parser, err := kong.New(&c, kong.Writers(io.Discard, io.Discard), settingsFile(path))
	if err != nil {
		return c.Config, err
	}
	_, err = parser.Parse(append([]string{"try"}, args...))
	return c.Config, err
}

func TestSettingsFile(t *testing.T) {
	t.Parallel()
	c, err := parseWith(t, "llm-url: http://localhost:11434\nllm-model: qwen3:8b\nllm-token: 12345\nstt-engine: pocketsphinx\ntrusted-proxies: [10.0.0.1, 10.1.0.0/16]\n", "--llm-model=gemma3")
	if err != nil {
		t.Fatal(err)
	}
	if c.LLMURL != "http://localhost:11434" || c.LLMModel != "gemma3" || c.LLMAPI != "ollama" || c.LLMToken != "12345" || c.STTEngine != "pocketsphinx" || len(c.TrustedProxies) != 2 {
		t.Errorf("%+v", c)
	}
	if c, err = parseWith(t, ""); err != nil || c.LLMAPI != "ollama" || c.STTEngine != "auto" || c.Addr != "127.0.0.1:8080" {
		t.Errorf("nothing set: %+v, %v", c, err)
	}
}

func TestABadKeyOrValueIsNamed(t *testing.T) {
	t.Parallel()
	for file, says := range map[string]string{
		"llm-uri: http://h\n":             "llm-uri is no setting",
		"FINCO_LLM_URL: http://h\n":       "FINCO_LLM_URL is no setting",
		"llm-api: grpc\n":                 "--llm-api",
		"stt-engine: [vosk]\n":            "stt-engine takes one value",
		"llm-url: { host: h }\n":          "llm-url must be a text",
		"trusted-proxies: [[10.0.0.1]]\n": "trusted-proxies must be",
		"llm-url: http://h\nllm-url: x\n": "finco.yml",
		"- a list\n":                      "finco.yml",
		"serve: [api]\n":                  "serve is no setting",
		"llm-url: http://h\n":             "FINCO_LLM_MODEL",
	} {
		if c, err := parseWith(t, file); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q; %+v", file, err, says, c)
		}
	}
}
