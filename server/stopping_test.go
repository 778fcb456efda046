package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What is imported before the server first starts is judged when it does.
func TestAnImportBeforeTheFirstStartIsJudged(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	export, company := writeExport(t, m.dir)
	if line := lastLine(t, m.must("import", "telegram", export, "--company", company)); line.Analyses < exportChats*exportMessages {
		t.Errorf("%d analyses are asked for", line.Analyses)
	}
}

// A request that runs when the server is told to stop is answered.
func TestRequestsAreDrained(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	s := m.serve()
	address := strings.TrimPrefix(s.address, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	body := `{"query":"mutation { signIn(input: {email: \"nobody@x.example\", password: \"not this one\"}) { accessToken } }"}`
	head := fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(body))
	if _, err := io.WriteString(conn, head+body[:10]); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		probe, err := net.Dial("tcp", address)
		if err != nil {
			break // it takes no more connections
		}
		_ = probe.Close()
		if time.Now().After(deadline) {
			t.Fatal("the server goes on taking connections")
		}
	}
	if _, err := io.WriteString(conn, body[10:]); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("the request was cut: %v", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(answer), "UNAUTHENTICATED") {
		t.Errorf("status %d, %s, %v", response.StatusCode, answer, err)
	}
}
