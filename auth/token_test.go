package auth_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

var (
	secret = bytes.Repeat([]byte("s"), 32)
	start  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newTokens(t *testing.T, secret []byte, c *clock) *auth.Tokens {
	t.Helper()
	tokens, err := auth.NewTokens(secret, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestAccessTokenIsGoodForTenMinutes(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	tokens := newTokens(t, secret, c)
	token, expires, err := tokens.Issue(7, 9)
	if err != nil {
		t.Fatal(err)
	}
	if want := start.Add(10 * time.Minute); !expires.Equal(want) {
		t.Errorf("expires at %s, want %s", expires, want)
	}
	c.at = expires.Add(-time.Second)
	got, err := tokens.Verify(token)
	if err != nil || got.UserID != 7 || got.SessionID != 9 || !got.ExpiresAt.Equal(expires) {
		t.Errorf("got %+v, %v", got, err)
	}
	c.at = expires
	if _, err := tokens.Verify(token); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("an expired token: %v", err)
	}
}

func TestTokenOfAnotherServerIsRefused(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	token, _, err := newTokens(t, bytes.Repeat([]byte("x"), 32), c).Issue(7, 9)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newTokens(t, secret, c).Verify(token); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("got %v", err)
	}
}

func TestSecretIsLongAndNotTheKeyItself(t *testing.T) {
	t.Parallel()
	if _, err := auth.NewTokens(secret[:31], time.Now); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("a secret of 31 bytes: %v", err)
	}
	forged := sign(t, jwt.SigningMethodHS256, secret, "at+jwt", goodClaims())
	if _, err := newTokens(t, secret, &clock{start}).Verify(forged); err == nil {
		t.Error("a token signed with the secret itself is taken")
	}
}

func TestIssueNeedsAPersonAndASession(t *testing.T) {
	t.Parallel()
	tokens := newTokens(t, secret, &clock{start})
	for _, ids := range [][2]int{{0, 1}, {1, 0}, {-1, 1}} {
		if _, _, err := tokens.Issue(ids[0], ids[1]); err == nil {
			t.Errorf("issued for %v", ids)
		}
	}
}

func goodClaims() jwt.MapClaims {
	return jwt.MapClaims{
		"iss": "finco", "aud": "finco-api", "sub": "7", "sid": 9,
		"iat": start.Unix(), "exp": start.Add(time.Minute).Unix(),
	}
}

func sign(t *testing.T, method jwt.SigningMethod, key any, typ string, c jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	token.Header["typ"] = typ
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The forger of these tests has the right key, so that each refusal is for the one thing that is wrong.
func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	tokens := newTokens(t, secret, &clock{start})
	key := auth.SigningKey(tokens)
	with := func(change func(jwt.MapClaims)) jwt.MapClaims {
		c := goodClaims()
		change(c)
		return c
	}
	hs256 := jwt.SigningMethodHS256
	if _, err := tokens.Verify(sign(t, hs256, key, "at+jwt", goodClaims())); err != nil {
		t.Fatalf("the pattern itself is refused: %v", err)
	}
	forged := map[string]string{
		"no algorithm":    sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "at+jwt", goodClaims()),
		"other algorithm": sign(t, jwt.SigningMethodHS512, key, "at+jwt", goodClaims()),
		"other type":      sign(t, hs256, key, "JWT", goodClaims()),
		"other audience":  sign(t, hs256, key, "at+jwt", with(func(c jwt.MapClaims) { c["aud"] = "else" })),
		"no audience":     sign(t, hs256, key, "at+jwt", with(func(c jwt.MapClaims) { delete(c, "aud") })),
		"other issuer":    sign(t, hs256, key, "at+jwt", with(func(c jwt.MapClaims) { c["iss"] = "else" })),
		"no expiry":       sign(t, hs256, key, "at+jwt", with(func(c jwt.MapClaims) { delete(c, "exp") })),
		"no session":      sign(t, hs256, key, "at+jwt", with(func(c jwt.MapClaims) { delete(c, "sid") })),
		"no person":       sign(t, hs256, key, "at+jwt", with(func(c jwt.MapClaims) { c["sub"] = "0" })),
		"not yet":         sign(t, hs256, key, "at+jwt", with(func(c jwt.MapClaims) { c["nbf"] = start.Add(time.Hour).Unix() })),
		"empty":           "",
		"noise":           "a.b.c",
		"very long":       strings.Repeat("a", 1<<20),
	}
	for name, token := range forged {
		if got, err := tokens.Verify(token); domain.KindOf(err) != domain.KindUnauthenticated || got != (auth.Access{}) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestEveryChangedCharacterOfATokenIsNoticed(t *testing.T) {
	t.Parallel()
	tokens := newTokens(t, secret, &clock{start})
	token, _, err := tokens.Issue(7, 9)
	if err != nil {
		t.Fatal(err)
	}
	for i := range token {
		changed := []byte(token)
		changed[i] = 'A'
		if token[i] == 'A' {
			changed[i] = 'B'
		}
		if _, err := tokens.Verify(string(changed)); err == nil {
			t.Fatalf("character %d may be changed", i)
		}
	}
}

func TestRefreshTokensAreRandomAndOnlyTheirHashIsKept(t *testing.T) {
	t.Parallel()
	token, hash := auth.NewRefreshToken()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 32 {
		t.Errorf("%d random bytes, %v; want 32", len(raw), err)
	}
	if len(hash) != 32 || !bytes.Equal(hash, auth.HashRefreshToken(token)) {
		t.Error("the hash is not the token's SHA-256")
	}
	if again, _ := auth.NewRefreshToken(); again == token {
		t.Error("two tokens are the same")
	}
}

func TestRefreshExpiry(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for after, want := range map[time.Duration]time.Duration{0: 14 * day, 16 * day: 30 * day, 20 * day: 30 * day, 10 * day: 24 * day} {
		if got := auth.RefreshExpiry(start, start.Add(after)); !got.Equal(start.Add(want)) {
			t.Errorf("refreshed after %s it ends after %s, want %s", after, got.Sub(start), want)
		}
	}
}
