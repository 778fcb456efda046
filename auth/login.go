package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
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

// Finish trades what the browser came back with for the person's Telegram account. It is unauthenticated if anything does not fit
// the challenge or is not signed by Telegram for this bot, unavailable if Telegram cannot be asked.
func (l *TelegramLogin) Finish(ctx context.Context, c Challenge, answer url.Values) (int64, error) {
	refused := domain.Errorf(domain.KindUnauthenticated, "Telegram did not confirm this sign-in, try again")
	if c.State == "" || subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(c.State)) != 1 || answer.Get("code") == "" {
		return 0, refused
	}
	ctx = oidc.ClientContext(ctx, l.client)
	tokens, err := l.oauth.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(c.Verifier))
	var rejected *oauth2.RetrieveError
	if errors.As(err, &rejected) && rejected.Response.StatusCode < 500 {
		return 0, refused
	}
	if err != nil {
		return 0, domain.Errorf(domain.KindUnavailable, "Telegram cannot be asked just now, try again in a minute")
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := l.verifier.Verify(ctx, raw)
	if err != nil || subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(c.Nonce)) != 1 {
		return 0, refused
	}
	// The subject is an id of its own; the account's is the claim id.
	var claims struct {
		ID int64 `json:"id"`
	}
	if token.Claims(&claims) != nil || claims.ID <= 0 {
		return 0, refused
	}
	return claims.ID, nil
}
