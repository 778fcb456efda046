package bot

import (
	"strings"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/bot/bottest"
)

// saying waits for the text of this id.
func (w *world) saying(chat *bottest.Chat, lang, id string, pairs ...any) bottest.Said {
	w.t.Helper()
	t := &turn{bot: w.bot, person: app.TelegramPerson{Language: lang}}
	want := plain(t.text(id, pairs...))
	return chat.Until(w.t.Context(), func(s bottest.Said) bool { return plain(s.Text) == want })
}

// From stranger to person to stranger, over Telegram: by an invite that an admin makes with buttons, and by a shared contact.
func TestPeopleComeAndGoOverTelegram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nodira := w.telegram.User(555001, "Nodira", "", "", "ru")
	botir := w.telegram.User(botirTelegram, "Botir", "", "", "en")
	company := apptest.ExampleCompany()
	for i := range company.People {
		if company.People[i].Email == apptest.Botir {
			company.People[i].Phone = botir.Phone
		}
	}
	w.Apply(company)
	w.run()

	botir.Opens("")
	w.saying(botir.Chat(), "en", "people.stranger")
	botir.SharesContactOf(botir.Chat(), nodira)
	w.saying(botir.Chat(), "en", "people.contact_of_other")
	botir.SharesContact(botir.Chat())
	w.saying(botir.Chat(), "en", "people.connected")
	w.saying(botir.Chat(), "en", "people.home", "Name", "Botir Saidov")

	w.telegram.Answered(t.Context(), botir.PressesData(botir.Chat(), "do:invite"))
	w.saying(botir.Chat(), "en", "invite.ask", "Count", 1)
	w.telegram.Answered(t.Context(), botir.PressesData(botir.Chat(), "invite:"))
	forward := botir.Chat().Until(t.Context(), func(s bottest.Said) bool { return strings.Contains(s.Text, "?start=") })
	_, token, _ := strings.Cut(forward.Text, "?start=")
	token, _, _ = strings.Cut(token, "\n")

	nodira.Opens(token)
	w.saying(nodira.Chat(), "ru", "people.connected")
	w.saying(nodira.Chat(), "ru", "people.home", "Name", "Nodira Rahimova")
	w.until("they have their menu", func() bool { return len(w.telegram.Menu("chat:555001", "")) > 2 })

	if err := w.App.BlockUser(w.Operator(), apptest.Nodira); err != nil {
		t.Fatal(err)
	}
	if toast := w.telegram.Answered(t.Context(), nodira.PressesData(nodira.Chat(), "do:language")); toast.Text == "" {
		t.Error("whoever was blocked is not told")
	}
	w.until("their menu is gone", func() bool { return w.telegram.Menu("chat:555001", "") == nil })
}
