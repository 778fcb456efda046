package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/fincokpi/finco/auth"
)

// healthz tells that the process lives.
func (s *serving) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// readiness is what /readyz answers and the page at / shows.
type readiness struct {
	Ready bool `json:"ready"`
	// Database, Events and Workers say "ok" or what is the matter.
	Database string `json:"database"`
	Events   string `json:"events"`
	Workers  string `json:"workers"`
	// Telegram is off, in other processes, waiting (another process leads), polling, webhook, or what is the matter.
	Telegram string `json:"telegram"`
	// Files is "in order", or what is the matter with the place where files are kept.
	Files string `json:"files"`
	// Company is false while no company file was applied.
	Company   bool            `json:"company"`
	Analyzers []analyzerState `json:"analyzers"`
	// Demo is empty without the demo company, else loading, ready or what is the matter.
	Demo string `json:"demo,omitempty"`
}

type analyzerState struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	State   string `json:"state"`
}

// readyz tells whether this process can do its work. An analyzer out of service, or a store of files
// that is away, does not make it unready: the rest goes on.
func (s *serving) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(auth.With(r.Context(), auth.System("signin")), 2*time.Second)
	defer cancel()
	out := readiness{Database: "ok", Events: "ok", Workers: "ok", Telegram: s.telegramState(), Demo: s.demo.String()}
	out.Files, _ = s.stored.Load().(string)
	if err := s.db.PingContext(ctx); err != nil {
		out.Database = "unreachable"
	} else if out.Company, err = s.App.HasCompany(ctx); err != nil {
		out.Database = "does not answer queries"
	}
	if !s.events.Load() {
		out.Events = "connecting"
	}
	switch {
	case !s.opts.Worker:
		out.Workers = "in other processes"
	case !s.working.Load():
		out.Workers = "not running"
	}
	for _, a := range s.host.Status() {
		out.Analyzers = append(out.Analyzers, analyzerState{a.Name, a.Version, string(a.State)})
	}
	out.Ready = out.Database == "ok" && out.Events == "ok" && !s.draining.Load()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !out.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(out)
}
