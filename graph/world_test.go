package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/ent/gen/punch"
	"github.com/fincokpi/finco/graph"
	"github.com/fincokpi/finco/plugins/analyzer"
)

const password = "seven green lamps"

// office is a served world.
type office struct {
	*apptest.World
	t    testing.TB
	url  string
	log  *safeBuffer
	mu   sync.Mutex
	keys map[string]string
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// open serves the example company over HTTP, with events.
func open(t testing.TB, change ...func(*graph.Config)) *office {
	t.Helper()
	o := &office{World: apptest.Example(t), t: t, log: &safeBuffer{}, keys: map[string]string{}}
	cfg := graph.Config{Log: slog.New(slog.NewTextHandler(o.log, nil))}
	for _, f := range change {
		f(&cfg)
	}
	server := httptest.NewServer(graph.NewHandler(o.App, cfg))
	t.Cleanup(server.Close)
	o.url = server.URL
	return o
}

// listen has the App deliver events until the test ends.
func (o *office) listen() *office {
	o.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	once := sync.OnceFunc(func() { close(ready) })
	go func() { ended <- o.App.Listen(ctx, o.Database.DSN, func(bool) { once() }) }()
	select {
	case <-ready:
	case err := <-ended:
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() {
		stop()
		<-ended
	})
	return o
}

// talks fills the world: three chats of two teams, analyses, feedback, KPI results, an adjustment, a payroll run.
func (o *office) talks() *office {
	o.t.Helper()
	o.Analyzers.Default("sentiment", apptest.Label(analyzer.Sentiment, "neutral", "uz-Latn"))
	o.Analyzers.Default("question", apptest.Label(analyzer.Question, "yes", "uz-Latn"), apptest.Label(analyzer.NeedsReply, "yes", "uz-Latn"))
	quality := apptest.Score(analyzer.Quality, 80, "uz-Latn")
	quality.Details = json.RawMessage(`{"reason":"polite"}`)
	o.Analyzers.Default("quality", quality)
	for _, talk := range []struct{ chat, customer, staff int64 }{
		{-1001, 501, apptest.JasurTelegram}, {-1002, 502, apptest.DilyaTelegram}, {-1003, 503, apptest.MalikaTelegram},
	} {
		o.Say(talk.chat, talk.customer, apptest.At("2026-09-15 10:00"), "Narxi qancha?")
		reply := o.Message(talk.chat, talk.staff, apptest.At("2026-09-15 10:05"), "50 ming so'm")
		before := reply.TelegramID - 1
		reply.ReplyTo = &before
		o.Record(reply)
	}
	o.RunJobs()
	o.feedback("-1001")
	o.RunJobs()
	o.Clock.Advance(time.Minute)
	boss := o.As(apptest.Botir)
	_, err := o.App.AddAdjustment(boss, app.AddAdjustmentInput{
		UserID: o.ID(apptest.Jasur), Period: "2026-09", Kind: "BONUS", Key: "birthday", Amount: *apptest.Money("100000"), Reason: "birthday",
	})
	o.check(err)
	_, err = o.App.ComputeKpis(boss, app.ComputeKpisInput{Period: "2026-09"})
	o.check(err)
	o.Clock.Advance(time.Minute)
	_, err = o.App.RunPayroll(o.As(apptest.Nodira), app.RunPayrollInput{Period: "2026-09"})
	o.check(err)
	o.telegram()
	return o
}

// telegram adds what comes and goes by the bot: a punch and a broadcast.
func (o *office) telegram() {
	o.t.Helper()
	_, err := o.App.Punch(o.As(apptest.Jasur), app.PunchInput{
		Source: "telegram", ExternalID: "1", At: apptest.At("2026-09-15 09:00"), Direction: punch.DirectionComing,
	})
	o.check(err)
	_, err = o.Database.OwnerPool(o.t).Exec(`
INSERT INTO broadcasts (author_id, audience, text, state, created_at) VALUES ($1, '{}', 'Ertaga yig''ilish', 'DRAFT', $2)`,
		o.ID(apptest.Botir), apptest.At("2026-09-15 09:00"))
	o.check(err)
}

// feedback has the supervisor judge the first customer message of a chat anew.
func (o *office) feedback(chat string) {
	o.t.Helper()
	var id int
	o.One(`SELECT a.id FROM analyses a JOIN messages m ON m.id = a.message_id JOIN chats c ON c.id = m.chat_id
WHERE a.kind = 'SENTIMENT' AND c.telegram_id = $1::bigint ORDER BY a.id LIMIT 1`, []any{chat}, &id)
	label := "negative"
	_, err := o.App.GiveFeedback(o.As(apptest.Aziza), app.GiveFeedbackInput{AnalysisID: id, Label: &label, Comment: "irony"})
	o.check(err)
}

func (o *office) check(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// key signs a person in, once, and returns their access token; "" is for nobody.
func (o *office) key(email string) string {
	o.t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if email == "" || o.keys[email] != "" {
		return o.keys[email]
	}
	o.check(o.App.SetPassword(o.Operator(), email, password))
	signed, err := o.App.SignIn(context.Background(), app.SignInInput{Email: email, Password: password})
	o.check(err)
	o.keys[email] = signed.AccessToken
	return signed.AccessToken
}

type reply struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Extensions struct{ Code string }
	}
	status int
	text   string
}

// code is the first error's; "" without errors.
func (r reply) code() string {
	if len(r.Errors) == 0 {
		return ""
	}
	return r.Errors[0].Extensions.Code
}

func (r reply) into(t testing.TB, v any) {
	t.Helper()
	if len(r.Errors) > 0 {
		t.Fatalf("answered %s", r.text)
	}
	if err := json.Unmarshal(r.Data, v); err != nil {
		t.Fatalf("%v in %s", err, r.text)
	}
}

// ask posts a query as a person.
func (o *office) ask(email, query string, variables map[string]any) reply {
	o.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	o.check(err)
	return o.post(o.key(email), body)
}

func (o *office) post(token string, body []byte) reply {
	o.t.Helper()
	req, err := http.NewRequest(http.MethodPost, o.url, bytes.NewReader(body))
	o.check(err)
	req.Header.Set("Content-Type", "application/json")
	return o.do(req, token)
}

func (o *office) do(req *http.Request, token string) reply {
	o.t.Helper()
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	o.check(err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	o.check(err)
	out := reply{status: resp.StatusCode, text: string(text)}
	_ = json.Unmarshal(text, &out)
	return out
}
