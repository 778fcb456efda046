package server

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/host"
)

// The built-in analyzers that this program's own settings are about.
const (
	languageModel = "llm"
	speechToText  = "stt"
)

// builtIn is how an analyzer that comes with the program is registered.
type builtIn struct {
	settings map[string]any // over the plugin's own defaults; none: those of the registry stay
	model    string         // that the executable is made for, so that its version names it; "": the executable as it is
	state    entanalyzer.State
}

// builtIn says how the analyzer in a file of that name is registered, false if it is not to be. A language model begins in
// shadow: it judges kinds that others judge already, and nobody knows yet whether it is better.
func (c *Config) builtIn(name string) (builtIn, bool) {
	b := builtIn{state: entanalyzer.StateEnabled, settings: map[string]any{}}
	switch name {
	case languageModel:
		if c.LLMURL == "" {
			return b, false
		}
		b.state, b.model = entanalyzer.StateShadow, c.LLMModel
		b.settings = map[string]any{"url": c.LLMURL, "model": c.LLMModel}
		if c.LLMAPI != "" {
			b.settings["api"] = c.LLMAPI
		}
	case speechToText:
		if c.STTURL == "" && (c.STTEngine == "" || c.STTEngine == "auto") {
			return b, true
		}
		b.settings = map[string]any{"url": c.STTURL}
		if c.STTEngine != "" {
			b.settings["engine"] = c.STTEngine
		}
		if c.STTModel != "" {
			b.settings["model"] = c.STTModel
		}
	}
	return b, true
}

// withToken adds the bearer token to an analyzer's settings if they name the very server that the token is for. Tokens are
// not in the registry, where people and backups would find them.
func (c *Config) withToken(name string, settings json.RawMessage) json.RawMessage {
	token, server := "", ""
	switch name {
	case languageModel:
		token, server = c.LLMToken, c.LLMURL
	case speechToText:
		token, server = c.STTToken, c.STTURL
	}
	values := map[string]any{}
	if token == "" || json.Unmarshal(settings, &values) != nil || values["url"] != server {
		return settings
	}
	if own, _ := values["token"].(string); own != "" {
		return settings
	}
	values["token"] = token
	return mustJSON(values)
}

// checkServices refuses settings of services that could not work, naming them.
func (c *Config) checkServices(faults *domain.Faults) {
	if c.LLMURL != "" && !isService(c.LLMURL, "http", "https") {
		faults.Add("FINCO_LLM_URL", "must be http:// or https:// with a host, without user, ? or #; FINCO_LLM_TOKEN takes a token")
	}
	switch {
	case c.LLMURL == "" && c.LLMModel != "":
		faults.Add("FINCO_LLM_URL", "must name the server of the model that FINCO_LLM_MODEL names")
	case c.LLMURL != "" && c.LLMModel == "":
		faults.Add("FINCO_LLM_MODEL", "must name a model on the server, such as qwen3:8b")
	case len(c.LLMModel) > 200 || strings.ContainsAny(c.LLMModel, " \t\r\n`"):
		faults.Add("FINCO_LLM_MODEL", "must have at most 200 bytes without blanks")
	}
	schemes := []string{"http", "https"}
	if c.STTEngine == "vosk" {
		schemes = append(schemes, "ws", "wss")
	}
	if c.STTURL != "" && !isService(c.STTURL, schemes...) {
		faults.Add("FINCO_STT_URL", "must be http:// or https:// (for vosk ws:// or wss:// too) with a host, without user, ? or #; FINCO_STT_TOKEN takes a token")
	}
	if c.STTURL == "" && slices.Contains([]string{"openai", "whisper_cpp", "transcribe", "vosk"}, c.STTEngine) {
		faults.Add("FINCO_STT_URL", "must name the server of the engine %s", c.STTEngine)
	}
	for name, token := range map[string]string{"FINCO_LLM_TOKEN": c.LLMToken, "FINCO_STT_TOKEN": c.STTToken} {
		if strings.ContainsAny(token, "\r\n\x00") {
			faults.Add(name, "must be one line")
		}
	}
}

func isService(address string, schemes ...string) bool {
	at, err := url.Parse(address)
	return err == nil && slices.Contains(schemes, at.Scheme) && at.Host != "" && at.User == nil && at.RawQuery == "" && at.Fragment == ""
}

// register makes the registry know an analyzer that came with this program, if it is wanted.
func (p *Parts) register(ctx context.Context, path string) error {
	said, wanted := p.cfg.builtIn(filepath.Base(path))
	if !wanted {
		return nil
	}
	if said.model != "" {
		made, err := p.makeFor(ctx, path, said.model)
		if err != nil {
			return err
		}
		path = made
	}
	checksum, err := host.Checksum(path)
	if err != nil {
		return err
	}
	d, err := p.host.Describe(ctx, path)
	if err != nil {
		return err
	}
	settings, err := analyzer.CompleteSettings(d.Settings, mustJSON(said.settings))
	if err != nil {
		return err
	}
	isNew, err := p.App.RegisterAnalyzer(ctx, app.RegisterAnalyzerInput{
		Name: d.Name, Version: d.Version, Path: path, Checksum: checksum, Kinds: words(d.Kinds), Languages: d.Languages,
		Sides: sidesOf(d), Labels: labelsOf(d), Settings: settings, MaxBatch: d.MaxBatch, Audio: d.Audio,
		State: said.state, Rebuilt: true,
	})
	if err == nil && !isNew && len(said.settings) > 0 {
		_, err = p.App.SetAnalyzerSettings(ctx, app.AnalyzerChoice{Name: d.Name, Version: d.Version}, settings)
	}
	return err
}

// makeFor copies an executable into the data directory with the model's name behind it, from where the plugin reads it to
// tell it in its version (plugins/llm, pinnedFile). The same executable and model give the same bytes under the same name.
func (p *Parts) makeFor(ctx context.Context, path, model string) (string, error) {
	dir, err := filepath.Abs(filepath.Join(p.cfg.DataDir, "analyzers"))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", domain.Errorf(domain.KindInternal, "the folder of analyzers cannot be made: %w", err)
	}
	copied, err := copyExecutable(path, dir)
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(copied) }() // it is gone where it took its place
	if err := appendModel(copied, model); err != nil {
		return "", domain.Errorf(domain.KindInternal, "the analyzer cannot be made for its model: %w", err)
	}
	d, err := p.host.Describe(ctx, copied)
	if err != nil {
		return "", naming(err, copied, path)
	}
	placed := filepath.Join(dir, fileName(d))
	return placed, os.Rename(copied, placed)
}

// appendModel writes a zip with the model's name behind an executable.
func appendModel(path, model string) error {
	if err := os.Chmod(path, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		archive := zip.NewWriter(f)
		archive.SetOffset(info.Size())
		entry, made := archive.CreateHeader(&zip.FileHeader{Name: "llm.json", Method: zip.Store})
		if err = made; err == nil {
			_, err = entry.Write(mustJSON(map[string]string{"model": model}))
		}
		err = errors.Join(err, archive.Close())
	}
	return errors.Join(err, f.Close(), os.Chmod(path, 0o555))
}
