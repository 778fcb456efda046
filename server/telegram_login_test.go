package server_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/auth/authtest"
	"github.com/fincokpi/finco/bot/bottest"
)

const loginCompany = `
company: {name: Savdo, timezone: Asia/Tashkent, currency: UZS, language: uz}
teams: [{name: Support}]
people:
  - {name: Jasur, email: jasur@example.com, role: employee, team: Support, telegram_id: 279058397}
`

// A browser goes to Telegram and comes back with a token that signs the person in; whoever Telegram vouches for without being
// one of the company's people, and whoever comes back without having gone, is told so and gets nothing.
func TestLogInWithTelegram(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	file := filepath.Join(m.dir, "company.yml")
	if err := os.WriteFile(file, []byte(loginCompany), 0o600); err != nil {
		t.Fatal(err)
	}
	m.must("apply", file)
	provider := authtest.Start(t, 279058397)
	s := m.serve("--public-url", "http://finco.test", "--telegram-login-id", authtest.ClientID,
		"--telegram-login-secret", authtest.ClientSecret, "--telegram-login-url", provider.URL)

	landed, cookies := s.browse(t, "http://finco.test/auth/telegram")
	brought, err := url.ParseQuery(landed.Fragment)
	token, arrival := brought.Get("signin"), brought.Get("arrival")
	if err != nil || token == "" || landed.RawQuery != "" {
		t.Fatalf("landed on %s", landed)
	}
	if arrival == "" || cookies["finco_arrival"] != arrival {
		t.Errorf("the page cannot tell that this browser went to Telegram: %q, %q", arrival, cookies["finco_arrival"])
	}
	var refreshed struct {
		RefreshSession struct{ User struct{ Name string } }
	}
	(&person{t: t, s: s}).ask(`mutation($t: String!) { refreshSession(input: {refreshToken: $t}) { user { name } } }`, map[string]any{"t": token}, &refreshed)
	if refreshed.RefreshSession.User.Name != "Jasur" {
		t.Errorf("signed in as %+v", refreshed)
	}
	if strings.Contains(s.logs.String(), token) || strings.Contains(s.logs.String(), authtest.ClientSecret) {
		t.Error("a secret is in the log")
	}

	provider.Account = 5
	if got, _ := s.browse(t, "http://finco.test/auth/telegram"); got.Fragment != "telegram=unknown" {
		t.Errorf("a stranger: %s", got)
	}
	provider.Status = http.StatusBadGateway
	if got, _ := s.browse(t, "http://finco.test/auth/telegram"); got.Fragment != "telegram=busy" {
		t.Errorf("Telegram is down: %s", got)
	}
	if got, left := s.browse(t, "http://finco.test/auth/telegram/callback?code=x&state=y"); got.Fragment != "telegram=failed" || left["finco_arrival"] != "" {
		t.Errorf("without having gone: %s, %v", got, left)
	}
	provider.Status = http.StatusUnauthorized
	if got, _ := s.browse(t, "http://finco.test/auth/telegram"); got.Fragment != "telegram=failed" {
		t.Errorf("Telegram does not know us: %s", got)
	}
	said := s.logs.String()
	for _, want := range []string{`level=INFO msg="a sign-in by Telegram was refused" room=server reason=unknown`, "reason=failed", "HTTP 502", "HTTP 401"} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not say %s:\n%s", want, said)
		}
	}
	if strings.Contains(said, "code=x") || strings.Contains(said, authtest.ClientSecret) {
		t.Error("a secret is in the log")
	}
}

// Whoever opens the page from the bot is signed in by what Telegram signed with the bot's token; by nothing else.
func TestTheBotsMiniAppSignsIn(t *testing.T) {
	t.Parallel()
	telegram := bottest.Start(t)
	m := newMachine(t)
	file := filepath.Join(m.dir, "company.yml")
	if err := os.WriteFile(file, []byte(loginCompany), 0o600); err != nil {
		t.Fatal(err)
	}
	m.inTelegram(telegram, "")
	m.must("apply", file)
	s := m.serve()
	const query = `mutation($d: String!) { signInWithTelegram(input: {initData: $d}) { user { name } } }`
	var signed struct {
		SignInWithTelegram struct{ User struct{ Name string } }
	}
	(&person{t: t, s: s}).ask(query, map[string]any{"d": initDataOf(telegram.Token, 279058397)}, &signed)
	if signed.SignInWithTelegram.User.Name != "Jasur" {
		t.Errorf("signed in as %+v", signed)
	}
	const another = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	s.says(t, "/readyz", `"telegram":"polling"`) // so that the bot's name is known
	m.must("user", "add", "vera@example.com", "--role", "employee")
	if r := m.run("user", "invite", "vera@example.com"); r.code != 0 || !strings.Contains(r.stderr, "(Asia/Tashkent)") {
		t.Errorf("invited: code %d, %s%s", r.code, r.stdout, r.stderr)
	}
	for _, data := range []string{initDataOf(another, 279058397), initDataOf(telegram.Token, 5)} {
		body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"d": data}})
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.Post(s.address+"/graphql", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !strings.Contains(string(said), "UNAUTHENTICATED") {
			t.Errorf("%s, %v", said, err)
		}
	}
}

// initDataOf is what Telegram hands to a Mini App of a bot that an account opens now.
func initDataOf(token string, account int64) string {
	fields := url.Values{"auth_date": {fmt.Sprint(time.Now().Unix())}, "query_id": {"q"}, "user": {fmt.Sprintf(`{"id":%d,"first_name":"A+B %%"}`, account)}}
	var lines []string
	for name := range fields {
		lines = append(lines, name+"="+fields.Get(name))
	}
	slices.Sort(lines)
	signed := func(key []byte, text string) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	fields.Set("hash", hex.EncodeToString(signed(signed([]byte("WebAppData"), token), strings.Join(lines, "\n"))))
	return fields.Encode()
}

// browse follows redirects as a browser with cookies does, from a public address to wherever the server is, and returns where it
// stays and the cookies that the page there can read.
func (s *served) browse(t *testing.T, from string) (landed *url.URL, cookies map[string]string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == "finco.test:80" {
			address = strings.TrimPrefix(s.address, "http://")
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	response, err := (&http.Client{Jar: jar, Transport: transport}).Get(from)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	cookies = map[string]string{}
	for _, c := range jar.Cookies(response.Request.URL) {
		cookies[c.Name] = c.Value
	}
	return response.Request.URL, cookies
}
