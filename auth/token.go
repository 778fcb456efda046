package auth

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fincokpi/finco/domain"
)

const (
	// AccessTTL is how long an access token is good.
	AccessTTL = 10 * time.Minute
	// minSecret is the least number of bytes of a secret: as many as the keys derived from it.
	minSecret = 32
	// maxToken is the longest text that is looked at as an access token, in bytes.
	maxToken = 1024

	issuer     = "finco"
	audience   = "finco-api"
	accessType = "at+jwt" // RFC 9068 section 2.1
)

// Access is what an access token proves. It carries no role: who they are now is in the record, and is looked up each time.
type Access struct {
	UserID    int
	SessionID int
	ExpiresAt time.Time
}

// Tokens issues and verifies access tokens: JWT (RFC 7519) signed with HMAC-SHA-256. Safe for concurrent use.
type Tokens struct {
	key    []byte
	now    func() time.Time
	parser *jwt.Parser
}

type claims struct {
	jwt.RegisteredClaims
	Session int `json:"sid"`
}

// NewTokens derives the signing key from the server's secret, of at least 32 bytes, so that the secret may serve other ends
// as well. now tells the time.
func NewTokens(secret []byte, now func() time.Time) (*Tokens, error) {
	if len(secret) < minSecret {
		return nil, domain.Errorf(domain.KindInvalid, "the secret has %d bytes, at least %d are needed", len(secret), minSecret)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "finco access token v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("auth: derive the signing key: %w", err)
	}
	return &Tokens{key: key, now: now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(now),
	)}, nil
}

// Issue makes an access token for a person's session, and says until when it is good.
func (t *Tokens) Issue(userID, sessionID int) (token string, expiresAt time.Time, err error) {
	if userID <= 0 || sessionID <= 0 {
		return "", time.Time{}, domain.Errorf(domain.KindInternal, "auth: a token needs a person and a session")
	}
	issued := t.now()
	expires := jwt.NewNumericDate(issued.Add(AccessTTL))
	unsigned := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Audience:  jwt.ClaimStrings{audience},
			Subject:   strconv.Itoa(userID),
			IssuedAt:  jwt.NewNumericDate(issued),
			ExpiresAt: expires,
		},
		Session: sessionID,
	})
	unsigned.Header["typ"] = accessType
	token, err = unsigned.SignedString(t.key)
	if err != nil {
		return "", time.Time{}, domain.Errorf(domain.KindInternal, "auth: sign a token: %w", err)
	}
	return token, expires.Time, nil
}

// Verify tells whom a token stands for. It fails as unauthenticated, in the same words for whatever is wrong with the token.
// That the session still lives is the caller's to check.
func (t *Tokens) Verify(token string) (Access, error) {
	refused := domain.Errorf(domain.KindUnauthenticated, "the access token is not good; sign in again or refresh it")
	if token == "" || len(token) > maxToken {
		return Access{}, refused
	}
	var c claims
	parsed, err := t.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.key, nil })
	if err != nil || !parsed.Valid || parsed.Header["typ"] != accessType {
		return Access{}, refused
	}
	userID, err := strconv.Atoi(c.Subject)
	if err != nil || userID <= 0 || c.Session <= 0 {
		return Access{}, refused
	}
	return Access{UserID: userID, SessionID: c.Session, ExpiresAt: c.ExpiresAt.Time}, nil
}
