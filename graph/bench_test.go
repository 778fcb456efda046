package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/graph"
)

// fillSQL makes a history of 200 000 messages, of which the benchmark reads the newest 50.
const fillSQL = `
INSERT INTO customers (telegram_id, name) SELECT 10000 + n, 'Customer ' || n FROM generate_series(1, 500) n;
INSERT INTO chats (mailbox, telegram_id, title, kind, team_id, team_set, assignee_set)
SELECT '', -20000 - n, 'Chat ' || n, 'SUPERGROUP', (SELECT min(id) FROM teams), false, false FROM generate_series(1, 500) n;
INSERT INTO messages (chat_id, telegram_id, thread, side, kind, sender_id, customer_id, sent_at, received_at, version)
SELECT c.id, n, 0, CASE WHEN n % 2 = 0 THEN 'STAFF' ELSE 'CUSTOMER' END, 'TEXT', CASE WHEN n % 2 = 0 THEN p.id END, CASE WHEN n % 2 = 1 THEN k.id END,
  timestamptz '2026-09-01' + n * interval '5 seconds', timestamptz '2026-09-01' + n * interval '5 seconds', 1
FROM generate_series(1, 200000) n
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS i FROM chats) c ON c.i = n % 500
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS i FROM customers) k ON k.i = n % 500
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS i FROM users) p ON p.i = n % 7;
INSERT INTO message_contents (message_id, version, text, written_at, received_at)
SELECT id, 1, 'A message about the price of number ' || telegram_id || ', which somebody would like to know by tomorrow.', sent_at, sent_at FROM messages;
INSERT INTO analyses (message_id, content_id, analyzer_id, kind, label, score, confidence, language, created_at)
SELECT c.message_id, c.id, a.id, k.kind, k.label, k.score, 0.9, 'en', c.written_at
FROM message_contents c CROSS JOIN (VALUES ('SENTIMENT', 'neutral', NULL), ('QUESTION', 'yes', NULL), ('TOPIC', 'price', NULL), ('QUALITY', '', 80.0::float8)) k(kind, label, score)
CROSS JOIN (SELECT min(id) AS id FROM analyzers) a;
ANALYZE;`

const benchQuery = `{ messages(first: 50, orderBy: {field: SENT_AT, direction: DESC}) { edges { node { id text side kind sentAt
  sender { __typename ... on User { name } ... on Customer { customer: name } }
  analyses(first: 10) { edges { node { id kind label effectiveLabel score confidence } } } } } } }`

// handSQL answers the same by hand, without asking who may see what.
const handSQL = `
SELECT json_agg(json_build_object('node', json_build_object('id', m.id::text, 'text', c.text, 'side', m.side, 'kind', m.kind, 'sentAt', m.sent_at,
  'sender', COALESCE((SELECT json_build_object('__typename', 'User', 'name', u.name) FROM users u WHERE u.id = m.sender_id),
    (SELECT json_build_object('__typename', 'Customer', 'customer', k.name) FROM customers k WHERE k.id = m.customer_id)),
  'analyses', json_build_object('edges', (SELECT json_agg(json_build_object('node', json_build_object('id', a.id::text, 'kind', a.kind, 'label', a.label,
    'effectiveLabel', COALESCE((SELECT f.label FROM feedbacks f WHERE f.analysis_id = a.id ORDER BY f.created_at DESC LIMIT 1), a.label),
    'score', a.score, 'confidence', a.confidence)) ORDER BY a.id) FROM analyses a WHERE a.message_id = m.id)))) ORDER BY m.sent_at DESC)
FROM (SELECT * FROM messages ORDER BY sent_at DESC, id DESC LIMIT 50) m JOIN message_contents c ON c.message_id = m.id AND c.version = m.version`

// BenchmarkMessages compares 50 messages with sender and four analyses, eight readers at once, with one hand-written query
// through the same pool. The second reports the ratio of requests a second.
func BenchmarkMessages(b *testing.B) {
	w := apptest.Example(b)
	if _, err := w.Database.OwnerPool(b).Exec(fillSQL); err != nil {
		b.Fatal(err)
	}
	w.DB.SetMaxOpenConns(8)
	w.DB.SetMaxIdleConns(8)
	o := &office{World: w, t: b, keys: map[string]string{}}
	token := o.key(apptest.Botir)
	handler := graph.NewHandler(w.App, graph.Config{Log: slog.New(slog.DiscardHandler)})
	body, err := json.Marshal(map[string]string{"query": benchQuery})
	o.check(err)
	var byHand, byGraph float64
	b.Run("hand", func(b *testing.B) {
		byHand = rate(b, func() int {
			var text []byte
			if err := w.DB.QueryRowContext(context.Background(), handSQL).Scan(&text); err != nil {
				b.Error(err)
			}
			return len(text)
		})
	})
	b.Run("graph", func(b *testing.B) {
		byGraph = rate(b, func() int {
			req := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+token)
			out := httptest.NewRecorder()
			handler.ServeHTTP(out, req)
			if out.Code != http.StatusOK || bytes.Contains(out.Body.Bytes(), []byte(`"errors"`)) {
				b.Errorf("%d %s", out.Code, out.Body)
			}
			return out.Body.Len()
		})
		b.ReportMetric(byGraph/byHand, "ratio")
	})
}

// rate runs one request after the other in eight goroutines on two processors and returns requests a second.
func rate(b *testing.B, one func() int) float64 {
	b.ReportMetric(float64(one()), "bytes")
	b.SetParallelism(4)
	b.ResetTimer()
	start := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			one()
		}
	})
	perSecond := float64(b.N) / time.Since(start).Seconds()
	b.ReportMetric(perSecond, "req/s")
	return perSecond
}
