package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/bot/bottest"
)

// A voice note is fetched once however often the server is killed on its way: while Telegram is asked where it is, and as its content
// comes.
func TestAVoiceNoteSurvivesKills(t *testing.T) {
	m, telegram := newMachine(t), bottest.Start(t)
	company, path := filepath.Join(m.dir, "company.yml"), filepath.Join(t.TempDir(), "note.ogg")
	if err := os.WriteFile(company, []byte(voiceCompany), 0o600); err != nil {
		t.Fatal(err)
	}
	m.must("apply", company)
	speak(t, path, "Please give me my money back.")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	staff, ann := telegram.User(100002, "Staff", "", "", "en"), telegram.User(7000, "Ann", "", "", "en")
	shop := telegram.Supergroup(-1001700000001, "Shop", staff, ann)
	staff.AddsBot(shop)
	start := func() *served { return m.serve("--telegram-token="+telegram.Token, "--telegram-url="+telegram.URL) }
	s := start()
	for kill := range 2 {
		held := make(chan struct{})
		telegram.Fail(bottest.Fault{Method: "getFile", Hold: held})
		if kill == 0 {
			ann.SendsVoice(shop, sound, 3)
		}
		telegram.Started(t.Context(), "getFile", kill+1)
		s.kill()
		close(held)
		s = start()
	}
	telegram.Await(t.Context(), "file", 1)
	s.kill()
	start()
	m.heardOnce(len(sound))
	if out := m.must("files", "status"); !strings.Contains(out, "1 stored") || !strings.Contains(out, "0 to be fetched") {
		t.Errorf("status says %q", out)
	}
	if out := m.must("files", "retry", "--all"); out != "0 files are fetched again.\n" {
		t.Errorf("retry says %q", out)
	}
}

// heardOnce waits until the only voice note is heard, and looks that it is there once.
func (m *machine) heardOnce(bytes int) {
	m.t.Helper()
	var data struct {
		Messages struct {
			Edges []struct {
				Node struct {
					Analyses struct{ TotalCount int }
					Versions []struct {
						Files []struct {
							State string
							Bytes int
						}
					}
				}
			}
		}
	}
	const query = `{ messages(first: 10, where: {kind: VOICE}) { edges { node { analyses(first: 9, where: {kind: TRANSCRIPT}) { totalCount } versions { files { state bytes } } } } } }`
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		m.query("", query, &data)
		if edges := data.Messages.Edges; len(edges) == 1 && edges[0].Node.Analyses.TotalCount > 0 {
			break
		}
		if time.Now().After(deadline) {
			m.t.Fatalf("%+v", data)
		}
	}
	node := data.Messages.Edges[0].Node
	if len(node.Versions) != 1 || len(node.Versions[0].Files) != 1 || node.Versions[0].Files[0].State != "STORED" ||
		node.Versions[0].Files[0].Bytes != bytes || node.Analyses.TotalCount != 1 {
		m.t.Errorf("%+v", node)
	}
	stored := 0
	err := filepath.WalkDir(filepath.Join(m.dir, "files"), func(_ string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
			stored++
		}
		return err
	})
	if err != nil || stored != 1 {
		m.t.Errorf("%d files are kept, %v", stored, err)
	}
}
