package bottest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-telegram/bot/models"
)

// queue is the updates that the bot has not confirmed.
type queue struct {
	next    int64
	waiting []queued
	allowed []string // nil: the default
	held    bool
	// poll is closed when another poll takes the place of the one that waits.
	poll chan struct{}
}

type queued struct {
	id   int64
	kind string
	// line is whose updates come one after the other by webhook.
	line string
	raw  json.RawMessage
}

// notByDefault are the kinds that must be asked for by name.
var notByDefault = []string{"chat_member", "message_reaction", "message_reaction_count"}

func (q *queue) allows(kind string) bool {
	if len(q.allowed) == 0 {
		return !slices.Contains(notByDefault, kind)
	}
	return slices.Contains(q.allowed, kind)
}

// allow keeps what allowed_updates says; absent, it stays as it was.
func (q *queue) allow(r *request) error {
	raw, given := r.Params["allowed_updates"]
	if !given || raw == "" {
		return nil
	}
	var kinds []string
	if err := json.Unmarshal([]byte(raw), &kinds); err != nil {
		return bad("can't parse allowed_updates JSON object")
	}
	q.allowed = kinds
	return nil
}

// emit hands an update to the bot if it takes its kind; 0 if it does not. The lock is held.
func (s *Server) emit(kind, line string, u *models.Update) int64 {
	if !s.updates.allows(kind) {
		return 0
	}
	u.ID = s.updates.next
	s.updates.next++
	raw, err := json.Marshal(u)
	if err != nil {
		s.t.Fatalf("bottest: %v", err)
	}
	s.updates.waiting = append(s.updates.waiting, queued{u.ID, kind, kind + " " + line, raw})
	s.wake()
	return u.ID
}

// Push gives the bot an update as it is: any JSON, such as one that it cannot decode. It is confirmed by its update_id, else by the next
// number, which is what Push returns.
func (s *Server) Push(raw json.RawMessage) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var u struct {
		ID int64 `json:"update_id"`
	}
	if json.Unmarshal(raw, &u) != nil || u.ID == 0 {
		u.ID = s.updates.next
	}
	s.updates.next = max(s.updates.next, u.ID+1)
	s.updates.waiting = append(s.updates.waiting, queued{u.ID, "message", "pushed", raw})
	s.wake()
	return u.ID
}

// NextUpdate is the number that the next update gets; SetNextUpdate changes it, as Telegram does after an idle week.
func (s *Server) NextUpdate() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.updates.next
}

// SetNextUpdate changes what NextUpdate says.
func (s *Server) SetNextUpdate(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates.next = id
}

// Hold gathers updates without giving them to the bot until Release.
func (s *Server) Hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates.held = true
}

// Release gives what was held, rearranged: in another order, some of it twice, some of it not. Nil: as it is.
func (s *Server) Release(rearrange func([]json.RawMessage) []json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates.held = false
	if rearrange != nil {
		given := make([]json.RawMessage, len(s.updates.waiting))
		for i, u := range s.updates.waiting {
			given[i] = u.raw
		}
		lines := map[int64]queued{}
		for _, u := range s.updates.waiting {
			lines[u.id] = u
		}
		s.updates.waiting = nil
		for _, raw := range rearrange(given) {
			var u struct {
				ID int64 `json:"update_id"`
			}
			_ = json.Unmarshal(raw, &u)
			was := lines[u.ID]
			s.updates.waiting = append(s.updates.waiting, queued{u.ID, was.kind, was.line, raw})
		}
	}
	s.wake()
}

// Pending are the updates that the bot has not confirmed.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.updates.waiting)
}

const maxPoll = 50 * time.Second

// getUpdates answers a poll; a later poll ends one that waits.
func (s *Server) getUpdates(r *request) (any, error) {
	offset, _ := strconv.ParseInt(r.Params["offset"], 10, 64)
	limit, err := strconv.Atoi(r.Params["limit"])
	if err != nil || limit < 1 || limit > 100 {
		limit = 100
	}
	seconds, _ := strconv.Atoi(r.Params["timeout"])
	timer := time.NewTimer(min(time.Duration(max(seconds, 0))*time.Second, maxPoll))
	defer timer.Stop()

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hook != nil {
		return nil, &refusal{code: http.StatusConflict,
			text: "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"}
	}
	if err := s.updates.allow(r); err != nil {
		return nil, err
	}
	if s.updates.poll != nil {
		close(s.updates.poll)
	}
	mine := make(chan struct{})
	s.updates.poll = mine
	defer func() {
		if s.updates.poll == mine {
			s.updates.poll = nil
		}
	}()
	s.updates.confirm(offset)
	for over := false; ; {
		if found := s.updates.take(limit); len(found) > 0 || over {
			return found, nil
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-timer.C:
			over = true
		case <-s.closing:
			over = true
		case <-r.http.Context().Done():
			over = true
		case <-mine:
			s.mu.Lock()
			return nil, &refusal{code: http.StatusConflict,
				text: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"}
		}
		s.mu.Lock()
	}
}

// confirm forgets the updates before an offset; a negative one keeps that many of the newest.
func (q *queue) confirm(offset int64) {
	if offset < 0 {
		q.waiting = q.waiting[max(0, len(q.waiting)+int(offset)):]
		return
	}
	if offset > 0 {
		q.waiting = slices.DeleteFunc(q.waiting, func(u queued) bool { return u.id < offset })
	}
}

func (q *queue) take(limit int) []json.RawMessage {
	if q.held {
		return []json.RawMessage{}
	}
	out := make([]json.RawMessage, 0, min(limit, len(q.waiting)))
	for _, u := range q.waiting[:min(limit, len(q.waiting))] {
		out = append(out, u.raw)
	}
	return out
}
