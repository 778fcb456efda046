package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/ent/gen/outgoing"
)

// sending is one call that came to the server.
type sending struct {
	method, chat, text string
	// file is the parameter that is a file: "upload", or what Telegram calls it; empty: there is none.
	file string
	at   time.Time
}

// post is a company with a Bot API server that does what the test says, and a sender that runs when told to.
type post struct {
	*apptest.World
	bot *Bot
	// answer says what the server does with a call: an HTTP status with a body, or 0 to cut the connection. nil: all is well.
	answer func(sending) (status int, body string)

	t     testing.TB
	mu    sync.Mutex
	calls []sending
	next  int
}

// sent is the body of an answer that did it.
const sent = "sent"

func newPost(t testing.TB) *post {
	t.Helper()
	p := &post{World: apptest.Example(t), t: t}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.bot = p.another(server.URL)
	return p
}

func (p *post) another(url string) *Bot {
	p.t.Helper()
	made, err := New(Config{App: p.Another(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Token: fmt.Sprintf("%d:%s", botID, strings.Repeat("A", 35)), URL: url})
	p.check(err)
	return made
}

func (p *post) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// ServeHTTP implements http.Handler.
func (p *post) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	call := sending{
		method: r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], chat: r.Form.Get("chat_id"), text: r.Form.Get("text") + r.Form.Get("caption"),
		file: r.Form.Get("photo") + r.Form.Get("document"), at: time.Now(),
	}
	if r.MultipartForm != nil && len(r.MultipartForm.File) > 0 {
		call.file = "upload"
	}
	p.mu.Lock()
	p.calls = append(p.calls, call)
	p.next++
	id := p.next
	p.mu.Unlock()
	status, body := http.StatusOK, sent
	if p.answer != nil {
		status, body = p.answer(call)
	}
	switch {
	case status == 0:
		panic(http.ErrAbortHandler)
	case body == sent:
		body = fmt.Sprintf(`{"ok":true,"result":{"message_id":%d,"date":1,"chat":{"id":%s,"type":"private"},"photo":[{"file_id":"small"},{"file_id":"telegrams"}]}}`, id, call.chat)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// said are the texts of the calls so far, in order, of a chat or of all ("").
func (p *post) said(chat string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []string{}
	for _, c := range p.calls {
		if chat == "" || c.chat == chat {
			out = append(out, c.text)
		}
	}
	return out
}

// run sends until stop is called or the test ends.
func (p *post) run() (stop func()) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	listening := make(chan struct{})
	once := sync.OnceFunc(func() { close(listening) })
	all.Go(func() { _ = p.bot.app.Listen(ctx, p.Database.DSN, func(bool) { once() }) })
	<-listening
	all.Go(func() {
		if err := p.bot.send(ctx); err != nil {
			p.t.Error(err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	p.t.Cleanup(stop)
	return stop
}

// put puts texts into the outbox; the text is the key, too.
func (p *post) put(chat int64, priority app.Priority, texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		in := app.OutgoingInput{Key: text, Chat: chat, Priority: priority, Method: "sendMessage", Params: paramsOf(map[string]any{"text": text})}
		if text, edit := strings.CutPrefix(text, "edit "); edit {
			in.Method, in.Params = "editMessageText", paramsOf(map[string]any{"text": text, "message_id": 5})
		}
		p.send(in)
	}
}

func (p *post) send(in app.OutgoingInput) {
	p.t.Helper()
	_, err := p.App.Send(p.System("telegram"), in)
	p.check(err)
}

// until waits for what nobody tells of.
func (p *post) until(what string, holds func() bool) {
	p.t.Helper()
	for limit := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			p.t.Fatalf("never: %s; said %q; %s", what, p.said(""), p.states())
		}
	}
}

// states are how all messages stand, in order.
func (p *post) states() string {
	p.t.Helper()
	var out string
	p.One(`SELECT COALESCE(string_agg(COALESCE(params->>'text', params->>'caption') || ' ' || state, ', ' ORDER BY id), '') FROM outgoings`, nil, &out)
	return out
}

// become waits until all messages stand so.
func (p *post) become(want string) {
	p.t.Helper()
	p.until(want, func() bool { return p.states() == want })
}

func (p *post) fault(key string) (fault string) {
	p.t.Helper()
	p.One(`SELECT fault FROM outgoings WHERE key = $1`, []any{key}, &fault)
	return fault
}

func refuse(code int, description, parameters string) (int, string) {
	return code, fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%q,"parameters":{%s}}`, code, description, parameters)
}

func TestMessagesOfAChatKeepTheirOrderThroughAStorm(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	storm := 3
	p.answer = func(sending) (int, string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if storm--; storm >= 0 {
			return refuse(429, "Too Many Requests: retry after 1", `"retry_after":1`)
		}
		return 200, sent
	}
	p.put(1, app.PriorityReply, "a", "b")
	p.put(2, app.PriorityReply, "c", "d")
	p.run()
	p.become("a SENT, b SENT, c SENT, d SENT")
	for chat, want := range map[string]string{"1": "a b", "2": "c d"} {
		if got := strings.Join(slices.Compact(p.said(chat)), " "); got != want {
			t.Errorf("chat %s got %s", chat, got)
		}
	}
	if n := len(p.said("")); n != 7 {
		t.Errorf("%d calls, want four and three that were refused", n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.calls[1:] {
		if before := p.calls[i]; before.chat == c.chat && c.at.Sub(before.at) < 990*time.Millisecond {
			t.Errorf("chat %s got two within %v", c.chat, c.at.Sub(before.at))
		}
	}
}

func TestWhatTelegramRefusesIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.answer = func(c sending) (int, string) {
		switch c.text {
		case "blocked":
			return refuse(403, "Forbidden: bot was blocked by the user", "")
		case "wrong":
			return refuse(400, `Bad Request: can't parse entities: Unsupported start tag "secret" at byte offset 5`, "")
		case "same":
			return refuse(400, "Bad Request: message is not modified: specified new message content is the same", "")
		}
		return 200, sent
	}
	for i, text := range []string{"blocked", "notice"} {
		p.send(app.OutgoingInput{
			Key: text, Chat: apptest.JasurTelegram, UserID: p.ID(apptest.Jasur), Priority: app.Priority(i), Method: "sendMessage", Params: paramsOf(map[string]any{"text": text}),
		})
	}
	p.put(2, app.PriorityReply, "wrong")
	p.put(3, app.PriorityReply, "edit same")
	p.run()
	p.become("blocked FAILED, notice FAILED, wrong FAILED, same SENT")
	var unreachable bool
	p.One(`SELECT unreachable_at IS NOT NULL FROM employments WHERE telegram_id = $1`, []any{apptest.JasurTelegram}, &unreachable)
	if !unreachable || len(p.said("")) != 3 || strings.Contains(p.fault("wrong"), "secret") {
		t.Errorf("unreachable %v, calls %q, fault %s", unreachable, p.said(""), p.fault("wrong"))
	}
}

func TestWhatMayHaveArrivedIsNotSentTwice(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	tries := map[string]int{}
	p.answer = func(c sending) (int, string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		tries[c.text]++
		switch {
		case tries[c.text] > 1:
			return 200, sent
		case c.text == "cut":
			return 0, ""
		case c.text == "gateway", c.text == "again":
			return 502, "<html>Bad Gateway</html>"
		}
		return 200, sent
	}
	p.put(1, app.PriorityReply, "cut")
	p.put(2, app.PriorityReply, "gateway")
	p.put(3, app.PriorityReply, "edit again")
	p.put(1, app.PriorityReply, "after")
	stop := p.run()
	p.become("cut UNKNOWN, gateway UNKNOWN, again SENT, after SENT")
	stop()
	p.put(1, app.PriorityReply, "later")
	p.run()
	p.become("cut UNKNOWN, gateway UNKNOWN, again SENT, after SENT, later SENT")
	if tries["cut"] != 1 || tries["gateway"] != 1 || tries["again"] != 2 {
		t.Errorf("tries %v", tries)
	}
}

func TestAKillBetweenSendingAndSent(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.put(1, app.PriorityReply, "killed")
	p.put(2, app.PriorityReply, "edit killed too")
	if got, err := p.App.ClaimOutgoing(p.System("telegram"), app.ClaimOutgoingInput{Limit: 5}); err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	p.run()
	p.put(1, app.PriorityReply, "next")
	p.become("killed UNKNOWN, killed too SENT, next SENT")
	if got := p.said("1"); !slices.Equal(got, []string{"next"}) {
		t.Errorf("said %q", got)
	}
}

func TestAGroupThatBecameASupergroup(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	_, err := p.DB.Exec(`UPDATE companies SET writes_in_chats = true`)
	p.check(err)
	p.answer = func(c sending) (int, string) {
		if c.chat == "-500" {
			return refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", `"migrate_to_chat_id":-1001234567890`)
		}
		return 200, sent
	}
	p.put(-500, app.PriorityReply, "a", "b")
	p.run()
	p.become("a SENT, b SENT")
	if got := p.said("-1001234567890"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("the supergroup got %q", got)
	}
	if got := p.said("-500"); !slices.Equal(got, []string{"a"}) {
		t.Errorf("the group got %q", got)
	}
}

func TestFatesOfCalls(t *testing.T) {
	t.Parallel()
	plain, edit, old := app.Outgoing{Chat: 5, Method: "sendMessage", Attempts: 1}, app.Outgoing{Chat: 5, Method: "editMessageText", Attempts: 1}, app.Outgoing{Method: "editMessageText", Attempts: editTries}
	refused := func(code int, words string) error {
		return &refusal{method: "sendMessage", code: code, description: words}
	}
	for name, c := range map[string]struct {
		of   app.Outgoing
		err  error
		want fate
	}{
		"done":          {plain, nil, fate{end: app.OutgoingEnd{State: outgoing.StateSent}}},
		"unsent":        {plain, &broken{err: errors.New("connection refused")}, fate{end: app.OutgoingEnd{State: outgoing.StateQueued, Fault: "Telegram did not answer"}, unanswered: true}},
		"no answer":     {plain, &broken{sent: true, err: context.DeadlineExceeded}, fate{end: app.OutgoingEnd{State: outgoing.StateUnknown, Fault: "Telegram did not answer"}, unanswered: true}},
		"an edit":       {edit, &broken{sent: true, err: context.DeadlineExceeded}, fate{end: app.OutgoingEnd{State: outgoing.StateQueued, Fault: "Telegram did not answer"}, unanswered: true, rest: time.Second}},
		"an old edit":   {old, &broken{sent: true, err: context.DeadlineExceeded}, fate{end: app.OutgoingEnd{State: outgoing.StateUnknown, Fault: "Telegram did not answer"}, unanswered: true}},
		"token":         {plain, refused(401, "Unauthorized"), fate{end: app.OutgoingEnd{State: outgoing.StateQueued, Fault: "Unauthorized"}, silence: badTokenRest}},
		"silence":       {plain, &refusal{code: 429, description: "Too Many Requests", retryAfter: 7 * time.Second}, fate{end: app.OutgoingEnd{State: outgoing.StateQueued, Fault: "Too Many Requests"}, silence: 7 * time.Second}},
		"never began":   {plain, refused(400, "Bad Request: chat not found"), fate{end: app.OutgoingEnd{State: outgoing.StateFailed, Fault: "Bad Request: chat not found", Unreachable: true}}},
		"kicked":        {app.Outgoing{Chat: -5, Method: "sendMessage"}, refused(403, "Forbidden: bot was kicked"), fate{end: app.OutgoingEnd{State: outgoing.StateFailed, Fault: "Forbidden: bot was kicked"}}},
		"store is away": {plain, unread{errors.New("s3")}, fate{end: app.OutgoingEnd{State: outgoing.StateQueued, Fault: "the file cannot be read"}, rest: storeRest}},
		"gone":          {edit, refused(400, "Bad Request: message to edit not found"), fate{end: app.OutgoingEnd{State: outgoing.StateFailed, Fault: "Bad Request: message to edit not found"}}},
	} {
		if got := fateOf(c.of, c.err); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestALaneInTroubleGoesOneByOne(t *testing.T) {
	t.Parallel()
	l := &sendLane{room: 10, flying: 3}
	l.landed(noon, true)
	if l.free(noon.Add(time.Hour)) != 0 {
		t.Error("others are still under way")
	}
	l.landed(noon, true)
	l.landed(noon, true)
	if l.free(noon.Add(999*time.Millisecond)) != 0 || l.free(noon.Add(time.Second)) != 1 {
		t.Error("what fails together is one failure: it waits a second, and tries one")
	}
	for _, want := range []float64{2, 4, 8, 16, 32, 60, 60} {
		at := l.until
		l.flying++
		if l.landed(at, true); l.until.Sub(at).Seconds() != want {
			t.Errorf("then it waits %v, want %v s", l.until.Sub(at), want)
		}
	}
	l.flying++
	l.landed(noon, false)
	if l.free(noon) != 10 {
		t.Error("an answer ends the trouble")
	}
}

func TestNoTextOrTokenIsLogged(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	logged := &logs{}
	p.bot.log = slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p.answer = func(c sending) (int, string) {
		if c.chat == "1" {
			return 0, ""
		}
		return refuse(400, "Bad Request: chat not found", "")
	}
	p.put(1, app.PriorityReply, "sirli so'z")
	p.put(2, app.PriorityReply, "boshqa so'z")
	p.run()
	p.become("sirli so'z UNKNOWN, boshqa so'z FAILED")
	if text := logged.String(); strings.Contains(text, "so'z") || strings.Contains(text, strings.Repeat("A", 35)) || !strings.Contains(text, "chat not found") {
		t.Errorf("the log says %s", text)
	}
	raw, err := json.Marshal(p.fault("sirli so'z"))
	if err != nil || strings.Contains(string(raw), "AAAA") {
		t.Errorf("the fault is %s (%v)", raw, err)
	}
}
