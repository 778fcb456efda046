package bot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	telegram "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
)

// refusal is Telegram's answer that it does not do what a call asked for.
type refusal struct {
	method      string
	code        int
	description string
	retryAfter  time.Duration
	migrateTo   int64
}

// Error implements error.
func (r *refusal) Error() string {
	return fmt.Sprintf("telegram refuses %s: %d %s", r.method, r.code, r.description)
}

// broken is a call without an answer that could be read.
type broken struct {
	method string
	// sent is whether the request, or enough of it to be acted upon, may have left.
	sent bool
	err  error
}

// Error implements error.
func (b *broken) Error() string { return fmt.Sprintf("telegram, %s: %v", b.method, b.err) }

// Unwrap gives the cause, which has no token in it.
func (b *broken) Unwrap() error { return b.err }

// retryAfter is how long Telegram wants silence; false if that is not what the error says. No call of ours goes out until then
// anyway: the next one waits.
func retryAfter(err error) (time.Duration, bool) {
	var r *refusal
	if errors.As(err, &r) && r.code == http.StatusTooManyRequests {
		return r.retryAfter, true
	}
	return 0, false
}

// migrateTo is the supergroup that the group of the call has become; false if that is not what the error says.
func migrateTo(err error) (int64, bool) {
	var r *refusal
	if errors.As(err, &r) && r.migrateTo != 0 {
		return r.migrateTo, true
	}
	return 0, false
}

// forbidden: the person blocked the bot or never began with it, or the bot is not in the chat any more.
func forbidden(err error) bool { return refused(err, http.StatusForbidden) }

// conflict: somebody else polls with this token, or a webhook is set.
func conflict(err error) bool { return refused(err, http.StatusConflict) }

// badRequest: Telegram will never do this; the call is wrong, or what it names is not there.
func badRequest(err error) bool { return refused(err, http.StatusBadRequest) }

// unauthorized: the token is not, or no longer, a bot's. Telegram answers 404 to a token it has never seen.
func unauthorized(err error) bool {
	return refused(err, http.StatusUnauthorized) || refused(err, http.StatusNotFound)
}

func refused(err error, code int) bool {
	var r *refusal
	return errors.As(err, &r) && r.code == code
}

// description is Telegram's own words about a refusal, for telling refusals of one code apart; empty if it is none.
func description(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.description
	}
	return ""
}

// unsent: the request certainly did not reach Telegram, so doing it again cannot double it.
func unsent(err error) bool {
	var b *broken
	return errors.As(err, &b) && !b.sent
}

// ambiguous: nobody can tell whether Telegram did it: no answer in time, a cut connection, a 5xx or an answer that cannot be read.
func ambiguous(err error) bool {
	if err == nil || unsent(err) {
		return false
	}
	var r *refusal
	return !errors.As(err, &r) || r.code >= 500
}

// caller makes the calls: it keeps silence when Telegram asks for it, says what became of a call, and lets no token out. It is
// the HTTP client of the library, too.
type caller struct {
	http *http.Client
	base string
	// secret is the part of the token behind the colon, which stays itself however an address is escaped.
	secret string
	silent func(time.Duration)
	// within is how long a call may take from when it may go out until its answer is there.
	within time.Duration

	mu    sync.Mutex
	until time.Time
}

func newCaller(base, token string, silent func(time.Duration)) *caller {
	_, secret, _ := strings.Cut(token, ":")
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32
	transport.IdleConnTimeout = 15 * time.Second       // sooner than the server's: what goes into a closing connection is ambiguous
	transport.ResponseHeaderTimeout = 70 * time.Second // longer than a poll
	return &caller{
		base: base, secret: secret, silent: silent, within: time.Minute,
		// A redirect would carry the token elsewhere.
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// hold lets no call out for a while.
func (c *caller) hold(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if until := time.Now().Add(d); until.After(c.until) {
		c.until = until
	}
}

// held is how much longer no call goes out.
func (c *caller) held() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(0, time.Until(c.until))
}

// wait returns when calls may go out.
func (c *caller) wait(ctx context.Context) error {
	for {
		d := c.held()
		if d <= 0 {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d):
		}
	}
}

// maxRefusal is more than any answer but a file or updates.
const maxRefusal = 64 << 10

// Do implements the library's HttpClient. Every answer but 200 is a *refusal, every other failure a *broken.
func (c *caller) Do(r *http.Request) (*http.Response, error) {
	method := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	if strings.Contains(r.URL.Path, "/file/") {
		method = "download"
	}
	if err := c.wait(r.Context()); err != nil {
		return nil, &broken{method: method, err: err}
	}
	// Set by the transport's goroutine, which may still be writing when the answer comes.
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	response, err := c.http.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return nil, &broken{method: method, sent: sent.Load(), err: c.clean(err)}
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	_ = response.Body.Close()
	return nil, c.refusal(method, response.StatusCode, body)
}

// answer is what the Bot API says to a call.
type answer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Description string          `json:"description"`
	ErrorCode   int             `json:"error_code"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

// refusal reads one and obeys it if it asks for silence.
func (c *caller) refusal(method string, status int, body []byte) error {
	var said answer
	if json.Unmarshal(body, &said) != nil {
		said = answer{Description: http.StatusText(status)} // of something between us and Telegram, which may say anything
	}
	out := &refusal{method: method, code: cmp.Or(said.ErrorCode, status), description: c.scrub(said.Description), migrateTo: said.Parameters.MigrateTo}
	if out.code == http.StatusTooManyRequests {
		out.retryAfter = time.Duration(max(said.Parameters.RetryAfter, 1)) * time.Second
		c.hold(out.retryAfter)
		c.silent(out.retryAfter)
	}
	return out
}

func (c *caller) scrub(text string) string { return strings.ReplaceAll(text, c.secret, "***") }

// clean is an error without the address of the call, which has the token in it.
func (c *caller) clean(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if strings.Contains(err.Error(), c.secret) {
		return errors.New(c.scrub(err.Error()))
	}
	return err
}

// maxAnswer is above a hundred updates of the largest sort.
const maxAnswer = 32 << 20

// ask makes a call and returns what was answered, as it came.
func (c *caller) ask(ctx context.Context, token, method string, params any) ([]byte, error) {
	form, err := formOf(params)
	if err != nil {
		return nil, &broken{method: method, err: err}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/bot"+token+"/"+method, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &broken{method: method, err: c.clean(err)}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, &broken{method: method, sent: true, err: c.clean(err)}
	}
	return body, nil
}

// formOf writes parameters as the Bot API takes them in a form: texts as they are, all else as JSON.
func formOf(params any) (url.Values, error) {
	form := url.Values{}
	if params == nil {
		return form, nil
	}
	raw, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	for name, value := range fields {
		text := string(value)
		if bytes.HasPrefix(value, []byte(`"`)) {
			if err := json.Unmarshal(value, &text); err != nil {
				return nil, err
			}
		}
		if text != "null" {
			form.Set(name, text)
		}
	}
	return form, nil
}

// call makes a call of the Bot API and decodes its result, unless result is nil. params are anything whose JSON is an object: a
// map, a struct or json.RawMessage; nil for none. See retryAfter, migrateTo, forbidden, conflict, badRequest, unauthorized,
// unsent and ambiguous for what its errors mean.
func (b *Bot) call(ctx context.Context, method string, params, result any) error {
	ctx, cancel := context.WithTimeout(ctx, b.calls.held()+b.calls.within)
	defer cancel()
	body, err := b.calls.ask(ctx, b.cfg.Token, method, params)
	if err != nil {
		return err
	}
	var said answer
	if err := json.Unmarshal(body, &said); err != nil {
		return &broken{method: method, sent: true, err: errors.New("the answer is not of the Bot API")}
	}
	if !said.OK {
		return b.calls.refusal(method, cmp.Or(said.ErrorCode, http.StatusBadRequest), body)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(said.Result, result); err != nil {
		return &broken{method: method, sent: true, err: errors.New("the result is not of the Bot API")}
	}
	return nil
}

// lookupWithin is how long Telegram may take to answer what has to be known before an update can be handled.
const lookupWithin = 15 * time.Second

// lookup is call for what an update needs to be handled, beside which others wait: it keeps nobody longer than that, nor until a
// silence ends. What could not be looked up is tried again later.
func (b *Bot) lookup(ctx context.Context, method string, params, result any) error {
	if b.calls.held() > 0 {
		return &broken{method: method, err: errors.New("telegram asked for silence")}
	}
	ctx, cancel := context.WithTimeout(ctx, lookupWithin)
	defer cancel()
	return b.call(ctx, method, params, result)
}

// id is the bot's account, which the token names.
func (b *Bot) id() int64 { return b.client.ID() }

// me is the bot as Telegram knows it; only the id is set until Telegram said more.
func (b *Bot) me() models.User {
	if known := b.known.Load(); known != nil {
		return *known
	}
	return models.User{ID: b.id(), IsBot: true}
}

// getMe asks Telegram who the bot is, and tells when it cannot read groups.
func (b *Bot) getMe(ctx context.Context) error {
	var me models.User
	if err := b.call(ctx, "getMe", nil, &me); err != nil {
		return err
	}
	b.known.Store(&me)
	if !me.CanReadAllGroupMessages {
		b.log.Warn("the bot's privacy mode is on: it reads only groups that it administers; switch it off with BotFather (/setprivacy), then put the bot into its groups again", "bot", me.Username)
	}
	return b.app.KnowBot(auth.With(ctx, system), me.ID, me.Username)
}

// silence keeps, for whoever leads next, that Telegram asked for it.
func (b *Bot) silence(d time.Duration) {
	b.log.Warn("telegram asks for silence", "for", d)
	ctx, cancel := context.WithTimeout(auth.With(context.Background(), system), 5*time.Second)
	defer cancel()
	if err := b.app.PauseTelegram(ctx, b.id(), d); err != nil {
		b.log.Warn("that telegram asked for silence is not kept for a restart", "error", err)
	}
}

// Obey keeps the silence that Telegram asked another process for, until ctx ends.
func (b *Bot) Obey(ctx context.Context) {
	ctx = auth.With(ctx, system)
	b.listen(ctx, app.TelegramSilent, func() {
		known, err := b.app.KnownBot(ctx, b.id())
		if err != nil && ctx.Err() == nil {
			b.log.Warn("it is not known whether telegram wants silence", "error", app.FaultOf(err))
		}
		if known.Silence > 0 {
			b.calls.hold(known.Silence)
		}
	})
}

// listen does something at once, with each event of a topic, and when events may have been missed, until ctx ends.
func (b *Bot) listen(ctx context.Context, topic app.Topic, do func()) {
	for ctx.Err() == nil {
		news := b.app.Subscribe(topic)
		do()
		for open := true; open; {
			select {
			case <-ctx.Done():
				open = false
			case _, open = <-news.C:
				do()
			}
		}
		news.Close()
		select {
		case <-ctx.Done():
		case <-time.After(firstRetry):
		}
	}
}

// newClient is the library's client over our calls.
func (b *Bot) newClient() (*telegram.Bot, error) {
	return telegram.New(b.cfg.Token, telegram.WithServerURL(b.cfg.URL), telegram.WithSkipGetMe(), telegram.WithNotAsyncHandlers(),
		telegram.WithHTTPClient(time.Minute, b.calls), telegram.WithDefaultHandler(b.process),
		telegram.WithErrorsHandler(func(err error) { b.log.Warn("a call to telegram failed", "error", b.calls.scrub(err.Error())) }))
}
