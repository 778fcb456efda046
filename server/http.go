package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/fincokpi/finco/graph"
	"github.com/fincokpi/finco/web"
)

// routes are the HTTP surface.
func (s *serving) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(s.measured, s.ending)
	r.Handle("/graphql", graph.NewHandler(s.App, graph.Config{Log: s.Log, Address: s.clientAddress}))
	r.Get("/healthz", s.healthz)
	r.Get("/readyz", s.readyz)
	r.Handle("/metrics", s.metrics.handler())
	r.Get("/files/{id}", s.file)
	r.Head("/files/{id}", s.file)
	if s.bot != nil {
		r.Handle(webhookPath, s.bot.Webhook())
	}
	if login := s.telegramLogin(); login != nil {
		r.Get(loginPath, login.start)
		r.Get(loginCallback, login.callback)
	}
	r.Handle("/*", web.Handler(web.Options{TelegramLogin: s.cfg.TelegramLoginID != ""}))
	return r
}

// measured times requests by route; sockets and streams, which last, are counted when they end.
func (s *serving) measured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			next.ServeHTTP(w, r)
			return
		}
		start := time.Now()
		rec := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		route := chi.RouteContext(r.Context()).RoutePattern()
		s.metrics.requests.WithLabelValues(route, strconv.Itoa(rec.status)).Observe(time.Since(start).Seconds())
	})
}

// ending ends sockets and streams when the server stops. Plain requests are left to finish.
func (s *serving) ending(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") && !strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.streams, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(code int) {
	w.status = code
	w.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach what is beneath, for flushing streams.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush implements http.Flusher, which streams ask for.
func (w *statusWriter) Flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// clientAddress is who sent a request: the peer, or what a trusted proxy says of it.
func (s *serving) clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",") // each proxy may add a line of its own
	for i := len(hops) - 1; i >= 0 && s.trusted(host); i-- {
		if hop := strings.TrimSpace(hops[i]); hop != "" {
			host = hop
		}
	}
	return host
}

func (s *serving) trusted(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range s.cfg.TrustedProxies {
		if prefix, err := proxyPrefix(p); err == nil && prefix.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}
