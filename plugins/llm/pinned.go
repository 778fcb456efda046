package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// pinnedFile is the name of the JSON object, {"model": NAME}, in a zip at the end of an executable that is for one model. The
// server writes it when FINCO_LLM_MODEL names the model; what it names is part of the version, which the plugin has to tell
// before it gets its settings.
const pinnedFile = "llm.json"

// pinned returns the model that this executable is for, "" if it is for any.
func pinned() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	return pinnedIn(path)
}

func pinnedIn(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	archive, err := zip.NewReader(f, info.Size())
	if errors.Is(err, zip.ErrFormat) { // nothing is appended
		return "", nil
	}
	if err != nil {
		return "", err
	}
	entry, err := archive.Open(pinnedFile)
	if err != nil {
		return "", fmt.Errorf("the zip at the end of the executable has no %s", pinnedFile)
	}
	defer func() { _ = entry.Close() }()
	raw, err := io.ReadAll(io.LimitReader(entry, 4096))
	if err != nil {
		return "", err
	}
	var said struct {
		Model string `json:"model"`
	}
	if err := strictly(raw, &said); err != nil || !modelName(said.Model) {
		return "", fmt.Errorf("%s at the end of the executable names no model", pinnedFile)
	}
	return said.Model, nil
}

// modelName tells whether a text may name a model: it goes into requests, errors and, cut, into the version.
func modelName(name string) bool {
	return strings.TrimSpace(name) != "" && len(name) <= 200 && !strings.ContainsAny(name, "\r\n\t `")
}

// versionOf is the version of this code and these prompts, and of the model if the executable is for one: readable and, by a
// hash, unmistakable.
func versionOf(prompts string, tongues uint32, model string) string {
	version := fmt.Sprintf("%s+%s.%08x", codeVersion, prompts, tongues)
	if model == "" {
		return version
	}
	readable := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return '-'
	}, model[strings.LastIndex(model, "/")+1:])
	sum := sha256.Sum256([]byte(model))
	return fmt.Sprintf("%s.%.20s.%s", version, readable, hex.EncodeToString(sum[:])[:8])
}
