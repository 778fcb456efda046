package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/graph"
)

// patience ends a test that would wait for ever; no test waits for it to pass.
const patience = 20 * time.Second

type wire struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

type client struct {
	t    *testing.T
	conn *websocket.Conn
	ctx  context.Context
}

// connect opens a socket without saying anything.
func (o *office) connect(protocols ...string) *client {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	o.t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, o.url, &websocket.DialOptions{Subprotocols: protocols})
	o.check(err)
	conn.SetReadLimit(1 << 20)
	o.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t: o.t.(*testing.T), conn: conn, ctx: ctx}
}

// dial opens a socket and signs in.
func (o *office) dial(email string) *client {
	o.t.Helper()
	s := o.connect("graphql-transport-ws")
	s.send(map[string]any{"type": "connection_init", "payload": map[string]any{"token": o.key(email)}})
	if f := s.next(); f.Type != "connection_ack" {
		o.t.Fatalf("got %s", f.Type)
	}
	return s
}

func (s *client) send(v any) {
	s.t.Helper()
	if err := wsjson.Write(s.ctx, s.conn, v); err != nil && websocket.CloseStatus(err) == -1 {
		s.t.Log(err) // the server may close while we write
	}
}

func (s *client) subscribe(id, query string) {
	s.t.Helper()
	s.send(map[string]any{"id": id, "type": "subscribe", "payload": map[string]any{"query": query}})
}

func (s *client) next() wire {
	s.t.Helper()
	var f wire
	if err := wsjson.Read(s.ctx, s.conn, &f); err != nil {
		s.t.Fatal(err)
	}
	return f
}

// closed reads until the server closes and returns the code. Anything else that comes fails the test.
func (s *client) closed() int {
	s.t.Helper()
	var f wire
	err := wsjson.Read(s.ctx, s.conn, &f)
	if err == nil {
		s.t.Fatalf("got %s %s", f.Type, f.Payload)
	}
	return int(websocket.CloseStatus(err))
}

// settled waits until the operations sent before are running: answers to a later query come after.
func (s *client) settled() {
	s.t.Helper()
	s.subscribe("settle", `{ __typename }`)
	for f := s.next(); f.Type != "complete" || f.ID != "settle"; f = s.next() {
	}
}

func TestQueriesOverASocket(t *testing.T) {
	t.Parallel()
	o := open(t)
	s := o.dial(apptest.Jasur)
	s.send(map[string]any{"type": "ping"})
	if f := s.next(); f.Type != "pong" {
		t.Errorf("got %s", f.Type)
	}
	s.subscribe("a", `{ viewer { name } }`)
	if f := s.next(); f.Type != "next" || !strings.Contains(string(f.Payload), "Jasur") {
		t.Errorf("got %s %s", f.Type, f.Payload)
	}
	if f := s.next(); f.Type != "complete" || f.ID != "a" {
		t.Errorf("got %s", f.Type)
	}
	s.subscribe("a", `{ nothing }`)
	if f := s.next(); f.Type != "error" || !strings.Contains(string(f.Payload), "INVALID") {
		t.Errorf("got %s %s", f.Type, f.Payload)
	}
}

func TestASubscriberSeesOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	o := open(t).talks().listen()
	jasur, aziza := o.dial(apptest.Jasur), o.dial(apptest.Aziza)
	for _, s := range []*client{jasur, aziza} {
		s.subscribe("m", `subscription { messageReceived { text chat { telegramID } sender { __typename } } }`)
		s.settled()
	}
	o.Say(-1002, 502, apptest.At("2026-09-15 11:00"), "Sales only")
	o.Say(-1003, 503, apptest.At("2026-09-15 11:01"), "for Malika")
	o.Say(-1001, 501, apptest.At("2026-09-15 11:02"), "for Jasur")
	if f := jasur.next(); !strings.Contains(string(f.Payload), "for Jasur") {
		t.Errorf("Jasur got %s", f.Payload)
	}
	for _, want := range []string{"for Malika", "for Jasur"} {
		if f := aziza.next(); !strings.Contains(string(f.Payload), want) {
			t.Errorf("Aziza got %s instead of %q", f.Payload, want)
		}
	}
}

func TestEverySubscriptionYields(t *testing.T) {
	t.Parallel()
	o := open(t).talks().listen()
	s := o.dial(apptest.Botir)
	for i, query := range []string{
		`messageReceived { id text }`, `analysisCompleted(kinds: [SENTIMENT]) { id kind effectiveLabel message { text } }`, `waitChanged { id state }`,
		`kpiChanged { id total }`, `payrollRunChanged { id state totals { slips } }`,
	} {
		s.subscribe(fmt.Sprint(i), `subscription { `+query+` }`)
	}
	s.settled()
	o.Clock.Advance(time.Minute)
	o.Say(-1001, 501, apptest.At("2026-09-15 11:30"), "again")
	o.RunJobs()
	o.Clock.Advance(time.Minute)
	_, err := o.App.ComputeKpis(o.As(apptest.Botir), app.ComputeKpisInput{Period: "2026-09"})
	o.check(err)
	run, err := o.App.Client().PayrollRun.Query().FirstID(o.As(apptest.Botir))
	o.check(err)
	o.Clock.Advance(time.Minute)
	_, err = o.App.ReviewPayroll(o.As(apptest.Nodira), run)
	o.check(err)
	seen := map[string]bool{}
	for len(seen) < 5 {
		f := s.next()
		if f.Type != "next" || strings.Contains(string(f.Payload), "errors") {
			t.Fatalf("got %s %s", f.Type, f.Payload)
		}
		seen[f.ID] = true
	}
}

func TestSocketsThatMisbehave(t *testing.T) {
	t.Parallel()
	o := open(t, func(c *graph.Config) { c.InitTimeout = 50 * time.Millisecond })
	if code := o.connect("graphql-transport-ws").closed(); code != 4408 {
		t.Errorf("silence: %d", code)
	}
	if code := o.connect().closed(); code != 4406 {
		t.Errorf("no subprotocol: %d", code)
	}
	slow := open(t)
	say := func(messages ...any) int {
		s := slow.connect("graphql-transport-ws")
		for _, m := range messages {
			s.send(m)
		}
		return s.closed()
	}
	initial := func(token string) any {
		return map[string]any{"type": "connection_init", "payload": map[string]any{"token": token}}
	}
	if code := say(initial("nonsense")); code != 4401 {
		t.Errorf("a bad token: %d", code)
	}
	if code := say(map[string]any{"type": "connection_init"}); code != 4401 {
		t.Errorf("no token: %d", code)
	}
	if code := say(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{"query": "{__typename}"}}); code != 4401 {
		t.Errorf("a subscription before the token: %d", code)
	}
	if code := say([]int{1}); code != 4400 {
		t.Errorf("nonsense: %d", code)
	}
	s := slow.dial(apptest.Jasur)
	s.send(initial(slow.key(apptest.Jasur)))
	if code := s.closed(); code != 4429 {
		t.Errorf("a second init: %d", code)
	}
}

func TestAnIdIsTakenOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	s := o.dial(apptest.Jasur)
	s.subscribe("same", `subscription { messageReceived { id } }`)
	s.subscribe("same", `subscription { messageReceived { id } }`)
	if code := s.closed(); code != 4409 {
		t.Errorf("closed with %d", code)
	}
	s = o.dial(apptest.Jasur)
	s.subscribe("same", `subscription { messageReceived { id } }`)
	s.send(wire{ID: "same", Type: "complete"})
	s.subscribe("same", `subscription { messageReceived { id } }`)
	s.settled()
}

func TestSubscriptionsOfASocketAreCapped(t *testing.T) {
	t.Parallel()
	o := open(t, func(c *graph.Config) { c.MaxRunning = 3 })
	s := o.dial(apptest.Jasur)
	for i := range 4 {
		s.subscribe(fmt.Sprint(i), `subscription { messageReceived { id } }`)
	}
	if f := s.next(); f.Type != "error" || f.ID != "3" {
		t.Errorf("got %s for %s", f.Type, f.ID)
	}
}

func TestASocketEndsWithItsSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*office){
		"blocked": func(o *office) { o.check(o.App.BlockUser(o.Operator(), apptest.Jasur)) },
		"another role": func(o *office) {
			c := apptest.ExampleCompany()
			c.People[1].Role = "accountant"
			o.Apply(c)
		},
		"signed out": func(o *office) {
			if r := o.ask(apptest.Jasur, `mutation { signOut(input: {everywhere: true}) { signedOut } }`, nil); r.code() != "" {
				o.t.Fatal(r.text)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t).talks().listen()
			s := o.dial(apptest.Jasur)
			s.subscribe("m", `subscription { messageReceived { text } }`)
			s.settled()
			end(o)
			o.Say(-1001, 501, apptest.At("2026-09-15 11:02"), "too late")
			if code := s.closed(); code != 4403 {
				t.Errorf("closed with %d", code)
			}
		})
	}
}

func TestASocketEndsWithItsToken(t *testing.T) {
	t.Parallel()
	o := open(t)
	token := o.key(apptest.Jasur)
	o.Clock.Advance(10*time.Minute - 50*time.Millisecond)
	s := o.connect("graphql-transport-ws")
	s.send(map[string]any{"type": "connection_init", "payload": map[string]any{"Authorization": "Bearer " + token}})
	if f := s.next(); f.Type != "connection_ack" {
		t.Fatalf("got %s", f.Type)
	}
	s.subscribe("m", `subscription { messageReceived { text } }`)
	if code := s.closed(); code != 4403 {
		t.Errorf("closed with %d", code)
	}
}

// events opens a stream and returns its lines.
func (o *office) events(email, query string) *bufio.Scanner {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	o.t.Cleanup(cancel)
	body, err := json.Marshal(map[string]string{"query": query})
	o.check(err)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url, strings.NewReader(string(body)))
	o.check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+o.key(email))
	resp, err := http.DefaultClient.Do(req)
	o.check(err)
	o.t.Cleanup(func() { _ = resp.Body.Close() })
	if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		o.t.Fatalf("got %d %s", resp.StatusCode, kind)
	}
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() || lines.Text() != ":" { // the stream has begun
		o.t.Fatalf("got %q", lines.Text())
	}
	return lines
}

func line(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	for lines.Scan() {
		if text := lines.Text(); text != "" && text != ":" {
			return text
		}
	}
	t.Fatal("the stream ended")
	return ""
}

func TestServerSentEvents(t *testing.T) {
	t.Parallel()
	o := open(t).talks().listen()
	lines := o.events(apptest.Jasur, `subscription { messageReceived { text } }`)
	o.Say(-1001, 501, apptest.At("2026-09-15 11:02"), "for Jasur")
	if got := line(t, lines); got != "event: next" {
		t.Errorf("got %s", got)
	}
	if got := line(t, lines); !strings.Contains(got, "for Jasur") {
		t.Errorf("got %s", got)
	}
	o.check(o.App.BlockUser(o.Operator(), apptest.Jasur))
	o.Say(-1001, 501, apptest.At("2026-09-15 11:03"), "too late")
	if got := line(t, lines); got != "event: complete" {
		t.Errorf("got %s", got)
	}
}

func TestAStreamOfOneAnswer(t *testing.T) {
	t.Parallel()
	o := open(t)
	lines := o.events(apptest.Jasur, `{ viewer { name } }`)
	for _, want := range []string{"event: next", `data: {"data":{"viewer":{"name":"Jasur Toshev"}}}`, "event: complete"} {
		if got := line(t, lines); got != want {
			t.Errorf("got %s instead of %s", got, want)
		}
	}
}
