package server_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// speak writes what a voice says of a text as Telegram keeps voice notes: Opus in OGG, 48 kHz, mono.
func speak(t *testing.T, path, text string) {
	t.Helper()
	wave := filepath.Join(t.TempDir(), "said.wav")
	for _, args := range [][]string{
		{"flite", "-voice", "slt", "-t", text, "-o", wave},
		{"ffmpeg", "-nostdin", "-loglevel", "error", "-i", wave, "-ac", "1", "-ar", "48000", "-c:a", "libopus", path},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
}

const voiceCompany = `
company: { name: Voices, timezone: Asia/Tashkent, currency: UZS, language: en }
schedules: [{ name: always, days: { mon-sun: ["00:00-24:00"] } }]
teams: [{ name: Support, schedule: always, reply_target: 5m }]
people: [{ name: Staff, email: staff@voices.example, role: employee, team: Support, telegram_id: 100002, joined: 2026-01-05 }]
`

// voiceExport is a folder of Telegram Desktop with a voice note, an answer, and a note whose file is missing.
func voiceExport(t *testing.T, dir string) string {
	t.Helper()
	folder := filepath.Join(dir, "export")
	if err := os.MkdirAll(filepath.Join(folder, "voice_messages"), 0o755); err != nil {
		t.Fatal(err)
	}
	speak(t, filepath.Join(folder, "voice_messages", "audio_1.ogg"), "Please give me my money back. The delivery was late and the food was cold.")
	note := func(id int, unix, file string) map[string]any {
		return map[string]any{"id": id, "type": "message", "date": "2026-09-01T10:00:00", "date_unixtime": unix, "from": "Ann", "from_id": "user7000",
			"file": file, "media_type": "voice_message", "mime_type": "audio/ogg", "duration_seconds": 5, "text": "", "text_entities": []any{}}
	}
	messages := []map[string]any{
		note(1, "1788242400", "voice_messages/audio_1.ogg"),
		{"id": 2, "type": "message", "date": "2026-09-01T10:02:00", "date_unixtime": "1788242520", "from": "Staff", "from_id": "user100002",
			"text": "We are sorry. The money will be back tomorrow.", "text_entities": []any{}},
		note(3, "1788242600", "(File not included. Change data exporting settings to download.)"),
	}
	raw, err := json.Marshal(map[string]any{"name": "Ann", "type": "personal_chat", "id": 7000, "messages": messages})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"export/result.json": raw, "company.yml": []byte(voiceCompany)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// A voice note of an imported folder ends as transcript, sentiment and topic, once, however often it is imported.
func TestAVoiceNoteOfAnImportIsJudged(t *testing.T) {
	m := newMachine(t)
	folder := voiceExport(t, m.dir)
	m.must("apply", filepath.Join(m.dir, "company.yml"))
	for range 2 {
		m.must("import", "telegram", folder, "--account", "100002", "--wait")
	}
	var data struct {
		Messages struct {
			Edges []struct {
				Node struct {
					Kind, Transcript string
					Analyses         struct {
						Edges []struct {
							Node struct{ Kind, Label, Language, AnalyzerVersion string }
						}
					}
				}
			}
		}
	}
	m.query("", `{ messages(first: 10, where: {kind: VOICE}) { edges { node { kind transcript analyses(first: 20) { edges { node { kind label language analyzerVersion } } } } } } }`, &data)
	heard, kinds := 0, map[string]int{}
	for _, edge := range data.Messages.Edges {
		if edge.Node.Transcript == "" {
			continue
		}
		heard++
		if !strings.Contains(edge.Node.Transcript, "money") {
			t.Errorf("heard %q", edge.Node.Transcript)
		}
		for _, a := range edge.Node.Analyses.Edges {
			kinds[a.Node.Kind]++
		}
	}
	if heard != 1 || len(data.Messages.Edges) != 2 {
		t.Errorf("%d of %d notes were heard", heard, len(data.Messages.Edges))
	}
	for _, kind := range []string{"TRANSCRIPT", "SENTIMENT", "TOPIC", "QUESTION", "NEEDS_REPLY"} {
		if kinds[kind] != 1 {
			t.Errorf("%d analyses of %s: %v", kinds[kind], kind, kinds)
		}
	}
}
