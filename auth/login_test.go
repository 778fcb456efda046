package auth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/auth/authtest"
	"github.com/fincokpi/finco/domain"
)

// confirm goes to Telegram as a browser does and returns with what the address says.
func confirm(t *testing.T, address string) url.Values {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	back, err := response.Location()
	if err != nil {
		t.Fatalf("%s: %v", response.Status, err)
	}
	return back.Query()
}

func TestTelegramLogin(t *testing.T) {
	t.Parallel()
	claim := func(name string, value any) func(*authtest.Provider) {
		return func(p *authtest.Provider) { p.Claims = func(c jwt.MapClaims) { c[name] = value } }
	}
	for name, c := range map[string]struct {
		change func(*authtest.Provider)
		answer func(url.Values)
		kind   domain.Kind
		says   string
	}{
		"good":             {},
		"another state":    {answer: func(v url.Values) { v.Set("state", "x") }, kind: domain.KindUnauthenticated},
		"said no":          {answer: func(v url.Values) { v.Del("code"); v.Set("error", "access_denied") }, kind: domain.KindUnauthenticated, says: auth.ErrNotConfirmed.Error()},
		"not a client":     {answer: func(v url.Values) { v.Del("code"); v.Set("error", "unauthorized_client") }, kind: domain.KindUnauthenticated, says: "unauthorized_client"},
		"no code":          {answer: func(v url.Values) { v.Del("code") }, kind: domain.KindUnauthenticated},
		"an invented code": {answer: func(v url.Values) { v.Set("code", "x") }, kind: domain.KindUnauthenticated, says: "invalid_grant (HTTP 400)"},
		"for another bot":  {change: claim("aud", "1"), kind: domain.KindUnauthenticated, says: "audience"},
		"another issuer":   {change: claim("iss", "https://oauth.example"), kind: domain.KindUnauthenticated},
		"another nonce":    {change: claim("nonce", "x"), kind: domain.KindUnauthenticated},
		"over":             {change: claim("exp", time.Now().Add(-time.Hour).Unix()), kind: domain.KindUnauthenticated},
		"without an id":    {change: claim("id", 0), kind: domain.KindUnauthenticated},
		"another key":      {change: func(p *authtest.Provider) { p.Key = authtest.Start(t, 1).Signer() }, kind: domain.KindUnauthenticated},
		"a shared key":     {change: func(p *authtest.Provider) { p.Method, p.Key = jwt.SigningMethodHS256, []byte(authtest.ClientSecret) }, kind: domain.KindUnauthenticated},
		"no signature":     {change: func(p *authtest.Provider) { p.Method, p.Key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType }, kind: domain.KindUnauthenticated},
		"Telegram is down": {change: func(p *authtest.Provider) { p.Status = http.StatusBadGateway }, kind: domain.KindUnavailable, says: "HTTP 502"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := authtest.Start(t, 279058397)
			login := auth.NewTelegramLogin(p.URL+"/", authtest.ClientID, authtest.ClientSecret, "https://finco.example/auth/telegram/callback", nil)
			address, challenge := login.Start()
			answer := confirm(t, address)
			if c.change != nil {
				c.change(p)
			}
			if c.answer != nil {
				c.answer(answer)
			}
			account, err := login.Finish(t.Context(), challenge, answer)
			if c.change == nil && c.answer == nil {
				if err != nil || account != 279058397 {
					t.Errorf("%d, %v", account, err)
				}
				if _, err := login.Finish(t.Context(), challenge, answer); domain.KindOf(err) != domain.KindUnauthenticated {
					t.Errorf("a code that was used: %v", err)
				}
				return
			}
			if err == nil || domain.KindOf(err) != c.kind || account != 0 {
				t.Fatalf("%d, %v", account, err)
			}
			if said := err.Error(); strings.Contains(said, authtest.ClientSecret) || len(answer.Get("code")) > 8 && strings.Contains(said, answer.Get("code")) || !strings.Contains(said, c.says) {
				t.Errorf("the reason: %v", err)
			}
		})
	}
}
