// Package authtest is Telegram's OpenID Connect server as tests need it. It signs with a key of its own and checks what a
// client has to prove; it refuses what Telegram would refuse.
package authtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// The client that the provider knows.
const (
	ClientID     = "987654321"
	ClientSecret = "the client secret of the tests"
)

// Provider is a running server. Its fields change what its tokens say.
type Provider struct {
	URL string
	// Account is the Telegram id of whoever confirms.
	Account int64
	// Claims, if not nil, changes the claims before they are signed; Method is how, RS256 if nil.
	Claims func(jwt.MapClaims)
	Method jwt.SigningMethod
	// Key signs in place of the published one, if not nil.
	Key any
	// Status, if not 0, is what the token endpoint answers.
	Status int

	t     testing.TB
	key   *rsa.PrivateKey
	mu    sync.Mutex
	codes map[string]url.Values
}

// Start serves until the test ends.
func Start(t testing.TB, account int64) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{t: t, Account: account, key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /auth", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /.well-known/jwks.json", p.keys)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// authorize confirms at once and sends the browser back.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	back, err := url.Parse(asked.Get("redirect_uri"))
	if err != nil || asked.Get("client_id") != ClientID || asked.Get("response_type") != "code" || asked.Get("code_challenge_method") != "S256" {
		http.Error(w, "invalid_request", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = asked
	p.mu.Unlock()
	back.RawQuery = url.Values{"code": {code}, "state": {asked.Get("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// token trades a code once, for whoever knows the secret and the verifier.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if p.Status != 0 {
		w.WriteHeader(p.Status)
		return
	}
	id, secret, _ := r.BasicAuth()
	p.mu.Lock()
	asked, known := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	escaped, _ := url.QueryUnescape(secret)
	if id != ClientID || escaped != ClientSecret || !known || asked.Get("redirect_uri") != r.FormValue("redirect_uri") ||
		base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "unused", "token_type": "Bearer", "expires_in": 600, "id_token": p.sign(asked.Get("nonce"))})
}

func (p *Provider) sign(nonce string) string {
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": p.URL, "aud": ClientID, "sub": "an id of its own", "id": p.Account, "name": "A+B", "nonce": nonce,
		"iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}
	if p.Claims != nil {
		p.Claims(claims)
	}
	method, key := p.Method, p.Key
	if method == nil {
		method = jwt.SigningMethodRS256
	}
	if key == nil {
		key = p.key
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = "oidc-1"
	out, err := token.SignedString(key)
	if err != nil {
		p.t.Error(err)
	}
	return out
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	encode := base64.RawURLEncoding.EncodeToString
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "kid": "oidc-1", "use": "sig", "alg": "RS256",
		"n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

// Signer is the key that the provider signs with.
func (p *Provider) Signer() any { return p.key }
