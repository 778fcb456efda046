package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	top := m.must("--help")
	if commands, flags := strings.Index(top, "Commands:"), strings.Index(top, "Flags:"); commands < 0 || flags < commands || strings.Contains(top, "--llm-url") {
		t.Errorf("the commands don't come first:\n%s", top)
	}
	serve := m.must("serve", "--help")
	for _, setting := range []string{"--role", "--data-dir", "$DATABASE_URL", "127.0.0.1:8080", "--learn-after=50", "$FINCO_STT_TOKEN"} {
		if !strings.Contains(serve, setting) {
			t.Errorf("serve --help lacks %s:\n%s", setting, serve)
		}
	}
	promote := m.must("analyzer", "promote", "--help")
	if !strings.Contains(promote, "at least 30") || !strings.Contains(promote, "finco serve --help") || strings.Contains(promote, "--llm-url") {
		t.Error(promote)
	}
}

func TestMistakesAreExplained(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	plain := write(t, "plain", "no program")
	for _, c := range []struct {
		line string
		says []string
	}{
		{"analyzer shadow", []string{"expected <name>; finco analyzer shadow --help"}},
		{"analyzer split mine", []string{"--share=N; finco analyzer split --help"}},
		{"analyzer", []string{"needs a command: list, new", "promote"}},
		{"analyzer unistall mine", []string{"no command unistall, only list, new", "promote"}},
		{"surve", []string{"no command surve, only serve", "user, query"}},
		{"analyzer list --loud", []string{"unknown flag --loud", "finco analyzer list --help"}},
		{"analyzer test /bin", []string{"/bin is a folder"}},
		{"analyzer test " + plain, []string{"is not an executable file"}},
		{"analyzer test " + plain + "er", []string{"there is no file"}},
		{"analyzer test /bin/true", []string{"/bin/true is no analyzer: it printed no handshake", "--show-log"}},
		{"analyzer eval /bin/true --data " + messages(t), []string{"/bin/true is no analyzer: it printed no handshake", "--show-log"}},
		{"analyzer eval /bin --data " + messages(t), []string{"/bin is a folder"}},
	} {
		r := m.run(strings.Fields(c.line)...)
		for _, part := range c.says {
			if r.code != 1 || !strings.Contains(r.stderr, part) {
				t.Errorf("finco %s: code %d, not %q\n%s", c.line, r.code, part, r.stderr)
			}
		}
	}
}

func TestALanguageModelNeedsAServer(t *testing.T) {
	t.Parallel()
	m, llm := newMachine(t), filepath.Join(t.TempDir(), "llm")
	if err := os.WriteFile(llm, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if r := m.run("analyzer", "eval", llm, "--data", messages(t)); r.code != 1 || !strings.Contains(r.stderr, "FINCO_LLM_URL") {
		t.Errorf("code %d\n%s", r.code, r.stderr)
	}
}

// Who enables an analyzer of a kind that another one judges is told so, because the newer of two judgements enters pay.
func TestEnablingARival(t *testing.T) {
	t.Parallel()
	m, path := newMachine(t), stranger(t, "wellbehaved")
	company := write(t, "company.yml", "company: { name: X, timezone: Asia/Tashkent, currency: UZS }\nanalyzers: [{ name: absent }]\n")
	dry := m.run("apply", company, "--dry-run")
	if dry.code != 0 || !strings.Contains(dry.stderr, "absent is not registered yet") {
		t.Errorf("code %d\n%s%s", dry.code, dry.stdout, dry.stderr)
	}
	if out := m.must("apply", company); !strings.Contains(out, "changes.") {
		t.Error(out)
	}
	const rival = "QUESTION is judged by question "
	if r := m.run("analyzer", "install", path, "--shadow"); r.code != 0 || strings.Contains(r.stderr, rival) || !strings.Contains(r.stdout, "It judges in shadow") {
		t.Errorf("code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if r := m.run("analyzer", "enable", "asking"); r.code != 1 || !strings.Contains(r.stderr, "finco analyzer enable asking 1.0.0") {
		t.Errorf("code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	for says, args := range map[string][]string{"--shadow tries it without": {"install", path, "--enable"}, "finco analyzer disable asking takes it back": {"enable", "asking", "1.0.0"}} {
		if r := m.run(append([]string{"analyzer"}, args...)...); r.code != 0 || !strings.Contains(r.stderr, rival) || !strings.Contains(r.stderr, says) {
			t.Errorf("%v: code %d\n%s%s", args, r.code, r.stdout, r.stderr)
		}
	}
}
