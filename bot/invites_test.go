package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
)

// link is an invite's payload, as the admin gets it from the bot.
func (d *desk) link(email string) string {
	d.t.Helper()
	got := d.press(botirTelegram, press("invite", d.ID(email)), 7)
	if len(got) != 2 {
		d.t.Fatalf("the admin is told %+v", got)
	}
	_, after, ok := strings.Cut(got[1].Text, "https://t.me/finco_demo_bot?start=")
	if !ok {
		d.t.Fatalf("there is no link in %q", got[1].Text)
	}
	token, _, _ := strings.Cut(after, "\n")
	return token
}

func TestAnAdminInvitesByButtons(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ask := d.expect(d.write(botirTelegram, "/invite"), d.in("uz", "invite.ask", "Count", 1))
	if len(ask.Buttons) != 2 || ask.Buttons[0].Text != "Nodira Rahimova" {
		t.Fatalf("%+v", ask.Buttons)
	}
	first := d.link(apptest.Nodira)
	token := d.link(apptest.Nodira) // pressed twice: the last link counts
	d.expect(d.write(strangerTelegram, "/start "+first), d.in("en", "people.invite_wrong"))
	got := d.write(strangerTelegram, "/start "+token)
	if len(got) != 3 || got[0].Text != d.in("en", "people.connected") || got[1].Text != d.in("en", "people.home", "Name", "Nodira Rahimova") {
		t.Fatalf("%+v", got)
	}
	// Whoever made the link reads which account took it, and is told once.
	told := got[2]
	if told.Chat != botirTelegram || told.UserID != d.ID(apptest.Botir) || told.Text != d.in("uz", "people.joined", "Name", "Nodira Rahimova", "Account", user(strangerTelegram).FirstName) {
		t.Errorf("the admin is told %+v", told)
	}
	one(t, d.press(botirTelegram, told.Buttons[0].Data, 7))
	if again := d.write(strangerTelegram, "/start "+token); len(again) != 2 {
		t.Errorf("again: %+v", again)
	}
	if !strings.Contains(asText(got[0].Params), `"remove_keyboard":true`) {
		t.Errorf("the keyboard that shares a contact stays: %v", got[0].Params)
	}
	d.expect(d.write(otherTelegram, "/start "+token), d.in("en", "people.invite_wrong"))
	d.expect(d.write(botirTelegram, "/invite"), d.in("uz", "invite.nobody"))
	d.expect(d.write(apptest.JasurTelegram, "/invite"), d.in("uz", "error.denied"))
	if d.press(apptest.JasurTelegram, press("invite", d.ID(apptest.Nodira)), 7); d.toast != d.in("uz", "error.denied") {
		t.Errorf("the toast is %q", d.toast)
	}
}

func TestALinkOpenedByWhoIsConnectedIsNotSpent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	token := d.link(apptest.Nodira)
	d.expect(d.write(botirTelegram, "/start "+token), d.in("uz", "people.telegram_taken"))
	d.expect(d.write(botirTelegram, "/start old-link"), d.in("uz", "people.home", "Name", "Botir Saidov"))
	if got := d.write(strangerTelegram, "/start "+token); len(got) != 3 {
		t.Errorf("%+v", got)
	}
}

// The process may die between connecting and answering: then the update is handled again, by somebody who is connected already.
func TestAnAcceptedInviteIsWelcomedWhenHandledAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	token := d.link(apptest.Nodira)
	d.must(d.App.AcceptInvite(d.System("telegram"), app.AcceptInviteInput{Token: token, TelegramID: strangerTelegram, Language: "en"}))
	if got := d.write(strangerTelegram, "/start "+token); len(got) != 3 || got[0].Text != d.in("en", "people.connected") {
		t.Errorf("%+v", got)
	}
}

func TestManyPeopleToInviteArePaged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, name := range strings.Fields("a b c d e f g h i j k") {
		_, err := d.App.AddUser(d.Operator(), app.AddUserInput{Email: name + "@demo.example", Role: "employee"})
		d.must(err)
	}
	first := one(t, d.write(botirTelegram, "/invite"))
	if n := len(first.Buttons); n != inviteesAtOnce+2 || !hasButton(first, "invites:1") {
		t.Errorf("%+v", first.Buttons)
	}
	second := one(t, d.press(botirTelegram, "invites:1", 7))
	if second.Method != "editMessageText" || len(second.Buttons) != 12-inviteesAtOnce+2 || !hasButton(second, "invites:0") {
		t.Errorf("%+v", second)
	}
	if beyond := one(t, d.press(botirTelegram, "invites:99", 7)); beyond.Text != second.Text || len(beyond.Buttons) != len(second.Buttons) {
		t.Errorf("%+v", beyond)
	}
}

func TestGuessingInvitesIsSlowedDown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range 5 {
		d.expect(d.write(strangerTelegram, "/start guess"), d.in("en", "people.invite_wrong"))
	}
	d.expect(d.write(strangerTelegram, "/start guess"), d.in("en", "people.too_many_tries"))
}

func TestAContactConnectsItsOwnerOnly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	company := apptest.ExampleCompany()
	for i := range company.People {
		switch company.People[i].Email {
		case apptest.Nodira:
			company.People[i].Phone = "998901234567"
		case apptest.Botir:
			company.People[i].TelegramID = botirTelegram
		}
	}
	d.Apply(company)
	share := func(owner int64, phone string) []said {
		return d.send(strangerTelegram, func(m *models.Message) {
			m.Contact = &models.Contact{PhoneNumber: phone, FirstName: "N", UserID: owner}
		})
	}
	d.expect(share(otherTelegram, "998901234567"), d.in("en", "people.contact_of_other"))
	d.expect(share(0, "998901234567"), d.in("en", "people.contact_of_other"))
	d.expect(share(strangerTelegram, "998909999999"), d.in("en", "people.phone_unknown"))
	if got := share(strangerTelegram, "+998901234567"); len(got) != 2 || got[0].Text != d.in("en", "people.connected") {
		t.Errorf("%+v", got)
	}
	if p, err := d.App.PersonByTelegram(d.System("telegram"), strangerTelegram); err != nil || p.Email != apptest.Nodira {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestWhoIsBlockedBetweenTwoPressesIsAStrangerAtTheSecond(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.write(apptest.MalikaTelegram, "/mute")
	one(t, d.press(apptest.MalikaTelegram, "do:language", 7))
	d.must(d.App.BlockUser(d.Operator(), apptest.Malika))
	if got := d.press(apptest.MalikaTelegram, "language:ru", 7); len(got) != 0 || d.toast != d.in("en", "people.access_ended") {
		t.Errorf("%+v, toast %q", got, d.toast)
	}
	d.expect(d.write(apptest.MalikaTelegram, "22-8"), d.in("en", "people.access_ended"))
	d.expect(d.write(apptest.MalikaTelegram, "/mute"), d.in("en", "people.access_ended"))
	d.expect(d.write(apptest.MalikaTelegram, "/start"), d.in("en", "people.access_ended"))
	var queued int
	d.One(`SELECT count(*) FROM outgoings WHERE user_id = $1 AND state = 'QUEUED'`, []any{userOf(d, apptest.Malika)}, &queued)
	if queued != 0 {
		t.Errorf("%d are still to be sent to them", queued)
	}
	d.must(d.App.UnblockUser(d.Operator(), apptest.Malika))
	d.expect(d.write(apptest.MalikaTelegram, "/start"), d.in("uz", "people.home", "Name", "Malika Yusupova"))
}

// userOf is the id of a person, active or not.
func userOf(d *desk, email string) (id int) {
	d.t.Helper()
	d.One(`SELECT user_id FROM employments WHERE email = $1`, []any{email}, &id)
	return id
}

func TestWritingToTheBotProvesThatItCanWriteBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	since := func() (at *time.Time) {
		d.One(`SELECT unreachable_at FROM employments WHERE telegram_id = $1`, []any{apptest.JasurTelegram}, &at)
		return at
	}
	_, err := d.DB.Exec(`UPDATE employments SET unreachable_at = now() WHERE telegram_id = $1`, apptest.JasurTelegram)
	d.must(err)
	d.send(apptest.JasurTelegram, func(m *models.Message) { // a command in a group proves nothing
		m.Chat, m.Text = models.Chat{ID: -1001, Type: models.ChatTypeSupergroup}, "/help"
	})
	if since() == nil {
		t.Error("a group is taken for their own chat")
	}
	d.write(apptest.JasurTelegram, "/help")
	if since() != nil {
		t.Error("they still count as unreachable")
	}
}
