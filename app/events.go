package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/lib/pq"
)

// Topic is what an event is about.
type Topic string

// The topics; an event's ids are of the record named.
const (
	MessageReceived   Topic = "message"     // messages
	AnalysisCompleted Topic = "analysis"    // analyses
	WaitChanged       Topic = "wait"        // waits
	KpiChanged        Topic = "kpi"         // KPI results
	PayrollRunChanged Topic = "payroll_run" // payroll runs
	SessionsChanged   Topic = "session"     // people whose sessions or role changed
	OutboxChanged     Topic = "outbox"      // what the bot is to send
	UpdatesStored     Topic = "update"      // what Telegram sent
	TelegramSilent    Topic = "silent"      // bots of which Telegram wants no calls for a while
)

// Event says that records changed. It carries ids only: each subscriber reads them again as itself.
type Event struct {
	Topic Topic `json:"t"`
	IDs   []int `json:"i"`
}

const (
	channel = "finco_events"
	// idsPerPayload keeps a notification below Postgres's 8 000 bytes.
	idsPerPayload = 400
	// subscriberBuffer is how many events a reader may lag behind before it is dropped.
	subscriberBuffer = 256
)

func (e Event) payloads() []string {
	var out []string
	for start := 0; start < len(e.IDs); start += idsPerPayload {
		part := Event{Topic: e.Topic, IDs: e.IDs[start:min(start+idsPerPayload, len(e.IDs))]}
		raw, err := json.Marshal(part)
		if err != nil {
			continue // strings and ints always marshal
		}
		out = append(out, string(raw))
	}
	return out
}

// Hub hands the events of all processes to this one's subscribers.
type Hub struct {
	mu   sync.Mutex
	subs map[*Subscription]struct{}
}

func newHub() *Hub { return &Hub{subs: map[*Subscription]struct{}{}} }

// Subscription is one reader of events.
type Subscription struct {
	// C yields events; it is closed when the reader lagged too far behind or ended.
	C      <-chan Event
	c      chan Event
	topics map[Topic]bool
	hub    *Hub
}

// Subscribe begins to read the topics' events. The caller ends it with Close.
func (a *App) Subscribe(topics ...Topic) *Subscription {
	c := make(chan Event, subscriberBuffer)
	s := &Subscription{C: c, c: c, topics: map[Topic]bool{}, hub: a.hub}
	for _, t := range topics {
		s.topics[t] = true
	}
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	a.hub.subs[s] = struct{}{}
	return s
}

// Close ends the subscription; it may be called more than once.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.drop(s)
}

// drop runs under the lock.
func (h *Hub) drop(s *Subscription) {
	if _, ok := h.subs[s]; ok {
		delete(h.subs, s)
		close(s.c)
	}
}

func (h *Hub) publish(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		if !s.topics[e.Topic] {
			continue
		}
		select {
		case s.c <- e:
		default:
			h.drop(s) // a reader this slow would only see stale news
		}
	}
}

// closeAll ends every subscription: after a lost connection nobody knows what was missed, and readers begin anew.
func (h *Hub) closeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		h.drop(s)
	}
}

// Listen hands events to the subscribers until the context ends. dsn is of a direct connection, not of a pooler. state, if not
// nil, is told whenever the database begins (true) or ceases (false) to deliver.
func (a *App) Listen(ctx context.Context, dsn string, state func(up bool)) error {
	if state == nil {
		state = func(bool) {}
	}
	listener := pq.NewListener(dsn, 100*time.Millisecond, 10*time.Second, func(event pq.ListenerEventType, err error) {
		if event == pq.ListenerEventDisconnected {
			a.log.Warn("events are interrupted", slog.Any("error", err))
			state(false)
			a.hub.closeAll()
		}
	})
	defer func() { _ = listener.Close() }()
	defer a.hub.closeAll()
	if err := listener.Listen(channel); err != nil {
		return err
	}
	state(true)
	return a.deliver(ctx, listener, state)
}

func (a *App) deliver(ctx context.Context, listener *pq.Listener, state func(up bool)) error {
	check := time.NewTicker(30 * time.Second)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case n := <-listener.Notify:
			if n == nil { // connected again: who subscribed meanwhile missed events too
				a.hub.closeAll()
				state(true)
				continue
			}
			var e Event
			if json.Unmarshal([]byte(n.Extra), &e) == nil {
				a.hub.publish(e)
			}
		case <-check.C:
			go func() { _ = listener.Ping() }()
		}
	}
}
