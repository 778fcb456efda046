package server

import (
	"net/http"
	"testing"
)

// A list in several lines is one list: what a client wrote before the proxy's own line counts no more than it did.
func TestWhoIsBehindAProxy(t *testing.T) {
	t.Parallel()
	s := &serving{Parts: &Parts{cfg: Config{TrustedProxies: []string{"10.0.0.0/8"}}}}
	for want, lines := range map[string][]string{
		"203.0.113.7": {"198.51.100.1", "203.0.113.7, 10.0.0.2"},
		"10.0.0.1":    nil,
		"192.0.2.9":   {"192.0.2.9"},
	} {
		r := &http.Request{RemoteAddr: "10.0.0.1:5", Header: http.Header{"X-Forwarded-For": lines}}
		if got := s.clientAddress(r); got != want {
			t.Errorf("%v: got %s, want %s", lines, got, want)
		}
	}
}
