package bot

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/bot/bottest"
)

// menuDesk is a desk whose bot keeps menus at a server where everybody but Dilya has begun with the bot.
type menuDesk struct {
	*desk
	keeper   menuKeeper
	telegram *bottest.Server
}

func newMenuDesk(t *testing.T) *menuDesk {
	t.Helper()
	telegram := bottest.Start(t)
	d := &menuDesk{desk: newDeskAt(t, telegram.URL), telegram: telegram}
	d.bot.cfg.Token = telegram.Token
	for _, id := range []int64{apptest.AzizaTelegram, apptest.JasurTelegram, apptest.MalikaTelegram, apptest.SardorTelegram, botirTelegram} {
		telegram.User(id, "A", "B", "", "uz").Known()
	}
	d.keeper = menuKeeper{bot: d.bot, refused: map[int]refusedMenu{}}
	return d
}

// keep brings the menus up to date and returns how many calls that took.
func (d *menuDesk) keep() int {
	d.t.Helper()
	calls := func() int { return len(d.telegram.Calls("setMyCommands")) + len(d.telegram.Calls("deleteMyCommands")) }
	before := calls()
	d.must(d.keeper.keep(d.System("telegram")))
	return calls() - before
}

func (d *menuDesk) menu(telegramID int64) []models.BotCommand {
	return d.telegram.Menu(fmt.Sprintf("chat:%d", telegramID), "")
}

func (d *menuDesk) has(telegramID int64, lang, name string) bool {
	want := models.BotCommand{Command: name, Description: plain(d.in(lang, "command."+name))}
	return slices.Contains(d.menu(telegramID), want)
}

func TestMenusAreThoseOfTheRole(t *testing.T) {
	t.Parallel()
	d := newMenuDesk(t)
	d.keep()
	if !d.has(botirTelegram, "uz", "invite") || d.has(apptest.JasurTelegram, "uz", "invite") || !d.has(apptest.JasurTelegram, "uz", "mute") {
		t.Errorf("the admin's: %v, the employee's: %v", d.menu(botirTelegram), d.menu(apptest.JasurTelegram))
	}
	if got := d.telegram.Menu("all_private_chats", "ru"); len(got) != 2 || got[0].Description != plain(d.in("ru", "command.start")) {
		t.Errorf("strangers': %v", got)
	}
	if d.telegram.Menu("default", "") != nil || d.telegram.Menu("all_group_chats", "") != nil {
		t.Error("groups show a menu")
	}
	if got := d.telegram.Description("short_description", "en"); got != d.in("en", "people.short_description") {
		t.Errorf("the bot is described by %q", got)
	}
}

func TestMenusAreSetOnceAndAnewWhenSomethingChanges(t *testing.T) {
	t.Parallel()
	d := newMenuDesk(t)
	d.keep()
	if n := d.keep(); n != 0 {
		t.Errorf("%d calls without a change", n)
	}
	d.press(apptest.JasurTelegram, "language:ru", 1)
	if n := d.keep(); n != 1 || !d.has(apptest.JasurTelegram, "ru", "language") {
		t.Errorf("%d calls, then %v", n, d.menu(apptest.JasurTelegram))
	}
	d.must(d.App.BlockUser(d.Operator(), apptest.Malika))
	_, err := d.App.DisconnectTelegram(d.Operator(), app.DisconnectInput{Email: apptest.Sardor})
	d.must(err)
	if n := d.keep(); n != 2 || d.menu(apptest.MalikaTelegram) != nil || d.menu(apptest.SardorTelegram) != nil {
		t.Errorf("%d calls; those who left see %v and %v", n, d.menu(apptest.MalikaTelegram), d.menu(apptest.SardorTelegram))
	}
}

func TestWhoHasNotBegunWithTheBotGetsTheMenuLater(t *testing.T) {
	t.Parallel()
	d := newMenuDesk(t)
	d.keep()
	d.telegram.User(apptest.DilyaTelegram, "Dilya", "", "", "uz").Known()
	if n := d.keep(); n != 0 {
		t.Errorf("it is tried again at once, with %d calls", n)
	}
	d.Clock.Advance(menuAgain + time.Second)
	if n := d.keep(); n != 1 || !d.has(apptest.DilyaTelegram, "uz", "mute") {
		t.Errorf("%d calls, then %v", n, d.menu(apptest.DilyaTelegram))
	}
}

func TestMenusGoOnAfterAFailure(t *testing.T) {
	t.Parallel()
	d := newMenuDesk(t)
	d.telegram.Fail(bottest.Fault{Method: "setMyDescription", Code: http.StatusBadRequest, Times: 1})
	if err := d.keeper.keep(d.System("telegram")); err == nil || !d.has(apptest.JasurTelegram, "uz", "mute") {
		t.Errorf("%v; then %v", err, d.menu(apptest.JasurTelegram))
	}
	d.keep()
	if d.telegram.Description("description", "en") != d.in("en", "people.description") {
		t.Error("what failed is not done again")
	}
}
