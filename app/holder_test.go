package app_test

import (
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
)

// fromAccount is a message in a private chat of an account with the customer 9001.
func fromAccount(w *apptest.World, account, sender int64, at, text string) app.MessageInput {
	m := w.Message(9001, sender, apptest.At(at), text)
	m.Chat = app.ChatInput{Mailbox: "account", TelegramID: 9001, Kind: "PRIVATE", Title: "Olim", Holder: account}
	return m
}

// ownerOf is whose the newest wait is: the assignee's address, empty for nobody's, and the team.
func ownerOf(w *apptest.World) (out string) {
	w.One(`SELECT COALESCE(e.email, '') || ' ' || t.name FROM waits w LEFT JOIN employments e ON e.user_id = w.assignee_id JOIN teams t ON t.id = w.team_id
ORDER BY w.opened_at DESC LIMIT 1`, nil, &out)
	return out
}

// Only its holder can answer in a chat of somebody's own account: it is theirs from the first message on, in lists and notices.
func TestAChatOfAnAccountIsItsHoldersFromTheFirstMessage(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Clock.Set(apptest.At("2026-09-15 12:00"))
	w.Record(fromAccount(w, apptest.DilyaTelegram, 9001, "2026-09-15 11:55", "Salom, bormi?"))
	was := ownerOf(w)
	if want := apptest.Dilya + " Sales"; was != want {
		t.Fatalf("the wait is of %s, want %s", was, want)
	}
	for email, want := range map[string]int{apptest.Dilya: 1, apptest.Jasur: 0} {
		if n, err := w.App.Client().Wait.Query().Count(w.As(email)); err != nil || n != want {
			t.Errorf("%s sees %d waits, want %d, %v", email, n, want, err)
		}
	}
	w.Clock.Set(apptest.At("2026-09-15 12:50"))
	w.Record(fromAccount(w, apptest.DilyaTelegram, 9001, "2026-09-15 11:56", "Narxi qancha?"))
	if got := told(t, w); len(got) == 0 || got[len(got)-1] != "past 100005" {
		t.Errorf("told %v", got)
	}
	w.Record(fromAccount(w, apptest.DilyaTelegram, apptest.DilyaTelegram, "2026-09-15 12:40", "Bor"))
	if got := ownerOf(w); got != was {
		t.Errorf("answered, it is of %s", got)
	}
}

// What was assigned stays, until whom it was assigned to has left; an import assigns nothing.
func TestAHolderDoesNotTakeWhatWasAssigned(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Import(fromAccount(w, 0, 9001, "2026-09-14 10:00", "Bormi?"))
	if got := ownerOf(w); got != " Support" {
		t.Errorf("imported, it is of %q", got)
	}
	company := apptest.ExampleCompany()
	company.Chats = []app.ChatOwnerInput{{Mailbox: "account", TelegramID: 9001, Assignee: apptest.Jasur}}
	w.Apply(company)
	w.Record(fromAccount(w, apptest.DilyaTelegram, 9001, "2026-09-15 11:00", "Salom"))
	if got := ownerOf(w); got != apptest.Jasur+" Support" {
		t.Errorf("it is of %s", got)
	}
	if _, err := w.DB.Exec(`UPDATE employments SET status = 'LEFT' WHERE email = $1`, apptest.Jasur); err != nil {
		t.Fatal(err)
	}
	w.Record(fromAccount(w, apptest.DilyaTelegram, apptest.DilyaTelegram, "2026-09-15 11:10", "Salom!"),
		fromAccount(w, apptest.DilyaTelegram, 9001, "2026-09-15 11:20", "Bormi?"))
	if got := ownerOf(w); got != apptest.Dilya+" Sales" {
		t.Errorf("after Jasur left, it is of %s", got)
	}
}
