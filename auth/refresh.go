package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

const (
	// RefreshIdle is how long a session lasts without a refresh.
	RefreshIdle = 14 * 24 * time.Hour
	// RefreshMax is how long a session lasts at most.
	RefreshMax = 30 * 24 * time.Hour
	// RefreshGrace is how long the immediate predecessor of a refresh token is still taken: two tabs may refresh at once.
	// Later its use is a theft, and ends the session.
	RefreshGrace = 10 * time.Second

	refreshBytes = 32
)

// NewRefreshToken draws a token of 256 random bits, and its hash, which alone is stored.
func NewRefreshToken() (token string, hash []byte) {
	raw := make([]byte, refreshBytes)
	rand.Read(raw) // never fails: the runtime ends the process instead
	token = base64.RawURLEncoding.EncodeToString(raw)
	return token, HashRefreshToken(token)
}

// HashRefreshToken is the SHA-256 of the token as the client sends it. A fast hash is enough: 256 random bits cannot be
// guessed.
func HashRefreshToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// RefreshExpiry is when a session that began at created and is refreshed at now ends, unless refreshed before.
func RefreshExpiry(created, now time.Time) time.Time {
	idle, most := now.Add(RefreshIdle), created.Add(RefreshMax)
	if idle.Before(most) {
		return idle
	}
	return most
}
