package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
)

// The servers of alphacep/vosk-server; they differ in what they answer and in who hangs up.
const (
	pythonVosk = "websocket/asr_server.py"
	cppVosk    = "websocket-cpp/asr_server.cpp"
	gpuVosk    = "websocket-gpu-batch/asr_server_gpu.py"
)

// voskServer recognises an utterance in every two seconds of sound.
type voskServer struct {
	*httptest.Server
	kind   string
	first  func(w http.ResponseWriter, r *http.Request) bool      // answers the handshake instead, if it says so
	breaks func(conn *websocket.Conn, chunks int, last bool) bool // ends the connection, if it says so
	words  []string                                               // what is said, an utterance each; nil: two utterances

	mu      sync.Mutex
	config  map[string]any
	bytes   int
	biggest int
	header  http.Header
}

func newVosk(t *testing.T, kind string) *voskServer {
	t.Helper()
	s := &voskServer{kind: kind, words: []string{"здравствуйте где мой заказ", "жду ответа"}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.first != nil && s.first(w, r) {
			return
		}
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.SetReadLimit(1 << 20) // that of Python's websockets
		s.mu.Lock()
		s.header = r.Header
		s.mu.Unlock()
		s.talk(t, conn, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// talk is the loop of the servers.
func (s *voskServer) talk(t *testing.T, conn *websocket.Conn, r *http.Request) {
	said, chunks, fresh := 0, 0, 0
	say := func(text string) bool { return conn.Write(r.Context(), websocket.MessageText, []byte(text)) == nil }
	next := func() string {
		if said >= len(s.words) {
			return `{"text" : ""}`
		}
		said++
		return voskResult(s.words[said-1], float64(said-1)*2)
	}
	for {
		kind, message, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		if kind == websocket.MessageText && strings.Contains(string(message), "config") {
			s.configure(t, message)
			if s.kind == cppVosk && !say(`{"partial" : ""}`) {
				return
			}
			continue
		}
		last := kind == websocket.MessageText && string(message) == `{"eof" : 1}`
		if kind == websocket.MessageText && !last {
			t.Errorf("the server would take %q for sound", message)
		}
		if s.breaks != nil && s.breaks(conn, chunks, last) {
			return
		}
		switch {
		case last && s.kind == gpuVosk && said >= len(s.words):
			say("")
		case last:
			say(next())
		default:
			chunks++
			fresh += len(message)
			s.heard(len(message))
			if fresh >= 2*bytesPerSec && said+1 < len(s.words) {
				fresh = 0
				say(next())
				continue
			}
			if !say(`{"partial" : "gossip"}`) {
				return
			}
			continue
		}
		if s.kind != cppVosk { // which waits for the client
			_ = conn.Close(websocket.StatusNormalClosure, "")
			return
		}
	}
}

func (s *voskServer) configure(t *testing.T, message []byte) {
	var given struct {
		Config map[string]any `json:"config"`
	}
	if err := json.Unmarshal(message, &given); err != nil {
		t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config = given.Config
}

func (s *voskServer) heard(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += n
	s.biggest = max(s.biggest, n)
}

// voskResult is Result of the Vosk API with words.
func voskResult(text string, from float64) string {
	var words []string
	for i, word := range strings.Fields(text) {
		at := from + float64(i)*0.3
		words = append(words, fmt.Sprintf(`{"conf" : 0.8, "end" : %f, "start" : %f, "word" : %q}`, at+0.3, at, word))
	}
	return fmt.Sprintf("{\n  \"result\" : [%s],\n  \"text\" : %q\n}", strings.Join(words, ", "), text)
}
