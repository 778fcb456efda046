package bot

import (
	"errors"
	"html"
	"regexp"

	"github.com/fincokpi/finco/domain"
)

// told is an error that is said to the person as it is.
type told struct{ html string }

// Error is for the log, which holds no words.
func (told) Error() string { return "refused" }

// refuse is an error that the person is told in their language; pairs are name, value, name, value.
func (t *turn) refuse(id string, pairs ...any) error { return told{html: t.text(id, pairs...)} }

// kindTexts are what is said of failures that nobody says better. The messages of failures are English and are not shown.
var kindTexts = map[domain.Kind]string{
	domain.KindInvalid:         "error.invalid",
	domain.KindNotFound:        "error.not_found",
	domain.KindConflict:        "error.conflict",
	domain.KindDenied:          "error.denied",
	domain.KindUnauthenticated: "error.denied",
}

// excuse answers with why a handler failed, in place of all that it would have said. What may work when tried again (unavailable), and
// our own faults (internal), are returned.
func (t *turn) excuse(err error) error {
	said, ok := t.reason(err)
	if !ok {
		return err
	}
	t.out, t.next = nil, nil
	if t.update.CallbackQuery != nil {
		t.toast = plain(said)
		if len([]rune(t.toast)) <= toastLength {
			return nil
		}
		t.toast = ""
	}
	var below rows
	if t.dialog.Name != "" {
		below = rows{t.cancelRow()} // they may answer again
	}
	t.say(said, below)
	return nil
}

func (t *turn) reason(err error) (said string, ok bool) {
	var refused told
	if errors.As(err, &refused) {
		return refused.html, true
	}
	id, ok := kindTexts[domain.KindOf(err)]
	if !ok {
		return "", false
	}
	return t.text(id), true
}

// toastLength is how many characters Telegram shows for an instant.
const toastLength = 200

var tags = regexp.MustCompile(`<[^>]*>`)

// plain is a text without HTML, as a toast takes it.
func plain(text string) string { return html.UnescapeString(tags.ReplaceAllString(text, "")) }
