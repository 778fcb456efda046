package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

const good = "lamp under the fourth stair"

func TestHashIsPinnedPHCAndVerifies(t *testing.T) {
	t.Parallel()
	h := auth.NewHasher(2)
	stored, err := h.Hash(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := strings.CutPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$")
	if !ok {
		t.Fatalf("got %s", stored)
	}
	saltText, hashText, _ := strings.Cut(rest, "$")
	salt, err := base64.RawStdEncoding.DecodeString(saltText)
	if err != nil || len(salt) != 16 {
		t.Fatalf("salt of %d bytes, %v", len(salt), err)
	}
	want := argon2.IDKey([]byte(good), salt, 2, 19456, 1, 32)
	if hashText != base64.RawStdEncoding.EncodeToString(want) {
		t.Error("the hash is not argon2id's")
	}
	if ok, err := h.Verify(t.Context(), stored, good); !ok || err != nil {
		t.Errorf("the password itself: %v, %v", ok, err)
	}
	if ok, err := h.Verify(t.Context(), stored, good+" "); ok || err != nil {
		t.Errorf("another password: %v, %v", ok, err)
	}
	if again, err := h.Hash(t.Context(), good); err != nil || again == stored {
		t.Errorf("two hashes of one password are the same; %v", err)
	}
}

func TestSamePasswordFromAnotherKeyboard(t *testing.T) {
	t.Parallel()
	h := auth.NewHasher(1)
	composed, decomposed := "мой чайник \u0439", "мой чайник \u0438\u0306"
	stored, err := h.Hash(t.Context(), composed)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.Verify(t.Context(), stored, decomposed); !ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
}

func TestMalformedHashesAreRefusedUnheard(t *testing.T) {
	t.Parallel()
	h := auth.NewHasher(1)
	salt, hash := strings.Repeat("A", 22), strings.Repeat("A", 43)
	for _, stored := range []string{
		"",
		good,
		"$argon2id$v=19$m=4194304,t=2,p=1$" + salt + "$" + hash,
		"$argon2id$v=19$m=19456,t=1000000,p=1$" + salt + "$" + hash,
		"$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + hash,
		"$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + hash,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt,
		"$argon2id$v=19$m=19456,t=2,p=1$$" + hash,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$",
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + hash + "AAAA",
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + strings.Repeat("A", 42) + "B",
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + hash + "$",
	} {
		ok, err := h.Verify(t.Context(), stored, good)
		if ok || domain.KindOf(err) != domain.KindInternal {
			t.Errorf("%q: %v, %v", stored, ok, err)
		}
		if err != nil && stored != "" && strings.Contains(err.Error(), stored) {
			t.Errorf("the error tells the hash: %v", err)
		}
	}
}

func TestWhoWaitsForASlotMayGiveUp(t *testing.T) {
	t.Parallel()
	h := auth.NewHasher(2)
	stored, err := h.Hash(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	release := auth.Busy(h)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := h.Verify(ctx, stored, good)
		failed <- err
	}()
	go func() {
		_, err := h.Hash(ctx, good)
		failed <- err
	}()
	go func() { failed <- h.VerifyDummy(ctx, good) }()
	cancel()
	for range 3 {
		if err := <-failed; domain.KindOf(err) != domain.KindUnavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	release()
	if ok, err := h.Verify(t.Context(), stored, good); !ok || err != nil {
		t.Errorf("after the rush: %v, %v", ok, err)
	}
	if err := h.VerifyDummy(t.Context(), good); err != nil {
		t.Errorf("dummy: %v", err)
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for password, fine := range map[string]bool{
		good:                           true,
		"tvlqkrwz":                     true,
		"наш чайник":                   true,
		strings.Repeat("ab c", 64):     true,
		strings.Repeat("ab c", 65):     false,
		"":                             false,
		"tvlqkrw":                      false,
		"чайникч":                      false, // fourteen bytes, seven characters
		"и\u0306и\u0306и\u0306и\u0306": false, // four characters, eight code points
		"password":                     false,
		"PassWord1":                    false,
		"Qwerty2026!":                  false,
		"12345678":                     false,
		"ПАРОЛЬ123":                    false,
		"йцукенгш":                     false,
		"aaaaaaaa":                     false,
		"tvlqkrwz\xff":                 false,
	} {
		err := auth.CheckPassword(password)
		if fine && err != nil {
			t.Errorf("%q: %v", password, err)
		}
		if !fine && domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%q is taken: %v", password, err)
		}
		if err != nil && password != "" && strings.Contains(err.Error(), password) && password != "password" {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

func TestCommonPasswordsAreAsTheyAreCompared(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, word := range strings.Split(strings.TrimSuffix(auth.CommonText(), "\n"), "\n") {
		if auth.Fold(word) != word || seen[word] || len([]rune(word)) < auth.MinPassword {
			t.Errorf("%q: not folded, twice, or too short to matter", word)
		}
		seen[word] = true
	}
	if len(seen) < 10_000 {
		t.Errorf("only %d", len(seen))
	}
}
