package bottest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-telegram/bot/models"
)

// webhook is where updates are sent. Those of one line go one after the other, each until it is taken; lines go side by side.
type webhook struct {
	url, secret string
	connections int
	stop        context.CancelFunc
	busy        map[string]bool
	failed      time.Time
	failure     string
}

var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{0,256}$`)

func (s *Server) setWebhook(r *request) (any, error) {
	at := r.Params["url"]
	if at == "" {
		return s.deleteWebhook(r)
	}
	secret := r.Params["secret_token"]
	if len(secret) > 256 {
		return nil, bad("secret token is too long")
	}
	if !secretForm.MatchString(secret) {
		return nil, bad("secret token contains unallowed characters")
	}
	if err := checkWebhook(at); err != nil {
		return nil, err
	}
	if err := s.updates.allow(r); err != nil {
		return nil, err
	}
	connections, err := strconv.Atoi(r.Params["max_connections"])
	if err != nil || connections < 1 || connections > 100 {
		connections = 40
	}
	s.endWebhook(r)
	if s.updates.poll != nil {
		close(s.updates.poll)
		s.updates.poll = nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.hook = &webhook{url: at, secret: secret, connections: connections, stop: cancel, busy: map[string]bool{}}
	s.workers.Add(1)
	go s.push(ctx, s.hook)
	return true, nil
}

// checkWebhook wants HTTPS on one of four ports; on this machine itself, as for a local Bot API server, anything goes.
func checkWebhook(at string) error {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" {
		return bad("invalid webhook URL specified")
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	if u.Scheme != "https" {
		return bad("bad webhook: An HTTPS URL must be provided for webhook")
	}
	if !slices.Contains([]string{"", "443", "80", "88", "8443"}, u.Port()) {
		return bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
	}
	return nil
}

func (s *Server) deleteWebhook(r *request) (any, error) {
	s.endWebhook(r)
	return true, nil
}

func (s *Server) endWebhook(r *request) {
	if s.hook != nil {
		s.hook.stop()
		s.hook = nil
	}
	if r.Params["drop_pending_updates"] == "true" {
		s.updates.waiting = nil
	}
}

func (s *Server) getWebhookInfo(*request) (any, error) {
	info := models.WebhookInfo{PendingUpdateCount: len(s.updates.waiting), AllowedUpdates: s.updates.allowed}
	if h := s.hook; h != nil {
		info.URL, info.MaxConnections, info.LastErrorMessage = h.url, h.connections, h.failure
		if !h.failed.IsZero() {
			info.LastErrorDate = int(h.failed.Unix())
		}
	}
	return info, nil
}

// push sends what waits until the webhook is taken back.
func (s *Server) push(ctx context.Context, h *webhook) {
	defer s.workers.Done()
	var sending sync.WaitGroup
	defer sending.Wait()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: h.connections}}
	defer client.CloseIdleConnections()
	for {
		s.mu.Lock()
		changed := s.changed
		for _, u := range s.updates.waiting {
			if s.updates.held || len(h.busy) >= h.connections {
				break
			}
			if h.busy[u.line] {
				continue
			}
			h.busy[u.line] = true
			sending.Go(func() { s.deliver(ctx, h, client, u) })
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// deliver sends one update until it is taken.
func (s *Server) deliver(ctx context.Context, h *webhook, client *http.Client, u queued) {
	for {
		err := h.post(ctx, client, u)
		if ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		if err == nil {
			i := slices.IndexFunc(s.updates.waiting, func(q queued) bool { return q.id == u.id && bytes.Equal(q.raw, u.raw) })
			if i >= 0 {
				s.updates.waiting = slices.Delete(s.updates.waiting, i, i+1)
			}
			delete(h.busy, u.line)
			s.wake()
			s.mu.Unlock()
			return
		}
		h.failed, h.failure = s.now(), err.Error()
		s.wake()
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.retry):
		}
	}
}

func (h *webhook) post(ctx context.Context, client *http.Client, u queued) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(u.raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if h.secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
	}
	response, err := client.Do(req)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode/100 != 2 {
		return errors.New("Wrong response from the webhook: " + response.Status)
	}
	return nil
}
