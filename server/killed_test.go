package server_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	exportChats    = 60
	exportMessages = 40 // a chat
)

// writeExport writes an account's export of two-person chats and the company file of its staff.
func writeExport(t testing.TB, dir string) (export, company string) {
	type message struct {
		ID     int    `json:"id"`
		Type   string `json:"type"`
		Date   string `json:"date"`
		Unix   string `json:"date_unixtime"`
		From   string `json:"from"`
		FromID string `json:"from_id"`
		Text   string `json:"text"`
	}
	type chat struct {
		Name     string    `json:"name"`
		Type     string    `json:"type"`
		ID       int64     `json:"id"`
		Messages []message `json:"messages"`
	}
	var list []chat
	id := 0
	start := time.Date(2026, 9, 1, 4, 0, 0, 0, time.UTC)
	for c := range exportChats {
		customer := int64(7000 + c)
		talk := chat{Name: fmt.Sprintf("Customer %d", c), Type: "personal_chat", ID: customer}
		for i := range exportMessages {
			id++
			at := start.Add(time.Duration(c)*time.Hour + time.Duration(i)*time.Minute)
			m := message{ID: id, Type: "message", Date: at.Format("2006-01-02T15:04:05"), Unix: strconv.FormatInt(at.Unix(), 10),
				From: talk.Name, FromID: fmt.Sprintf("user%d", customer), Text: fmt.Sprintf("Где мой заказ номер %d?", id)}
			if i%2 == 1 {
				m.From, m.FromID, m.Text = "Staff", "user100002", fmt.Sprintf("Здравствуйте! Заказ %d приедет завтра.", id-1)
			}
			talk.Messages = append(talk.Messages, m)
		}
		list = append(list, talk)
	}
	raw, err := json.Marshal(map[string]any{"personal_information": map[string]any{"user_id": 100002}, "chats": map[string]any{"list": list}})
	if err != nil {
		t.Fatal(err)
	}
	export, company = filepath.Join(dir, "result.json"), filepath.Join(dir, "company.yml")
	file := `
company: { name: Killed, timezone: Asia/Tashkent, currency: UZS, language: ru }
schedules: [{ name: always, days: { mon-sun: ["00:00-24:00"] } }]
teams: [{ name: Support, schedule: always, reply_target: 5m }]
people: [{ name: Staff, email: staff@killed.example, role: employee, team: Support, telegram_id: 100002, joined: 2026-01-05 }]
`
	for path, text := range map[string][]byte{export: raw, company: []byte(file)} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return export, company
}

type importLine struct {
	Messages, New, Analyses int
}

func lastLine(t testing.TB, out string) importLine {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var line importLine
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &line); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return line
}

// Nothing is lost and nothing doubled when server, plugin, Postgres and the import itself are killed while an import runs.
func TestKilledDuringImport(t *testing.T) {
	m := newMachine(t)
	export, company := writeExport(t, m.dir)
	m.must("apply", company)
	s := m.serve()

	for _, victim := range []string{"the import", "a plugin", "the server", "postgres"} {
		importing := m.command("import", "telegram", export)
		if err := importing.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(150 * time.Millisecond) // somewhere in the middle; any moment must do
		switch victim {
		case "the import":
			_ = importing.Process.Kill()
		case "a plugin":
			killChild(t, s.cmd.Process.Pid, "question")
		case "the server":
			s.kill()
			s = m.serve()
		case "postgres":
			killPostgres(t, m.dir)
			_ = importing.Wait() // fails, and says so
			s.kill()
			s = m.serve()
			continue
		}
		_ = importing.Wait()
	}

	first := lastLine(t, m.must("import", "telegram", export, "--wait"))
	again := lastLine(t, m.must("import", "telegram", export, "--wait"))
	total := exportChats * exportMessages
	if first.Messages != total || again.New != 0 || again.Analyses != 0 {
		t.Errorf("first %+v, again %+v", first, again)
	}
	want := map[string]int{"messages": total, "waits": total / 2, "SENTIMENT": total, "QUESTION": total, "NEEDS_REPLY": total / 2, "QUALITY": total / 2}
	for name, n := range want {
		if got := m.count(name); got != n {
			t.Errorf("%s: %d, want %d", name, got, n)
		}
	}
}

// count asks the graph how many there are: messages, waits, or analyses of a kind.
func (m *machine) count(what string) int {
	m.t.Helper()
	query := fmt.Sprintf(`{ n: %s { totalCount } }`, what)
	if strings.ToUpper(what) == what {
		query = fmt.Sprintf(`{ n: analyses(where: {kind: %s}) { totalCount } }`, what)
	}
	var data struct{ N struct{ TotalCount int } }
	m.query("", query, &data)
	return data.N.TotalCount
}

// killChild kills a child of a process by the name of its program.
func killChild(t *testing.T, parent int, name string) {
	t.Helper()
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(parent), "-f", name).Output()
	if err != nil {
		t.Fatalf("no child %s of the server: %v", name, err)
	}
	for _, field := range strings.Fields(string(out)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// killPostgres kills the private server's first process, which takes the rest along.
func killPostgres(t *testing.T, dir string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "postgres", "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(raw), "\n", 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
