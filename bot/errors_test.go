package bot

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

// failing is a turn in which a handler said something and asked something before it failed.
func failing(d *desk, u *models.Update) *turn {
	t := &turn{bot: d.bot, update: u, row: 1, chat: 5, person: app.TelegramPerson{TelegramID: 5, Language: "en"}}
	t.say("half of it", nil)
	t.forget()
	return t
}

func TestFailuresAreSaidInThePersonsWords(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for kind, id := range kindTexts {
		turn := failing(d, &models.Update{Message: &models.Message{}})
		if err := turn.excuse(domain.Errorf(kind, "an English sentence")); err != nil {
			t.Errorf("%s comes back: %v", kind, err)
		}
		if len(turn.out) != 1 || !strings.Contains(string(turn.out[0].Params), asText(d.in("en", id))) || turn.next != nil {
			t.Errorf("%s: %+v, next %v", kind, turn.out, turn.next)
		}
	}
	for _, kind := range []domain.Kind{domain.KindUnavailable, domain.KindInternal} {
		turn := failing(d, &models.Update{Message: &models.Message{}})
		if err := turn.excuse(domain.Errorf(kind, "away")); domain.KindOf(err) != kind {
			t.Errorf("%s is swallowed", kind)
		}
	}
	if err := failing(d, &models.Update{Message: &models.Message{}}).excuse(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Error("the end of the process is taken for the person's fault")
	}
}

func TestFailuresOfAPressAreToastsUnlessTheyAreLong(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	press := &models.Update{CallbackQuery: &models.CallbackQuery{}}
	turn := failing(d, press)
	if err := turn.excuse(told{"<b>No</b> &amp; no"}); err != nil || turn.toast != "No & no" || len(turn.out) != 0 {
		t.Errorf("%v, %q, %+v", err, turn.toast, turn.out)
	}
	turn = failing(d, press)
	if err := turn.excuse(told{strings.Repeat("я", toastLength+1)}); err != nil || turn.toast != "" || len(turn.out) != 1 {
		t.Errorf("%v, %q, %+v", err, turn.toast, turn.out)
	}
}

func TestAWrongAnswerLeavesTheQuestionOpen(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(apptest.JasurTelegram, "/mute")
	if s := d.expect(d.write(apptest.JasurTelegram, "late"), d.in("uz", "mute.wrong")); !hasButton(s, "cancel") {
		t.Errorf("%+v", s.Buttons)
	}
	if d.dialog(apptest.JasurTelegram) != "mute" {
		t.Error("nothing is asked any more")
	}
}

// What could not be done in several tries is said once, in the person's language, and never in a group.
func TestApologies(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	sender := user(apptest.JasurTelegram)
	private := models.Chat{ID: sender.ID, Type: models.ChatTypePrivate}
	row, u := d.store(&models.Update{Message: &models.Message{ID: 1, Date: 1, From: &sender, Chat: private, Text: "/today"}})
	for range 2 {
		d.must(d.bot.apologize(context.Background(), row, u))
	}
	d.expect(d.since(0), d.in("uz", "error.internal"))
	row, u = d.store(&models.Update{Message: &models.Message{ID: 1, Date: 1, From: &sender, Chat: models.Chat{ID: -1001, Type: models.ChatTypeSupergroup}, Text: "/today"}})
	d.must(d.bot.apologize(context.Background(), row, u))
	one(t, d.since(0))
}
