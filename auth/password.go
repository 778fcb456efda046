package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/fincokpi/finco/domain"
)

// The parameters of argon2id (RFC 9106) are those of the OWASP cheat sheet. Another set of them is another format: rows that
// name other parameters are refused, so that nobody who can write a row can make a sign-in cost a gigabyte.
const (
	argonMemory  = 19456 // KiB
	argonTime    = 2
	argonThreads = 1
	saltBytes    = 16
	hashBytes    = 32
)

var phcPrefix = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, argonMemory, argonTime, argonThreads)

// dummySalt is what VerifyDummy hashes with; its result is thrown away.
var dummySalt = make([]byte, saltBytes)

// Hasher hashes passwords, only so many at a time: each takes 19 MiB and a core for tens of milliseconds. Safe for
// concurrent use.
type Hasher struct{ slots chan struct{} }

// NewHasher lets parallel hashes run at a time, at least one.
func NewHasher(parallel int) *Hasher {
	return &Hasher{slots: make(chan struct{}, max(parallel, 1))}
}

// Hash makes what is stored of a password, in PHC form and with a fresh salt. Whether the password is a good one is
// CheckPassword's to say. Fails as unavailable if the context ends before its turn.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails: the runtime ends the process instead
	key, err := h.key(ctx, password, salt)
	if err != nil {
		return "", err
	}
	return phcPrefix + base64.RawStdEncoding.EncodeToString(salt) + "$" + base64.RawStdEncoding.EncodeToString(key), nil
}

// Verify tells whether the password is the one that was hashed. Fails as unavailable if the context ends before its turn,
// as internal if the stored hash is not one of Hash.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (bool, error) {
	salt, want, err := parsePHC(stored)
	if err != nil {
		return false, err
	}
	got, err := h.key(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// VerifyDummy takes as long as Verify and verifies nothing: for unknown people, so that time does not tell who is known.
func (h *Hasher) VerifyDummy(ctx context.Context, password string) error {
	_, err := h.key(ctx, password, dummySalt)
	return err
}

func (h *Hasher) key(ctx context.Context, password string, salt []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, tooBusy(err)
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, tooBusy(ctx.Err())
	}
	return argon2.IDKey([]byte(normalize(password)), salt, argonTime, argonMemory, argonThreads, hashBytes), nil
}

func tooBusy(err error) error {
	return domain.Errorf(domain.KindUnavailable, "too many are signing in; try again: %w", err)
}

// normalize lets a password typed on another keyboard be the same: й is one character or two (RFC 8265 section 4.2).
func normalize(password string) string { return norm.NFC.String(password) }

func parsePHC(stored string) (salt, hash []byte, err error) {
	malformed := domain.Errorf(domain.KindInternal, "auth: a stored password hash is malformed")
	rest, ok := strings.CutPrefix(stored, phcPrefix)
	if !ok {
		return nil, nil, malformed
	}
	saltText, hashText, ok := strings.Cut(rest, "$")
	if !ok {
		return nil, nil, malformed
	}
	strict := base64.RawStdEncoding.Strict()
	if salt, err = strict.DecodeString(saltText); err != nil || len(salt) != saltBytes {
		return nil, nil, malformed
	}
	if hash, err = strict.DecodeString(hashText); err != nil || len(hash) != hashBytes {
		return nil, nil, malformed
	}
	return salt, hash, nil
}
