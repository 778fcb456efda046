package auth

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/cases"

	"github.com/fincokpi/finco/domain"
)

const (
	// MinPassword is the fewest characters of a password.
	MinPassword = 8
	// MaxPassword is the most characters of a password.
	MaxPassword = 256
)

// commonText lists what is guessed first, one a line, folded and in normal form: frequent words and names with their usual endings,
// rows of keyboards, runs and repetitions.
//
//go:embed common_passwords.txt
var commonText string

var common = sync.OnceValue(func() map[string]struct{} {
	set := make(map[string]struct{})
	for line := range strings.Lines(commonText) {
		set[strings.TrimSuffix(line, "\n")] = struct{}{}
	}
	return set
})

// CheckPassword refuses, as invalid, a new password that is too short, too long, not text, or among those guessed first.
// There are no rules of composition (NIST SP 800-63B section 3.1.1.2): they make passwords worse.
func CheckPassword(password string) error {
	if !utf8.ValidString(password) {
		return domain.Errorf(domain.KindInvalid, "the password is not text")
	}
	normal := normalize(password)
	switch n := utf8.RuneCountInString(normal); {
	case n < MinPassword:
		return domain.Errorf(domain.KindInvalid, "a password needs at least %d characters; this one has %d", MinPassword, n)
	case n > MaxPassword:
		return domain.Errorf(domain.KindInvalid, "a password may have at most %d characters; this one has %d", MaxPassword, n)
	}
	if _, ok := common()[fold(normal)]; ok {
		return domain.Errorf(domain.KindInvalid, "the password is one of those that are guessed first; choose another")
	}
	return nil
}

func fold(word string) string { return normalize(cases.Fold().String(word)) }
