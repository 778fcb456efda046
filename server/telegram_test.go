package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/bot/bottest"
)

// inTelegram makes the machine's settings name the emulator's bot.
func (m *machine) inTelegram(server *bottest.Server, more string) {
	m.t.Helper()
	text := fmt.Sprintf("telegram-token: %q\ntelegram-url: %s\n%s", server.Token, server.URL, more)
	if err := os.WriteFile(filepath.Join(m.dir, "finco.yml"), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// get asks the server for a path.
func (s *served) get(t testing.TB, path string) string {
	t.Helper()
	response, err := http.Get(s.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// says waits until a path of the server says something.
func (s *served) says(t testing.TB, path, text string) {
	t.Helper()
	var body string
	for limit := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if body = s.get(t, path); strings.Contains(body, text) {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%s never says %q:\n%s\n%s", path, text, body, s.logs)
		}
	}
}

type telegramStatus struct {
	Bot, Mode, Fault string
	Led              bool
	Waiting, Aside   int
	Updates          []struct {
		ID    int
		Fault string
	}
}

func (m *machine) telegramStatus() telegramStatus {
	m.t.Helper()
	var out telegramStatus
	if err := json.Unmarshal([]byte(m.must("telegram", "status", "--json")), &out); err != nil {
		m.t.Fatal(err)
	}
	return out
}

// The server polls, puts aside what it cannot read, and the command line shows it, has it tried again and drops it.
func TestTheServerReadsTelegram(t *testing.T) {
	t.Parallel()
	telegram := bottest.Start(t)
	m := newMachine(t)
	_, company := writeExport(t, m.dir)
	m.inTelegram(telegram, "")
	m.must("apply", company)
	s := m.serve()
	s.says(t, "/readyz", `"telegram":"polling"`)
	customer := telegram.User(9001, "Anna", "", "anna", "ru")
	group := telegram.Supergroup(-1001, "Shop", customer)
	customer.Says(group, "Где мой заказ?")
	telegram.Push(json.RawMessage(`{"update_id":990001,"message":{"message_id":"secret words"}}`))
	telegram.Push(json.RawMessage(`{"update_id":990002,"message":{"message_id":"secret words"}}`))
	s.says(t, "/metrics", `finco_telegram_updates{state="aside"} 2`)
	s.says(t, "/metrics", `finco_telegram_updates{state="waiting"} 0`)
	if n := m.count("messages"); n != 1 {
		t.Errorf("%d messages", n)
	}

	status := m.telegramStatus()
	if status.Bot != telegram.Username || status.Mode != "polling" || status.Fault != "" || status.Aside != 2 || len(status.Updates) != 2 {
		t.Fatalf("%+v", status)
	}
	plain := m.must("telegram", "status")
	first, second := strconv.Itoa(status.Updates[0].ID), strconv.Itoa(status.Updates[1].ID)
	if !strings.Contains(plain, "@"+telegram.Username) || !strings.Contains(plain, first) || strings.Contains(plain, "secret words") {
		t.Error(plain)
	}
	m.must("telegram", "replay", first)
	s.says(t, "/metrics", `finco_telegram_updates{state="aside"} 2`)
	m.must("telegram", "drop", second)
	if status = m.telegramStatus(); status.Aside+status.Waiting != 1 || !status.Led {
		t.Errorf("%+v", status)
	}
	s.says(t, "/metrics", `finco_telegram_updates{state="aside"} 1`)
	if said := m.must("telegram", "drop", "--all"); said != "1 dropped.\n" {
		t.Error(said)
	}
	for _, wrong := range [][]string{{"telegram", "replay"}, {"telegram", "replay", "--all", first}, {"telegram", "drop", second}, {"telegram", "drop"}, {"telegram", "drop", "--all", second}} {
		if r := m.run(wrong...); r.code == 0 {
			t.Errorf("finco %s: %s", strings.Join(wrong, " "), r.stdout)
		}
	}
	for _, secret := range []string{"", "wrong"} {
		r, err := http.NewRequest(http.MethodPost, s.address+"/webhooks/telegram", strings.NewReader(`{"update_id":1}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("the webhook answers %d to anybody", response.StatusCode)
		}
	}
	if _, secret, _ := strings.Cut(telegram.Token, ":"); strings.Contains(s.logs.String()+plain, secret) {
		t.Error("the token was printed")
	}
}

func TestTheServerGoesOnWithoutTelegram(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	s := m.serve()
	if ready := s.get(t, "/readyz"); !strings.Contains(ready, `"telegram":"off"`) {
		t.Error(ready)
	}
	if n := strings.Count(s.logs.String(), "FINCO_TELEGRAM_TOKEN is not set"); n != 1 {
		t.Errorf("said %d times\n%s", n, s.logs)
	}
	s.stop(t)
	if status := m.telegramStatus(); status.Mode != "off" || status.Fault == "" {
		t.Errorf("%+v", status)
	}
	telegram := bottest.Start(t)
	telegram.Close()
	m.inTelegram(telegram, "")
	r := m.run("telegram", "status")
	if r.code != 1 || !strings.Contains(r.stderr, "Telegram does not answer") || !strings.Contains(r.stdout, "put aside") || !strings.Contains(r.stdout, "unknown") {
		t.Errorf("code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	s = m.serve() // which is ready all the same
	s.says(t, "/readyz", `"telegram":"no answer`)
}

// A process of the role bot alone waits, says so, starts no analyzer, and takes over. How updates come in is told as Telegram has it,
// whatever the settings of the command are.
func TestABotAloneTakesOver(t *testing.T) {
	t.Parallel()
	telegram := bottest.Start(t)
	m := newMachine(t)
	m.inTelegram(telegram, "")
	s := m.serve()
	s.says(t, "/readyz", `"telegram":"polling"`)
	status := m.run("telegram", "status", "--telegram-webhook-url", "https://finco.example.com")
	for _, want := range []string{"updates by     polling", "a process that runs", "Telegram has no webhook"} {
		if !strings.Contains(status.stdout, want) {
			t.Errorf("no %q in\n%s", want, status.stdout)
		}
	}
	alone := &served{cmd: m.command("serve", "--role", "bot"), logs: &logs{}, done: make(chan struct{})}
	alone.cmd.Stderr = alone.logs
	if err := alone.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { alone.stop(t) })
	go func() {
		_ = alone.cmd.Wait()
		close(alone.done)
	}()
	alone.logged(t, "another process leads; this one waits to take over")
	s.stop(t)
	alone.logged(t, "this process reads and sends for the bot now")
	if said := alone.logs.String(); strings.Contains(said, "analyzer") || strings.Count(said, "another process leads") != 1 {
		t.Error(said)
	}
}

// logged waits until the server has logged something.
func (s *served) logged(t testing.TB, text string) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !strings.Contains(s.logs.String(), text); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("it never logs %q:\n%s", text, s.logs)
		}
	}
}

func TestTelegramSettingsAreChecked(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	const token = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, c := range []struct {
		settings, says string
	}{
		{"telegram-token: my-secret-token", "FINCO_TELEGRAM_TOKEN"},
		{"telegram-url: ftp://x", "FINCO_TELEGRAM_URL"},
		{"telegram-token: " + token + "\ntelegram-webhook-url: http://finco.example.com", "FINCO_TELEGRAM_WEBHOOK_URL"},
		{"telegram-token: " + token + "\ntelegram-url: http://127.0.0.1:1\ntelegram-webhook-url: http://finco.example.com", "must be https://"},
		{"telegram-token: " + token + "\ntelegram-webhook-url: https://finco.example.com:9000", "443, 80, 88 and 8443"},
		{"telegram-token: " + token + "\ntelegram-webhook-url: https://finco.example.com/elsewhere", "/webhooks/telegram"},
	} {
		if err := os.WriteFile(filepath.Join(m.dir, "finco.yml"), []byte(c.settings+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		r := m.run("telegram", "status")
		if r.code == 0 || !strings.Contains(r.stderr, c.says) || strings.Contains(r.stderr, "my-secret-token") {
			t.Errorf("%s: code %d\n%s", c.settings, r.code, r.stderr)
		}
	}
}
