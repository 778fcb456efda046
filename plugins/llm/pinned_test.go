package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
)

func TestAPinnedModel(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "llm")
	write := func(name, content string) {
		var file bytes.Buffer
		file.WriteString("\x7fELF and so on")
		archive := zip.NewWriter(&file)
		entry, err := archive.Create(name)
		if err == nil {
			_, err = io.WriteString(entry, content)
		}
		if err := errors.Join(err, archive.Close(), os.WriteFile(path, file.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write(pinnedFile, `{"model":"hf.co/bartowski/Qwen3-8B-Instruct-GGUF:Q4_K_M"}`)
	model, err := pinnedIn(path)
	if err != nil || !strings.HasPrefix(model, "hf.co/") {
		t.Fatalf("%q, %v", model, err)
	}
	p, err := newPlugin(model)
	if err != nil {
		t.Fatal(err)
	}
	free, err := newPlugin("")
	if err != nil {
		t.Fatal(err)
	}
	d := p.Describe()
	if err := d.Check(); err != nil || !strings.HasPrefix(d.Version, free.version+".Qwen3-8B-Instruct-GG.") {
		t.Errorf("version %s, %v", d.Version, err)
	}
	for settings, says := range map[string]string{`{"url":"http://h"}`: "", `{"url":"http://h","model":"other"}`: "FINCO_LLM_MODEL"} {
		complete, err := analyzer.CompleteSettings(d.Settings, json.RawMessage(settings))
		if err == nil {
			err = p.Configure(complete)
		}
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", settings, err)
		}
	}
	for name, content := range map[string]string{"other.bin": "{}", pinnedFile: `{"model":"a\nb"}`} {
		write(name, content)
		if model, err := pinnedIn(path); err == nil {
			t.Errorf("%s: %q", content, model)
		}
	}
	if err := os.WriteFile(path, []byte("\x7fELF"), 0o600); err != nil {
		t.Fatal(err)
	}
	if model, err := pinnedIn(path); model != "" || err != nil {
		t.Errorf("nothing appended: %q, %v", model, err)
	}
}

// What answers is named by its weights, and a name that stands for others is noticed.
func TestTheDigestIsTold(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p := start(t, s, nil)
	digest := func() string {
		_, d := outcome(t, judgeOne(t, p, asking), analyzer.Sentiment)
		if d.Model != "qwen3:8b" {
			t.Errorf("model %q", d.Model)
		}
		return d.Digest
	}
	if got := digest(); got != "aaaaaaaaaaaa" {
		t.Errorf("digest %q", got)
	}
	s.digest = "sha256:" + strings.Repeat("b", 64)
	if got := digest(); got != "aaaaaaaaaaaa" {
		t.Errorf("asked again at once: digest %q", got)
	}
	client := p.engine.Load().client
	client.health.Store(&health{at: time.Now().Add(-looksEvery - time.Second), digest: "aaaaaaaaaaaa"})
	if got := digest(); got != "bbbbbbbbbbbb" {
		t.Errorf("a minute later: digest %q", got)
	}
	if _, d := outcome(t, judgeOne(t, start(t, s, map[string]any{"api": "openai"}), asking), analyzer.Sentiment); d.Digest != "" {
		t.Errorf("openai: digest %q", d.Digest)
	}
}
