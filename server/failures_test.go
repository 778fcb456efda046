package server_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What an analyzer could not judge is told by the import that waited, by the list and over GraphQL.
func TestAnImportTellsWhatWasPutAside(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	folder := filepath.Join(m.dir, "export")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{"name": "Ann", "type": "personal_chat", "id": 7000, "messages": []map[string]any{{
		"id": 1, "type": "message", "date": "2026-09-01T10:00:00", "date_unixtime": "1788242400", "from": "Ann", "from_id": "user7000", "file": "note.ogg",
		"media_type": "voice_message", "mime_type": "audio/ogg", "duration_seconds": 5, "text": "", "text_entities": []any{},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"export/result.json": string(raw), "export/note.ogg": "this is no sound", "company.yml": voiceCompany} {
		if err := os.WriteFile(filepath.Join(m.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m.must("apply", filepath.Join(m.dir, "company.yml"))
	got := m.run("import", "telegram", folder, "--account", "100002", "--wait")
	if got.code != 0 || !strings.Contains(got.stdout, `"failed":{"stt":1}`) || !strings.Contains(got.stderr, "stt put aside 1: ") {
		t.Errorf("the import ends with %d: %s%s", got.code, got.stdout, got.stderr)
	}
	if list := m.must("analyzer", "list"); !strings.Contains(list, "stt put aside 1: ") {
		t.Errorf("the list:\n%s", list)
	}
	var data struct {
		AnalysisFailures []struct{ Analyzer, Reason string }
	}
	m.query("", `{ analysisFailures { analyzer reason } }`, &data)
	if len(data.AnalysisFailures) != 1 || data.AnalysisFailures[0].Analyzer != "stt" || data.AnalysisFailures[0].Reason == "" {
		t.Errorf("%+v", data)
	}
}
