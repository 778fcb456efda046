package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// person is somebody signed in over HTTP.
type person struct {
	t     testing.TB
	s     *served
	token string
}

func (s *served) signIn(t testing.TB, email, password string) *person {
	t.Helper()
	p := &person{t: t, s: s}
	var data struct{ SignIn struct{ AccessToken string } }
	p.ask(`mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { accessToken } }`, map[string]any{"e": email, "p": password}, &data)
	p.token = data.SignIn.AccessToken
	return p
}

func (p *person) ask(query string, vars map[string]any, into any) {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		p.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.s.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		p.t.Fatal(err)
	}
	if len(answer.Errors) > 0 {
		p.t.Fatalf("%v", answer.Errors)
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		p.t.Fatal(err)
	}
}

type socketMessage struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// subscribe opens a socket and hands over the data of each event until the test ends.
func (p *person) subscribe(query string) <-chan json.RawMessage {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Minute)
	p.t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, strings.Replace(p.s.address, "http", "ws", 1)+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.CloseNow() })
	send := func(m socketMessage) {
		if err := wsjson.Write(ctx, conn, m); err != nil {
			p.t.Fatal(err)
		}
	}
	payload, err := json.Marshal(map[string]string{"Authorization": "Bearer " + p.token})
	if err != nil {
		p.t.Fatal(err)
	}
	send(socketMessage{Type: "connection_init", Payload: payload})
	var ack socketMessage
	if err := wsjson.Read(ctx, conn, &ack); err != nil || ack.Type != "connection_ack" {
		p.t.Fatalf("%+v %v", ack, err)
	}
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		p.t.Fatal(err)
	}
	send(socketMessage{ID: "1", Type: "subscribe", Payload: body})
	events := make(chan json.RawMessage, 64)
	go func() {
		defer close(events)
		for {
			var m socketMessage
			if wsjson.Read(ctx, conn, &m) != nil {
				return
			}
			switch m.Type {
			case "next":
				events <- m.Payload
			case "ping":
				_ = wsjson.Write(ctx, conn, socketMessage{Type: "pong"})
			}
		}
	}()
	return events
}
