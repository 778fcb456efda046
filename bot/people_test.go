package bot

import (
	"strings"
	"testing"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
)

const (
	strangerTelegram int64 = 555001
	otherTelegram    int64 = 555002
)

// in is a text of the bot's in a language.
func (d *desk) in(lang, id string, pairs ...any) string {
	t := &turn{bot: d.bot, person: app.TelegramPerson{Language: lang}}
	return t.text(id, pairs...)
}

func (d *desk) expect(got []said, want string) said {
	d.t.Helper()
	s := one(d.t, got)
	if s.Text != want {
		d.t.Fatalf("the bot says %q, want %q", s.Text, want)
	}
	return s
}

func TestStartShowsAPersonTheMainButtonsOfTheirRole(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.expect(d.write(botirTelegram, "/start"), d.in("uz", "people.home", "Name", "Botir Saidov"))
	if !hasButton(admin, "do:invite") || !hasButton(admin, "do:language") {
		t.Errorf("the admin's buttons are %+v", admin.Buttons)
	}
	employee := d.expect(d.write(apptest.JasurTelegram, "/start"), d.in("uz", "people.home", "Name", "Jasur Toshev"))
	if hasButton(employee, "do:invite") {
		t.Errorf("an employee's buttons are %+v", employee.Buttons)
	}
	if admin.Chat != botirTelegram || admin.UserID != d.ID(apptest.Botir) {
		t.Errorf("the answer goes to %d for %d", admin.Chat, admin.UserID)
	}
}

func hasButton(s said, data string) bool {
	for _, b := range s.Buttons {
		if b.Data == data {
			return true
		}
	}
	return false
}

func TestAStrangerIsToldHowToBeConnected(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	s := d.expect(d.write(strangerTelegram, "/start"), d.in("en", "people.stranger"))
	keyboard, _ := s.Params["reply_markup"].(map[string]any)
	if keyboard["keyboard"] == nil || !strings.Contains(asText(keyboard), `"request_contact":true`) {
		t.Errorf("the keyboard is %v", keyboard)
	}
	d.expect(d.write(strangerTelegram, "/weather"), d.in("en", "unknown_command"))
	d.expect(d.write(strangerTelegram, "/kpi"), d.in("en", "people.stranger"))
	d.expect(d.write(strangerTelegram, "Do you have it in red?"), d.in("en", "people.hint"))
	if again := d.write(strangerTelegram, "Hello?"); len(again) != 0 {
		t.Errorf("a customer's second words are answered: %+v", again)
	}
	if d.press(strangerTelegram, "do:language", 5); d.toast != d.in("en", "error.stranger") {
		t.Errorf("the toast is %q", d.toast)
	}
}

func TestAnUpdateThatIsHandledAgainSaysNothingTwice(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	sender := user(apptest.JasurTelegram)
	row, u := d.store(&models.Update{Message: &models.Message{
		ID: 1, From: &sender, Date: 1, Chat: models.Chat{ID: sender.ID, Type: models.ChatTypePrivate}, Text: "/help",
	}})
	one(t, d.handle(row, u))
	if again := d.handle(row, u); len(again) != 0 {
		t.Errorf("it is said again: %+v", again)
	}
}

func TestGroupCommandsAreAnsweredInPrivateAndOnlyToPeople(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	group := func(text string) func(*models.Message) {
		return func(m *models.Message) {
			m.Chat = models.Chat{ID: -1001, Type: models.ChatTypeSupergroup}
			m.Text = text
		}
	}
	if s := one(t, d.send(apptest.JasurTelegram, group("/help@finco_demo_bot"))); s.Chat != apptest.JasurTelegram {
		t.Errorf("the answer goes to %d", s.Chat)
	}
	for text, who := range map[string]int64{
		"/help": strangerTelegram, "/help@other_bot": apptest.JasurTelegram, "/weather": apptest.JasurTelegram, "words": apptest.JasurTelegram,
	} {
		if got := d.send(who, group(text)); len(got) != 0 {
			t.Errorf("%q of %d is answered: %+v", text, who, got)
		}
	}
}

func TestCancelEndsAnyDialog(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"/cancel", "bekor qilish", "press"} {
		d := newDesk(t)
		d.write(apptest.JasurTelegram, "/mute")
		if d.dialog(apptest.JasurTelegram) != "mute" {
			t.Fatal("nothing is asked")
		}
		var got []said
		if how == "press" {
			got = d.press(apptest.JasurTelegram, "cancel", 9)
		} else {
			got = d.write(apptest.JasurTelegram, how)
		}
		d.expect(got, d.in("uz", "cancelled"))
		if d.dialog(apptest.JasurTelegram) != "" {
			t.Errorf("%s: the dialog goes on", how)
		}
		d.expect(d.write(apptest.JasurTelegram, "22-8"), d.in("uz", "unknown_words"))
	}
}

// dialog is the step that somebody's next message is for.
func (d *desk) dialog(telegramID int64) string {
	d.t.Helper()
	got, err := d.App.DialogOf(d.System("telegram"), telegramID)
	d.must(err)
	return got.Name
}

func TestWhatTelegramSaysInAPrivateChatIsNotAnswered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	got := d.send(apptest.JasurTelegram, func(m *models.Message) { m.WriteAccessAllowed = &models.WriteAccessAllowed{FromRequest: true} })
	if len(got) != 0 {
		t.Errorf("%+v", got)
	}
	d.expect(d.send(apptest.JasurTelegram, func(m *models.Message) { m.Location = &models.Location{Latitude: 41.3, Longitude: 69.2} }), d.in("uz", "unknown_words"))
}

func TestAnotherCommandEndsADialog(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(apptest.JasurTelegram, "/mute")
	d.write(apptest.JasurTelegram, "/help")
	if name := d.dialog(apptest.JasurTelegram); name != "" {
		t.Errorf("the dialog %s goes on", name)
	}
}

func TestAPressOnAButtonThatIsOldIsAnsweredByAToast(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, data := range []string{"gone:1", "mute:7", "language:fr", "invites:x", "do", "invite:", ""} {
		if got := d.press(botirTelegram, data, 3); len(got) != 0 || d.toast != d.in("uz", "error.old_button") {
			t.Errorf("%q: %+v, toast %q", data, got, d.toast)
		}
	}
	// A message that is too old to be changed is answered by a new one.
	got := d.take(&models.Update{CallbackQuery: &models.CallbackQuery{
		ID: "1", From: user(apptest.JasurTelegram), Data: "do:help", ChatInstance: "1",
		Message: models.MaybeInaccessibleMessage{
			Type:                models.MaybeInaccessibleMessageTypeInaccessibleMessage,
			InaccessibleMessage: &models.InaccessibleMessage{MessageID: 3, Chat: models.Chat{ID: apptest.JasurTelegram, Type: models.ChatTypePrivate}},
		},
	}})
	if s := one(t, got); s.Method != "sendMessage" {
		t.Errorf("it is answered by %s", s.Method)
	}
	// One in somebody else's private chat is nobody's to press.
	got = d.take(&models.Update{CallbackQuery: &models.CallbackQuery{
		ID: "2", From: user(apptest.JasurTelegram), Data: "do:help", ChatInstance: "1",
		Message: models.MaybeInaccessibleMessage{Message: &models.Message{ID: 3, Date: 1, Chat: models.Chat{ID: botirTelegram, Type: models.ChatTypePrivate}}},
	}})
	if len(got) != 0 || d.toast != d.in("uz", "error.old_button") {
		t.Errorf("%+v, toast %q", got, d.toast)
	}
}

func TestWhatCannotBecomeATextIsAnsweredByANewMessage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for name, pressed := range map[string]models.Message{
		"a picture": {ID: 3, Date: 1, Chat: models.Chat{ID: botirTelegram, Type: models.ChatTypePrivate}, Caption: "KPI"},
		"a group's": {ID: 3, Date: 1, Chat: models.Chat{ID: -100500, Type: models.ChatTypeSupergroup}, Text: "who waits"},
	} {
		got := one(t, d.take(&models.Update{CallbackQuery: &models.CallbackQuery{
			ID: "q " + name, From: user(botirTelegram), Data: "home", ChatInstance: "1", Message: models.MaybeInaccessibleMessage{Message: &pressed},
		}}))
		if got.Method != "sendMessage" || got.Chat != botirTelegram {
			t.Errorf("a button below %s is answered by %s to %d", name, got.Method, got.Chat)
		}
	}
}

func TestLanguageIsChosenByOnePress(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.expect(d.write(apptest.JasurTelegram, "/language"), d.in("uz", "language.ask"))
	for range 2 { // twice is once
		s := d.expect(d.press(apptest.JasurTelegram, "language:ru", 7), d.in("ru", "language.set"))
		if s.Method != "editMessageText" || s.Params["message_id"] != 7.0 {
			t.Errorf("it is shown by %s %v", s.Method, s.Params)
		}
	}
	d.expect(d.write(apptest.JasurTelegram, "/start"), d.in("ru", "people.home", "Name", "Jasur Toshev"))
}

func TestQuietHoursAreChosenTypedAndTurnedOff(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(apptest.JasurTelegram, "/mute")
	d.expect(d.write(apptest.JasurTelegram, "at night"), d.in("uz", "mute.wrong"))
	d.expect(d.write(apptest.JasurTelegram, "22.30 - 7"), d.in("uz", "mute.set", "Hours", "22:30–07:00"))
	d.expect(d.write(apptest.JasurTelegram, "/mute"), d.in("uz", "mute.ask", "Hours", "22:30–07:00"))
	d.expect(d.press(apptest.JasurTelegram, "mute:2000-0900", 7), d.in("uz", "mute.set", "Hours", "20:00–09:00"))
	d.expect(d.press(apptest.JasurTelegram, "mute:off", 7), d.in("uz", "mute.unset"))
	d.expect(d.write(apptest.JasurTelegram, "/mute 23-6"), d.in("uz", "mute.set", "Hours", "23:00–06:00"))
}

func TestHelpSendsNobodyToThemselves(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if got := one(t, d.write(apptest.JasurTelegram, "/help")); !strings.Contains(got.Text, "administratorga yozing: Botir Saidov.") {
		t.Errorf("an employee reads\n%s", got.Text)
	}
	if got := one(t, d.write(botirTelegram, "/help")); strings.Contains(got.Text, "Botir") || !strings.HasSuffix(got.Text, "/cancel bilan bekor qilish mumkin.") {
		t.Errorf("the only admin reads\n%s", got.Text)
	}
}
