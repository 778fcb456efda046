package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/bot/bottest"
)

func TestPollingRecordsWhatIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.telegram.User(9001, "Anna", "", "anna", "ru")
	group := w.telegram.Supergroup(-1001, "Shop", customer)
	w.run()
	w.until("it polls", func() bool { return w.bot.State().Name == StatePolling })
	for i := range 250 {
		customer.Says(group, fmt.Sprint("message ", i))
	}
	w.settled()
	if got := w.texts(group.ID); len(got) != 250 || got[0] != "message 0" || got[249] != "message 249" {
		t.Errorf("%d messages recorded", len(got))
	}
	call := w.telegram.Calls("getUpdates")[0]
	var allowed []string
	if err := json.Unmarshal([]byte(call.Params["allowed_updates"]), &allowed); err != nil || !slices.Equal(allowed, allowedUpdates) {
		t.Errorf("allowed_updates %v, %v", allowed, err)
	}
}

// Whatever Telegram gives is stored, and what cannot be read takes nothing along.
func TestGarbageBlocksNothing(t *testing.T) {
	t.Parallel()
	for name, garbage := range map[string]string{
		"not JSON, with an id":     `{"update_id":700003, "message": {]`,
		"not JSON, without one":    `{{{`,
		"invalid UTF-8":            "{\"update_id\":700003,\"message\":{\"message_id\":1,\"text\":\"\xff\xfe\"}}",
		"a type that is wrong":     `{"update_id":700003,"message":{"message_id":"x","chat":{"id":-1001}}}`,
		"no object":                `17`,
		"an id of another type":    `{"update_id":"700003","message":{}}`,
		"nested too deep":          `{"update_id":700003,"message":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
		"an id beyond all numbers": `{"update_id":99999999999999999999,"message":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			customer := w.telegram.User(9001, "Anna", "", "anna", "ru")
			group := w.telegram.Supergroup(-1001, "Shop", customer)
			w.telegram.Hold()
			customer.Says(group, "before")
			customer.Says(group, "also before")
			w.telegram.Push(json.RawMessage(garbage))
			for i := range 5 {
				customer.Says(group, fmt.Sprint("after ", i))
			}
			w.telegram.Release(nil)
			w.run()
			w.settled()
			if got := w.texts(group.ID); len(got) < 7 {
				t.Errorf("recorded %q", got)
			}
			if name == "invalid UTF-8" { // which JSON lets us replace: it is a message without a chat
				return
			}
			if len(w.aside()) != 1 {
				t.Errorf("%d put aside: %+v", len(w.aside()), w.aside())
			}
			if n := w.count(`SELECT count(*) FROM telegram_updates WHERE state = 'ASIDE' AND position($1::bytea in body) > 0`, []byte(garbage)); n != 1 {
				t.Error("the garbage was not kept as it came")
			}
		})
	}
}

// The very first update, before any was confirmed, is the hardest to step past: only the ids of others tell where to go on.
func TestGarbageAtTheBeginning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.telegram.User(9001, "Anna", "", "anna", "ru")
	group := w.telegram.Supergroup(-1001, "Shop", customer)
	w.telegram.Push(json.RawMessage(`{{{`))
	customer.Says(group, "after")
	w.run()
	w.settled()
	if got := w.texts(group.ID); !slices.Equal(got, []string{"after"}) {
		t.Errorf("%q", got)
	}
}

// What answers in Telegram's place holds no update: the offset must not go on by it, or Telegram forgets what nobody saw.
func TestAnotherAnswerInPlaceOfTelegramsLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.telegram.User(9001, "Anna", "", "anna", "ru")
	group := w.telegram.Supergroup(-1001, "Shop", customer)
	w.run()
	customer.Says(group, "before")
	w.settled()
	for _, page := range []string{"<html>Log in to the Wi-Fi</html>", `{"ok":false}`, ""} {
		back := w.telegram.Fail(bottest.Fault{Method: "getUpdates", Times: -1, Code: 200, Body: page})
		customer.Says(group, "while it is away: "+page)
		w.until("it is said", func() bool { return strings.Contains(w.bot.State().Fault, "not the Bot API") })
		back()
		w.settled()
		w.until("it polls again", func() bool { return w.bot.State().Name == StatePolling })
	}
	if bad, good := w.logs.count("updates do not come in"), w.logs.count("level=INFO", "updates come in again"); bad != 3 || good != 3 {
		t.Errorf("logged %d troubles and %d ends\n%s", bad, good, w.logs)
	}
	if got := w.texts(group.ID); len(got) != 4 || len(w.aside()) != 0 {
		t.Errorf("%q recorded, %d put aside", got, len(w.aside()))
	}
}

// A trouble is told once until it is over; figures make no other of it, nor does it end where another program takes every second poll.
func TestATroubleIsToldOnce(t *testing.T) {
	t.Parallel()
	var silent troubles
	if !silent.note(StateSilent, "retry after 9") || silent.note(StateSilent, "retry after 8") || !silent.note(StateAway, "no route") || silent.note(StateSilent, "retry after 7") {
		t.Error("told again, or not at all")
	}
	if !silent.over() || silent.over() || !silent.note(StateSilent, "retry after 7") {
		t.Error("it does not end once")
	}
	var taken troubles
	for range 3 {
		taken.note(StateBusy, "another program polls")
		if taken.over() {
			t.Error("over with the first poll that works")
		}
	}
	taken.last = time.Now().Add(-2 * contested)
	if !taken.over() {
		t.Error("never over")
	}
}

func TestDuplicatesAndDisorderAreHarmless(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.telegram.User(9001, "Anna", "", "anna", "ru")
	group := w.telegram.Supergroup(-1001, "Shop", customer)
	w.telegram.Hold()
	for i := range 20 {
		customer.Says(group, fmt.Sprint(i))
	}
	w.telegram.Release(func(in []json.RawMessage) []json.RawMessage {
		out := append(slices.Clone(in[10:]), in...)
		return append(out, in[3], in[3])
	})
	w.run()
	w.settled()
	if got := w.texts(group.ID); len(got) != 20 || w.updates("HANDLED") != 20 || w.count(`SELECT count(*) FROM message_contents`) != 20 {
		t.Errorf("%d messages", len(got))
	}
}

func TestSilenceIsKeptByAllCallsAndARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.telegram.Fail(bottest.Fault{Method: "getChat", Code: 429, RetryAfter: 2, Description: "Too Many Requests: retry after 2"})
	ctx := t.Context()
	began := time.Now()
	err := w.bot.call(ctx, "getChat", map[string]any{"chat_id": 1}, nil)
	if d, ok := retryAfter(err); !ok || d != 2*time.Second || ambiguous(err) || unsent(err) {
		t.Fatalf("%v", err)
	}
	restarted := w.another(nil)
	obeying, stop := context.WithCancel(ctx)
	obeyed := make(chan struct{})
	go func() {
		defer close(obeyed)
		restarted.Obey(obeying)
	}()
	w.until("the restarted one knows", func() bool { return restarted.calls.held() > 0 })
	for _, b := range []*Bot{w.bot, restarted} {
		if err := b.call(ctx, "getMe", nil, nil); err != nil {
			t.Error(err)
		}
		if _, err := b.client.GetMe(ctx); err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("a call went out after %v", took)
	}
	stop()
	<-obeyed
	short, cancel := context.WithCancel(ctx)
	w.bot.calls.hold(time.Hour)
	cancel()
	if err := w.bot.call(short, "getMe", nil, nil); !unsent(err) || ambiguous(err) {
		t.Errorf("a call that silence held back: %v", err)
	}
}

func TestCallsSayWhatBecameOfThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type verdicts struct{ forbidden, conflict, bad, unauthorized, unsent, ambiguous bool }
	of := func(err error) verdicts {
		return verdicts{forbidden(err), conflict(err), badRequest(err), unauthorized(err), unsent(err), ambiguous(err)}
	}
	for name, c := range map[string]struct {
		fault bottest.Fault
		want  verdicts
	}{
		"403":           {bottest.Fault{Code: 403, Description: "Forbidden: bot was blocked by the user"}, verdicts{forbidden: true}},
		"409":           {bottest.Fault{Code: 409, Description: "Conflict"}, verdicts{conflict: true}},
		"400":           {bottest.Fault{Code: 400, Description: "Bad Request: chat not found"}, verdicts{bad: true}},
		"401":           {bottest.Fault{Code: 401, Description: "Unauthorized"}, verdicts{unauthorized: true}},
		"migration":     {bottest.Fault{Code: 400, Description: "Bad Request: group chat was upgraded", MigrateTo: -1009}, verdicts{bad: true}},
		"502":           {bottest.Fault{Code: 502, Description: "Bad Gateway"}, verdicts{ambiguous: true}},
		"cut before":    {bottest.Fault{CutBefore: true}, verdicts{ambiguous: true}},
		"cut after":     {bottest.Fault{CutAfter: true}, verdicts{ambiguous: true}},
		"not an answer": {bottest.Fault{Body: "<html>proxy</html>"}, verdicts{ambiguous: true}},
	} {
		server := bottest.Start(t)
		b := w.another(func(cfg *Config) { cfg.URL = server.URL })
		for _, call := range []func() error{
			func() error { return b.call(t.Context(), "getMe", nil, &struct{}{}) },
			func() error { _, err := b.client.GetMe(t.Context()); return err },
		} {
			c.fault.Method = "getMe"
			server.Fail(c.fault)
			err := call()
			if got := of(err); got != c.want {
				t.Errorf("%s: %+v of %v", name, got, err)
			}
			if to, _ := migrateTo(err); to != c.fault.MigrateTo {
				t.Errorf("%s: migrated to %d", name, to)
			}
		}
		server.Close()
		b = w.another(func(cfg *Config) { cfg.URL = server.URL })
		if err := b.call(t.Context(), "getMe", nil, nil); !unsent(err) {
			t.Errorf("a server that is not there: %v", err)
		}
	}
}

// An answer that begins and never ends keeps nobody for ever: nothing would come in any more.
func TestAnAnswerThatNeverEndsIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	api := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(out, `{"ok":true,`)
		_ = http.NewResponseController(out).Flush()
		<-r.Context().Done()
	}))
	defer api.Close()
	b := w.another(func(cfg *Config) { cfg.URL = api.URL })
	b.calls.within = 100 * time.Millisecond
	if err := b.call(context.Background(), "getMe", nil, nil); !ambiguous(err) {
		t.Errorf("%v", err)
	}
}

func TestAnotherPollerAndAForeignWebhookAreReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.until("it polls", func() bool { return w.bot.State().Name == StatePolling })
	taken := w.telegram.Fail(bottest.Fault{Method: "getUpdates", Times: -1, Code: 409, Description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"})
	customer := w.telegram.User(9001, "Anna", "", "anna", "ru")
	group := w.telegram.Supergroup(-1001, "Shop", customer)
	customer.Says(group, "wakes the poll")
	w.until("another poller is reported", func() bool { return strings.Contains(w.bot.State().Fault, "another program polls") })
	taken()
	w.until("it polls again", func() bool { return w.bot.State().Name == StatePolling })

	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer foreign.Close()
	if err := w.bot.call(t.Context(), "setWebhook", map[string]any{"url": foreign.URL}, nil); err != nil {
		t.Fatal(err)
	}
	w.until("the webhook is reported", func() bool { return strings.Contains(w.bot.State().Fault, "a webhook was set") })
	if err := w.bot.call(t.Context(), "deleteWebhook", nil, nil); err != nil {
		t.Fatal(err)
	}
	customer.Says(group, "at last")
	w.settled()
	if got := w.texts(group.ID); !slices.Equal(got, []string{"wakes the poll", "at last"}) {
		t.Errorf("%q", got)
	}
}

func TestARefusedTokenIsSaidAndTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	known := w.telegram.Fail(bottest.Fault{Times: -1, Code: 401, Description: "Unauthorized"})
	w.run()
	w.until("the token is refused", func() bool { return w.bot.State().Name == StateRefused })
	known()
	w.until("it polls", func() bool { return w.bot.State().Name == StatePolling })
	if _, secret, _ := strings.Cut(w.telegram.Token, ":"); strings.Contains(w.logs.String(), secret) {
		t.Error("the token is in the log")
	}
}

// Whatever goes wrong, no error, log line or state has the token in it.
func TestTheTokenIsInNoErrorOrLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret, _ := strings.Cut(w.telegram.Token, ":")
	echo := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("as") + r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:] {
		case "getMe":
			http.Redirect(out, r, "http://127.0.0.1:1"+r.URL.Path, http.StatusFound)
		case "getUpdates":
			out.WriteHeader(http.StatusNotFound)
			_ = json.NewEncoder(out).Encode(map[string]any{"ok": false, "error_code": 404, "description": "no path " + r.URL.Path})
		case "getChat":
			_, _ = io.WriteString(out, r.URL.Path)
		default:
			panic(http.ErrAbortHandler)
		}
	}))
	defer echo.Close()
	for _, address := range []string{echo.URL, "http://127.0.0.1:1", "http://no-such-host.invalid", "https://" + strings.TrimPrefix(echo.URL, "http://"), "ftp://x"} {
		b := w.another(func(cfg *Config) { cfg.URL = address })
		for _, method := range []string{"getMe", "getUpdates", "getChat", "getFile", "sendMessage"} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			err := b.call(ctx, method, nil, &struct{ ID int }{})
			cancel()
			if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
				t.Errorf("%s %s: %v", address, method, err)
			}
			b.trouble(t.Context(), err)
			if strings.Contains(b.State().Fault, secret) || strings.Contains(faultOf(err), secret) {
				t.Errorf("the state of %s has the token", method)
			}
		}
		if _, err := b.client.GetMe(t.Context()); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s by the library: %v", address, err)
		}
	}
	if strings.Contains(w.logs.String(), secret) {
		t.Error("the token is in the log")
	}
}

// Many programs put the token into the address of their webhook, which is shown when it is found.
func TestTheTokenInAForeignWebhookIsNotShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret, _ := strings.Cut(w.telegram.Token, ":")
	if err := w.bot.call(t.Context(), "setWebhook", map[string]any{"url": "http://127.0.0.1:1/bot/" + w.telegram.Token}, nil); err != nil {
		t.Fatal(err)
	}
	who, err := w.bot.Identity(t.Context())
	if err != nil || !strings.HasPrefix(who.Webhook.URL, "http://127.0.0.1:1/bot/") || strings.Contains(fmt.Sprint(who), secret) {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestAWebhookTakesOverAndGivesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.telegram.User(9001, "Anna", "", "anna", "ru")
	group := w.telegram.Supergroup(-1001, "Shop", customer)
	said := 0
	says := func(n int) {
		for range n {
			customer.Says(group, fmt.Sprint(said))
			said++
		}
	}
	says(10)
	stop := w.run()
	says(10)
	w.settled()
	stop()
	says(10)
	api := httptest.NewServer(w.bot.Webhook())
	defer api.Close()
	hooked := w.another(func(cfg *Config) { cfg.WebhookURL = api.URL + "/webhooks/telegram" })
	stop = w.runs(hooked)
	says(10)
	w.until("the webhook is set", func() bool { return hooked.State().Name == StateWebhook })
	w.settled()
	says(5)
	stop()
	says(10)
	polling := w.another(nil)
	w.runs(polling)
	says(10)
	w.settled()
	if got := w.texts(group.ID); len(got) != said {
		t.Errorf("%d of %d recorded", len(got), said)
	}
	if n := w.count(`SELECT count(*) FROM telegram_updates`); n != said {
		t.Errorf("%d updates stored, want %d", n, said)
	}
}

func TestTheWebhookIsForTelegramAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	handler := w.bot.Webhook()
	post := func(secret, method, body string) int {
		r := httptest.NewRequest(method, "/webhooks/telegram", strings.NewReader(body))
		if secret != "" {
			r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
		}
		out := httptest.NewRecorder()
		handler.ServeHTTP(out, r)
		return out.Code
	}
	update := groupMessage(1, 1, 1, "hello")
	secret := w.bot.cfg.WebhookSecret
	for _, c := range []struct {
		secret, method, body string
		want                 int
	}{
		{"", "POST", update, 401}, {"wrong", "POST", update, 401}, {secret + "x", "POST", update, 401},
		{secret, "GET", update, 405}, {secret, "POST", strings.Repeat("x", maxWebhook+1), 413},
	} {
		if got := post(c.secret, c.method, c.body); got != c.want {
			t.Errorf("%s with %q: %d, want %d", c.method, c.secret, got, c.want)
		}
	}
	if n := w.count(`SELECT count(*) FROM telegram_updates`); n != 0 {
		t.Errorf("%d stored", n)
	}
	for range 3 {
		if got := post(secret, "POST", update); got != 200 {
			t.Errorf("%d", got)
		}
	}
	if got := post(secret, "POST", "garbage"); got != 200 || len(w.aside()) != 1 || w.updates("NEW") != 1 {
		t.Errorf("%d, %d aside, %d wait", got, len(w.aside()), w.updates("NEW"))
	}
	if open := w.another(func(cfg *Config) { cfg.WebhookSecret = "" }); true {
		out := httptest.NewRecorder()
		open.Webhook().ServeHTTP(out, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(update)))
		if out.Code != 401 {
			t.Errorf("without a secret everybody is let in: %d", out.Code)
		}
	}
	if err := w.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if got := post(secret, "POST", groupMessage(2, 1, 2, "lost?")); got != 503 {
		t.Errorf("not stored, and Telegram was told %d", got)
	}
}

func TestPrivacyModeIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.telegram.Fail(bottest.Fault{Method: "getMe", Body: `{"ok":true,"result":{"id":123456789,"is_bot":true,"first_name":"F","username":"finco_bot","can_read_all_group_messages":false}}`})
	who, err := w.bot.Identity(t.Context())
	if err != nil || who.ReadsGroups || who.Username != "finco_bot" || w.logs.count("privacy mode is on") != 1 {
		t.Errorf("%+v, %v\n%s", who, err, w.logs)
	}
	if w.bot.me().Username != "finco_bot" {
		t.Error("the name is not kept")
	}
}
