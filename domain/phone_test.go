package domain_test

import (
	"testing"

	"github.com/fincokpi/finco/domain"
)

func TestPhoneNumbersAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"+998 90 123-45-67":  "998901234567",
		"998901234567":       "998901234567",
		"00998901234567":     "998901234567",
		"(90) 123 45 67":     "998901234567",
		"8 90 123 45 67":     "998901234567",
		"+7 (495) 123.45.67": "74951234567",
		" +4512345678 ":      "4512345678",
		"+298123456":         "298123456",
	} {
		if got, ok := domain.ParsePhone(text); !ok || got != want {
			t.Errorf("%q is %q, %v, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "+", "12345", "+0998901234567", "call me", "1234567890123456", "9012345６7", "+998 90 123 45 67 ext 1"} {
		if got, ok := domain.ParsePhone(text); ok {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}
