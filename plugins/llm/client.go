package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// The sizes of a call.
const (
	contextTokens = 8192
	answerTokens  = 1024
	maxResponse   = 1 << 20 // bytes of an answer, or of a list of models
	keepAlive     = "10m"   // how long Ollama keeps the model in memory
	margin        = time.Second
)

// client speaks to one model on one server; it is safe for concurrent use.
type client struct {
	http    *http.Client
	base    string // without a slash at its end
	ollama  bool
	model   string
	token   string
	timeout time.Duration
	health  atomic.Pointer[health] // what Ollama said when it was last looked at; nil: not since its last failure
}

// health is a look at a server.
type health struct {
	at     time.Time
	digest string // of the model's weights, shortened
}

// looksEvery is how soon it is noticed that a model's name stands for other weights.
const looksEvery = time.Minute

// digest names the weights that answer, "" if the server does not tell.
func (c *client) digest() string {
	if h := c.health.Load(); h != nil {
		return h.digest
	}
	return ""
}

func newClient(base string, ollama bool, model, token string, timeout time.Duration) *client {
	return &client{base: base, ollama: ollama, model: model, token: token, timeout: timeout, http: &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		},
		// Followed, a redirect could carry messages and the key elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// within gives a call its time: the setting's, and less than the host's, so that a slow server is told as such and does not
// count as a plugin that hangs.
func (c *client) within(ctx context.Context) (context.Context, context.CancelFunc) {
	end := time.Now().Add(c.timeout)
	if latest, ok := ctx.Deadline(); ok {
		left := time.Until(latest)
		if latest = latest.Add(-min(margin, left/4)); latest.Before(end) {
			end = latest
		}
	}
	return context.WithDeadline(ctx, end)
}

// chat asks once and returns what the model wrote. Errors are *analyzer.Error of the downstream, or ctx's when the
// caller gave up.
func (c *client) chat(ctx context.Context, talk conversation, schema json.RawMessage, seed int64) (string, error) {
	within, cancel := c.within(ctx)
	defer cancel()
	content, err := c.ask(within, talk, schema, seed)
	var told *analyzer.Error
	if errors.As(err, &told) && told.Kind == analyzer.Unavailable {
		c.health.Store(nil)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return "", ctx.Err()
	}
	return content, err
}

func (c *client) ask(ctx context.Context, talk conversation, schema json.RawMessage, seed int64) (string, error) {
	if !c.ollama {
		return c.askOpenAI(ctx, talk, schema, seed) // has no look at its health that all servers of this style know
	}
	if h := c.health.Load(); h == nil || time.Since(h.at) > looksEvery {
		digest, err := c.healthOllama(ctx)
		if err != nil {
			return "", err
		}
		c.health.Store(&health{time.Now(), digest})
	}
	return c.askOllama(ctx, talk, schema, seed)
}

// call sends a request (a GET without a body) and decodes a 200 into answer. Neither what the server says nor what was sent
// gets into an error.
func (c *client) call(ctx context.Context, path string, body, answer any) error {
	method, payload := http.MethodGet, io.Reader(http.NoBody)
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return analyzer.Errorf(analyzer.Internal, "encode the request: %v", err)
		}
		method, payload = http.MethodPost, bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, payload)
	if err != nil {
		return analyzer.Errorf(analyzer.Internal, "the request can't be made")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	if err != nil {
		return c.unreachable(ctx, err)
	}
	if response.StatusCode != http.StatusOK {
		return c.refused(path, response.StatusCode, raw)
	}
	if len(raw) > maxResponse {
		return analyzer.Downstreamf(analyzer.Unavailable, "%s answers %s with more than %d bytes", c.base, path, maxResponse)
	}
	if err := strictly(raw, answer); err != nil {
		return analyzer.Downstreamf(analyzer.Unavailable, "%s does not answer %s as the API has it: check the settings url and api", c.base, path)
	}
	return nil
}

// unreachable says why there is no answer, in words of ours: an error of net/http may quote what the server sent.
func (c *client) unreachable(ctx context.Context, err error) error {
	var wrong *net.OpError
	var name *net.DNSError
	why := "the connection broke"
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return analyzer.Downstreamf(analyzer.Unavailable, "%s did not answer in time", c.base)
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &name):
		why = "its name is not known"
	case errors.As(err, &wrong) && wrong.Op == "dial":
		why = "nothing answers there"
	}
	return analyzer.Downstreamf(analyzer.Unavailable, "%s can't be reached: %s", c.base, why)
}

// refused types a status. body is only looked at, never told: servers put the prompt into it.
func (c *client) refused(path string, status int, body []byte) error {
	chat := strings.Contains(path, "chat")
	switch {
	case status == http.StatusNotFound && chat:
		return c.missing()
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return analyzer.Downstreamf(analyzer.Unavailable, "%s is busy (%d)", c.base, status)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return analyzer.Downstreamf(analyzer.Unavailable, "%s refuses the token (%d)", c.base, status)
	case status == http.StatusRequestEntityTooLarge,
		status == http.StatusBadRequest && chat && bytes.Contains(bytes.ToLower(body), []byte("context")):
		return analyzer.Downstreamf(analyzer.Invalid, "the message is too long for the context of model %s", c.model)
	default:
		return analyzer.Downstreamf(analyzer.Unavailable, "%s answers %s with status %d", c.base, path, status)
	}
}

func (c *client) missing() error {
	if c.ollama {
		return analyzer.Downstreamf(analyzer.Unavailable, "%s has no model %s: run `ollama pull %s` there", c.base, c.model, c.model)
	}
	return analyzer.Downstreamf(analyzer.Unavailable, "%s has no model %s, or no /v1/chat/completions", c.base, c.model)
}

// finished checks why a model stopped writing.
func (c *client) finished(reason string) error {
	if reason == "stop" {
		return nil
	}
	if reason == "length" {
		return analyzer.Downstreamf(analyzer.Invalid, "the answer of model %s was cut off", c.model)
	}
	return analyzer.Downstreamf(analyzer.Invalid, "model %s did not finish its answer", c.model)
}

// baseURL checks and cuts the setting url; end is the part that every call adds and that may be given or left out.
func baseURL(given, end string) (string, bool) {
	at, err := url.Parse(strings.TrimSpace(given))
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.User != nil || at.RawQuery != "" || at.Fragment != "" {
		return "", false
	}
	return strings.TrimRight(strings.TrimSuffix(strings.TrimRight(at.String(), "/"), end), "/"), true
}
