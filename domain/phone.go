package domain

import "strings"

// An international number has at most 15 digits (E.164), and none that is in use has fewer than 8.
const minPhone, maxPhone = 8, 15

// ParsePhone reads a phone number as people write it and returns the digits of the international number, without the +. A number
// without a country (90 123 45 67, 8 90 123 45 67) is one of Uzbekistan. It is false for what is no phone number.
func ParsePhone(text string) (digits string, ok bool) {
	text = strings.TrimSpace(text)
	international := strings.HasPrefix(text, "+") || strings.HasPrefix(text, "00")
	text = strings.TrimPrefix(text, "+")
	text = strings.TrimPrefix(text, "00")
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case !strings.ContainsRune(" -().\u00a0", r):
			return "", false
		}
	}
	digits = b.String()
	switch {
	case international:
	case len(digits) == 9:
		digits = "998" + digits
	case len(digits) == 10 && digits[0] == '8': // the trunk prefix of old
		digits = "998" + digits[1:]
	}
	if len(digits) < minPhone || len(digits) > maxPhone || digits[0] == '0' {
		return "", false
	}
	return digits, true
}
