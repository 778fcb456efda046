package graph

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fincokpi/finco/auth"
)

// The close codes of graphql-transport-ws. A client tries again after 4403, which says that the session it came with has
// ended or changed, and does not after 4401.
const (
	closeBadRequest   websocket.StatusCode = 4400
	closeUnauthorized websocket.StatusCode = 4401
	closeForbidden    websocket.StatusCode = 4403
	closeProtocol     websocket.StatusCode = 4406
	closeInitTimeout  websocket.StatusCode = 4408
	closeTaken        websocket.StatusCode = 4409
	closeTooMany      websocket.StatusCode = 4429
)

const protocol = "graphql-transport-ws"

// socket answers graphql-transport-ws (github.com/enisdenjo/graphql-ws, PROTOCOL.md). connection_init carries the access
// token: {"token": "…"} or {"Authorization": "Bearer …"}.
type socket struct {
	resolver    *Resolver
	initTimeout time.Duration
	keepAlive   time.Duration
	timeout     time.Duration // of a query or mutation
	maxRunning  int           // operations at once
}

// Supports takes upgrades.
func (socket) Supports(r *http.Request) bool { return wantsSocket(r) }

// Do talks until either side closes.
func (s socket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol}})
	if err != nil {
		return // Accept has answered: another origin, or no websocket
	}
	conn.SetReadLimit(maxBody)
	if conn.Subprotocol() != protocol {
		_ = conn.Close(closeProtocol, "Subprotocol not acceptable")
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	t := &talk{socket: s, conn: conn, exec: exec, running: map[string]*context.CancelFunc{}}
	defer func() {
		t.done.Wait()
		_ = conn.CloseNow()
	}()
	defer cancel()
	if ctx, ok := t.begin(ctx, r); ok {
		t.listen(ctx, cancel)
	}
}

type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// talk is one connection.
type talk struct {
	socket
	conn    *websocket.Conn
	exec    graphql.GraphExecutor
	mu      sync.Mutex
	running map[string]*context.CancelFunc
	done    sync.WaitGroup
}

func (t *talk) close(code websocket.StatusCode, reason string) { _ = t.conn.Close(code, reason) }

func (t *talk) read(ctx context.Context) (frame, bool) {
	kind, text, err := t.conn.Read(ctx)
	if err != nil {
		return frame{}, false
	}
	var f frame
	if kind != websocket.MessageText || decode(text, &f) != nil {
		t.close(closeBadRequest, "Invalid message received")
		return frame{}, false
	}
	return f, true
}

func (t *talk) write(ctx context.Context, f frame) {
	text, err := json.Marshal(f)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	_ = t.conn.Write(ctx, websocket.MessageText, text)
}

// begin waits for connection_init and finds out who it is. The context carries the actor.
func (t *talk) begin(ctx context.Context, r *http.Request) (context.Context, bool) {
	late := time.AfterFunc(t.initTimeout, func() { t.close(closeInitTimeout, "Connection initialisation timeout") })
	f, ok := t.read(ctx)
	for ok && f.Type == "ping" {
		t.write(ctx, frame{Type: "pong"})
		f, ok = t.read(ctx)
	}
	if !late.Stop() || !ok {
		return ctx, false
	}
	if f.Type != "connection_init" {
		t.close(closeUnauthorized, "Unauthorized")
		return ctx, false
	}
	token := initToken(f.Payload)
	if token == "" {
		token, _ = bearer(r)
	}
	actor, expires, err := t.resolver.app.Authenticate(ctx, token)
	if err != nil {
		if codeOf(err) == codeUnavailable {
			t.close(websocket.StatusTryAgainLater, "try again later")
		} else {
			t.close(closeUnauthorized, "Unauthorized")
		}
		return ctx, false
	}
	t.write(ctx, frame{Type: "connection_ack"})
	return withCredential(auth.With(ctx, actor), credential{token: token, expires: expires}), true
}

func initToken(payload json.RawMessage) string {
	var sent map[string]any
	if json.Unmarshal(payload, &sent) != nil {
		return ""
	}
	for key, value := range sent {
		text, _ := value.(string)
		switch strings.ToLower(key) {
		case "token":
			return text
		case "authorization":
			if after, ok := cutBearer(text); ok {
				return after
			}
		}
	}
	return ""
}

// listen takes messages until the connection or the session ends.
func (t *talk) listen(ctx context.Context, cancel func()) {
	signed, stop := t.resolver.whileSigned(ctx)
	defer stop()
	go t.beat(ctx, cancel)
	go func() {
		<-signed.Done()
		if ctx.Err() == nil {
			t.close(closeForbidden, "the session ended or changed, connect again")
			cancel()
		}
	}()
	for {
		f, ok := t.read(ctx)
		if !ok {
			return
		}
		switch f.Type {
		case "ping":
			t.write(ctx, frame{Type: "pong"})
		case "pong":
		case "subscribe":
			if !t.subscribe(signed, f) {
				return
			}
		case "complete":
			t.forget(f.ID)
		case "connection_init":
			t.close(closeTooMany, "Too many initialisation requests")
			return
		default:
			t.close(closeBadRequest, "Invalid message received")
			return
		}
	}
}

// beat ends the connection of a peer that does not answer.
func (t *talk) beat(ctx context.Context, cancel func()) {
	every := time.NewTicker(t.keepAlive)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			wait, stop := context.WithTimeout(ctx, t.keepAlive)
			err := t.conn.Ping(wait)
			stop()
			if err != nil {
				cancel()
				return
			}
		}
	}
}

func (t *talk) forget(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if stop, ok := t.running[id]; ok {
		(*stop)()
		delete(t.running, id)
	}
}

// release gives an operation's id away, unless the client completed it and uses the id for another already.
func (t *talk) release(id string, stop *context.CancelFunc) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running[id] == stop {
		delete(t.running, id)
	}
}

// subscribe begins an operation; false if the connection had to be closed.
func (t *talk) subscribe(ctx context.Context, f frame) bool {
	if f.ID == "" || len(f.ID) > 128 {
		t.close(closeBadRequest, "Invalid message received")
		return false
	}
	params := &graphql.RawParams{}
	if decode(f.Payload, params) != nil || params.Query == "" {
		t.close(closeBadRequest, "Invalid message received")
		return false
	}
	opCtx, stop := context.WithCancel(ctx)
	taken, full := t.remember(f.ID, &stop)
	if taken || full {
		stop()
	}
	switch {
	case taken:
		t.close(closeTaken, "Subscriber for "+f.ID+" already exists")
		return false
	case full:
		t.write(ctx, failure(f.ID, gqlerror.List{refuse(codeInvalid, "at most %d operations run at once on a connection", t.maxRunning)}))
		return true
	}
	t.done.Go(func() {
		defer stop()
		last := t.run(opCtx, f.ID, params)
		t.release(f.ID, &stop) // with the last word the client may use the id again
		if last.Type != "" {
			t.write(context.WithoutCancel(ctx), last)
		}
	})
	return true
}

// remember notes a running operation, unless its id is taken or too many run.
func (t *talk) remember(id string, stop *context.CancelFunc) (taken, full bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, taken = t.running[id]; taken {
		return true, false
	}
	if len(t.running) >= t.maxRunning {
		return false, true
	}
	t.running[id] = stop
	return false, false
}

func failure(id string, list gqlerror.List) frame {
	payload, err := json.Marshal(list)
	if err != nil {
		return frame{}
	}
	return frame{ID: id, Type: "error", Payload: payload}
}

// run answers one operation to its end and returns the last frame to send. Nothing is sent once the client completed it or the
// session ended.
func (t *talk) run(ctx context.Context, id string, params *graphql.RawParams) frame {
	op, faults := t.exec.CreateOperationContext(ctx, params)
	if faults != nil {
		resp := t.exec.DispatchError(graphql.WithOperationContext(ctx, op), fewer(faults))
		if ctx.Err() != nil {
			return frame{}
		}
		return failure(id, resp.Errors)
	}
	if op.Operation.Operation != ast.Subscription {
		limited, stop := context.WithTimeout(ctx, t.timeout)
		defer stop()
		ctx = limited
	}
	respond, inner := t.exec.DispatchOperation(ctx, op)
	for {
		resp := respond(inner)
		if resp == nil || ctx.Err() != nil {
			break
		}
		t.write(ctx, frame{ID: id, Type: "next", Payload: encode(resp)})
	}
	if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return frame{ID: id, Type: "complete"}
	}
	return frame{}
}
