package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/fincokpi/finco/domain"
)

// TelegramIssuer is Telegram's own OpenID Connect server.
const TelegramIssuer = "https://oauth.telegram.org"

// TelegramLogin signs people in by "Log In With Telegram": OpenID Connect, authorization code flow with PKCE
// (core.telegram.org/bots/telegram-login). It keeps nothing between the two steps; the browser does, in a Challenge.
type TelegramLogin struct {
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	client   *http.Client
}

// Challenge is what the first step of a sign-in leaves for the second.
type Challenge struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
}

// loginTimeout is how long Telegram may take to answer.
const loginTimeout = 15 * time.Second

// NewTelegramLogin takes what BotFather shows under Bot Settings → Web Login, and the address registered there. now nil is the
// machine's clock.
func NewTelegramLogin(issuer, clientID, clientSecret, redirect string, now func() time.Time) *TelegramLogin {
	issuer = strings.TrimRight(issuer, "/")
	client := &http.Client{Timeout: loginTimeout}
	keys := oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), client), issuer+"/.well-known/jwks.json")
	return &TelegramLogin{
		client: client,
		oauth: oauth2.Config{
			ClientID: clientID, ClientSecret: clientSecret, RedirectURL: redirect, Scopes: []string{oidc.ScopeOpenID, "profile"},
			Endpoint: oauth2.Endpoint{AuthURL: issuer + "/auth", TokenURL: issuer + "/token", AuthStyle: oauth2.AuthStyleInHeader},
		},
		// Telegram signs with RS256 unless the bot's owner chose otherwise; nothing weaker is ever let in.
		verifier: oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: clientID, SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256, oidc.EdDSA}, Now: now}),
	}
}

// Start is where to send the browser, and what it is to keep until it comes back.
func (l *TelegramLogin) Start() (address string, c Challenge) {
	c = Challenge{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier()}
	return l.oauth.AuthCodeURL(c.State, oidc.Nonce(c.Nonce), oauth2.S256ChallengeOption(c.Verifier)), c
}

// ErrNotConfirmed is wrapped by what Finish says when the browser came back without the person's yes, or without having been sent.
var ErrNotConfirmed = errors.New("the browser came back without the person's confirmation")

// Finish trades what the browser came back with for the person's Telegram account. It is unauthenticated if anything does not fit
// the challenge or is not signed by Telegram for this bot, unavailable if Telegram cannot be asked. Its errors say why, for the log:
// they hold no token, code or secret.
func (l *TelegramLogin) Finish(ctx context.Context, c Challenge, answer url.Values) (int64, error) {
	if c.State == "" || subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(c.State)) != 1 {
		return 0, refused(ErrNotConfirmed)
	}
	switch code := answer.Get("error"); {
	case code == "access_denied" || code == "" && answer.Get("code") == "":
		return 0, refused(ErrNotConfirmed)
	case code != "":
		return 0, refused(errors.New(errorCode(code)))
	}
	ctx = oidc.ClientContext(ctx, l.client)
	tokens, err := l.oauth.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(c.Verifier))
	if err != nil {
		return 0, notTraded(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := l.verifier.Verify(ctx, raw)
	if err != nil {
		return 0, refused(fmt.Errorf("the ID token is not believed: %s", l.scrub(err, raw)))
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(c.Nonce)) != 1 {
		return 0, refused(errors.New("the ID token has another nonce"))
	}
	// The subject is an id of its own; the account's is the claim id.
	var claims struct {
		ID int64 `json:"id"`
	}
	if token.Claims(&claims) != nil || claims.ID <= 0 {
		return 0, refused(errors.New("the ID token has no claim id, which is the Telegram account"))
	}
	return claims.ID, nil
}

func refused(cause error) error {
	return domain.Errorf(domain.KindUnauthenticated, "Telegram did not confirm this sign-in, try again: %w", cause)
}

// notTraded says why no token was given for the code.
func notTraded(err error) error {
	var rejected *oauth2.RetrieveError
	var unsent *url.Error
	switch {
	case errors.As(err, &rejected) && rejected.Response.StatusCode < 500:
		return refused(fmt.Errorf("the code was not taken: %s (HTTP %d)", errorCode(rejected.ErrorCode), rejected.Response.StatusCode))
	case errors.As(err, &rejected):
		err = fmt.Errorf("HTTP %d", rejected.Response.StatusCode)
	case errors.As(err, &unsent):
		err = unsent.Err // without the address
	default:
		err = errors.New("its answer cannot be read") // the library may repeat the answer
	}
	return domain.Errorf(domain.KindUnavailable, "Telegram cannot be asked just now, try again in a minute: %w", err)
}

// errorCode is an error code of OAuth, such as invalid_client; nothing else that stands in its place is repeated.
func errorCode(said string) string {
	if !errorCodeForm.MatchString(said) {
		return "no reason given"
	}
	return said
}

var errorCodeForm = regexp.MustCompile(`^[a-z_]{1,40}$`)

// scrub is what an error says, in one line, without the token that it is about and without our secret.
func (l *TelegramLogin) scrub(err error, token string) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	for _, secret := range append(strings.Split(token, "."), token, l.oauth.ClientSecret) {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	if r := []rune(text); len(r) > 300 {
		text = string(r[:300]) + "…"
	}
	return text
}
