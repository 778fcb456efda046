package bottest

import (
	"net/http"
	"time"
)

// Fault is something that goes wrong with calls.
type Fault struct {
	// Method is which call; empty: any of them; "file": the download of a file.
	Method string
	// Chat is to whom; 0: anybody.
	Chat int64
	// Times is how often; 0: once; -1: until it is taken back.
	Times int
	// Code is what is answered, with Description, RetryAfter (seconds) and MigrateTo as Telegram says them; 0: the call itself is done.
	Code        int
	Description string
	RetryAfter  int
	MigrateTo   int64
	// Body is answered as it is, in place of Telegram's JSON.
	Body string
	// CutBefore closes the connection without doing the call; CutAfter does the call first.
	CutBefore, CutAfter bool
	// Hold keeps the answer back until it is closed; the call is done before.
	Hold <-chan struct{}
}

type fault struct {
	Fault
	left int
}

// Fail lets calls go wrong; what it returns takes that back.
func (s *Server) Fail(f Fault) (undo func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := &fault{Fault: f, left: max(f.Times, 1)}
	if f.Times < 0 {
		kept.left = -1
	}
	s.faults = append(s.faults, kept)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		kept.left = 0
	}
}

// Storm answers every call with 429 for so long, but those for updates.
func (s *Server) Storm(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.storm = s.now().Add(d)
}

// faultFor is the oldest fault of a call. The lock is held.
func (s *Server) faultFor(method string, chat int64) *Fault {
	for _, f := range s.faults {
		if f.left == 0 || f.Method != "" && f.Method != method || f.Chat != 0 && f.Chat != chat {
			continue
		}
		if f.left > 0 {
			f.left--
		}
		out := f.Fault
		return &out
	}
	return nil
}

// cut closes a connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}
