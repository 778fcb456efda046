package app_test

import (
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

func TestTheNewestStateOfAConnectionIsKept(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	ctx := w.System("telegram")
	if _, err := w.App.Connection(ctx, "c1"); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("before: %v", err)
	}
	c := app.BusinessConnection{ID: "c1", TelegramID: apptest.JasurTelegram, Enabled: true, At: apptest.At("2026-09-15 10:00")}
	off, foreign := c, c
	off.Enabled, off.At = false, c.At.Add(time.Hour)
	foreign.TelegramID, foreign.At = buyer, c.At.Add(2*time.Hour)
	for _, in := range []app.BusinessConnection{c, off, c, foreign} {
		if err := w.App.PutConnection(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.App.Connection(ctx, "c1")
	if err != nil || got.TelegramID != apptest.JasurTelegram || got.Enabled || !got.At.Equal(off.At) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := w.App.PutConnection(ctx, app.BusinessConnection{ID: "c2", At: c.At}); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("of no account: %v", err)
	}
}

func TestStandingOfAnAccount(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	company := apptest.ExampleCompany()
	company.People[1].Left = apptest.Day("2026-09-10")
	w.Apply(company)
	for _, c := range []struct {
		id          int64
		at          string
		works, ours bool
	}{
		{apptest.AzizaTelegram, "2026-09-15 10:00", true, true},
		{apptest.AzizaTelegram, "2026-01-01 10:00", false, true},
		{apptest.JasurTelegram, "2026-09-10 23:59", true, true},
		{apptest.JasurTelegram, "2026-09-11 00:00", false, false},
		{buyer, "2026-09-15 10:00", false, false},
	} {
		works, ours, err := w.App.Standing(w.System("telegram"), c.id, apptest.At(c.at))
		if err != nil || works != c.works || ours != c.ours {
			t.Errorf("%d at %s: %v %v %v", c.id, c.at, works, ours, err)
		}
	}
}

func TestAChatIsKnownBeforeItsFirstMessage(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	chat := app.ChatInput{TelegramID: -1002000000001, Kind: "SUPERGROUP", Title: "Buyers"}
	for _, title := range []string{"Buyers", "", "Best buyers"} {
		chat.Title = title
		if err := w.App.KnowChat(w.System("telegram"), chat); err != nil {
			t.Fatal(err)
		}
	}
	var title, team string
	w.One(`SELECT c.title, t.name FROM chats c JOIN teams t ON t.id = c.team_id`, nil, &title, &team)
	if title != "Best buyers" || team != "Support" {
		t.Errorf("%s of %s", title, team)
	}
}

// An edit of a message from before anybody listened there opens nothing: nobody knows whether it was answered.
func TestAnEditFromBeforeTheChatWasReadIsNotRecorded(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	m := w.Message(-1002000000001, buyer, apptest.At("2026-09-15 10:00"), "Salom")
	at := m.SentAt.Add(time.Hour)
	m.TelegramID, m.Edit, m.EditedAt = 50, true, &at
	if got := w.Import(m); got.New != 0 {
		t.Errorf("in a chat not known: %+v", got)
	}
	first := w.Message(-1002000000001, apptest.JasurTelegram, apptest.At("2026-09-15 11:00"), "Hi")
	first.TelegramID = 60
	w.Record(first)
	if got := w.Import(m); got.New != 0 {
		t.Errorf("older than all that is known: %+v", got)
	}
	m.TelegramID = 61
	if got := w.Import(m); got.New != 1 {
		t.Errorf("younger: %+v", got)
	}
}
