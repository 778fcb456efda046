package app_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

// told puts what is due into the outbox, as the bot does, and says whom it told what: "near aziza 100001".
func told(t *testing.T, w *apptest.World) []string {
	t.Helper()
	bot := w.System("telegram")
	due, err := w.App.DueNotices(bot)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, n := range due {
		method := "sendMessage"
		if n.Message != 0 {
			method = "editMessageText"
		}
		_, err := w.App.Send(bot, app.OutgoingInput{
			Key: n.Key, Chat: n.TelegramID, UserID: n.UserID, Priority: app.PriorityNotice, Method: method, Params: []byte(`{"text":"x"}`), ExpiresAt: n.ExpiresAt,
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(n.Kind, " ", n.TelegramID))
	}
	slices.Sort(out)
	return out
}

// arrive has everything in the outbox sent.
func arrive(t *testing.T, w *apptest.World) {
	t.Helper()
	if _, err := w.DB.Exec(`UPDATE outgoings SET state = 'SENT', telegram_id = id + 500, ended_at = $1 WHERE state = 'QUEUED'`, w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
}

func expectTold(t *testing.T, w *apptest.World, when string, want ...string) {
	t.Helper()
	if got := told(t, w); !slices.Equal(got, want) {
		t.Errorf("%s: told %v, want %v", when, got, want)
	}
}

// waitIn has a customer of Jasur's ask in a chat of Support's, whose target is 15 minutes.
func waitIn(w *apptest.World, chat int64, at string) {
	w.Say(chat, apptest.JasurTelegram, apptest.At("2026-09-15 09:30"), "Salom")
	w.Say(chat, 5, apptest.At(at), "Narxi qancha?")
}

func waitOf(w *apptest.World, chat int64) (id int) {
	w.One(`SELECT w.id FROM waits w JOIN chats c ON c.id = w.chat_id WHERE c.telegram_id = $1 ORDER BY w.opened_at DESC LIMIT 1`, []any{chat}, &id)
	return id
}

func TestWaitsAreToldNearAndPastTheTarget(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Clock.Set(apptest.At("2026-09-15 12:00"))
	waitIn(w, -1, "2026-09-15 11:55")
	expectTold(t, w, "after 5 minutes")
	w.Clock.Set(apptest.At("2026-09-15 12:05"))
	expectTold(t, w, "a third left", "near 100001", "near 100002")
	expectTold(t, w, "again")
	w.Clock.Set(apptest.At("2026-09-15 12:10:01"))
	expectTold(t, w, "past", "past 100001", "past 100002")
	expectTold(t, w, "past again")
	arrive(t, w)
	w.Clock.Set(apptest.At("2026-09-15 12:15"))
	if _, err := w.App.TakeWait(w.As(apptest.Aziza), app.TakeWaitInput{WaitID: waitOf(w, -1)}); err != nil {
		t.Fatal(err)
	}
	expectTold(t, w, "taken", "taken 100001", "taken 100001", "taken 100002", "taken 100002")
	w.Say(-1, apptest.AzizaTelegram, apptest.At("2026-09-15 12:16"), "45 ming")
	w.Clock.Set(apptest.At("2026-09-15 12:16"))
	arrive(t, w)
	expectTold(t, w, "answered", "answered 100001", "answered 100001", "answered 100002", "answered 100002")
	expectTold(t, w, "answered again")
}

// While a server catches up with what came in when it was down, the answer may be among what is still to be read.
func TestNobodyIsToldWhileTheAnswerMayBeUnread(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Clock.Set(apptest.At("2026-09-15 12:20"))
	waitIn(w, -1, "2026-09-15 11:55")
	bot := w.System("telegram")
	if _, err := w.App.StoreUpdates(bot, 1, []json.RawMessage{[]byte(`{"update_id":1,"message":{"chat":{"id":-1}}}`)}); err != nil {
		t.Fatal(err)
	}
	expectTold(t, w, "something is unread")
	waiting, err := w.App.WaitingUpdates(bot, 1, nil, nil, 10)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%v, %v", waiting, err)
	}
	if err := w.App.HandleUpdates(bot, waiting[0].ID); err != nil {
		t.Fatal(err)
	}
	expectTold(t, w, "everything is read", "past 100001", "past 100002")
}

// The breach at 17:59 is told the next morning to those who rested, and nothing is told at lunch or at night.
func TestNothingIsToldOutsideWorkingHours(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Clock.Set(apptest.At("2026-09-15 13:30"))
	waitIn(w, -1, "2026-09-15 12:46")
	expectTold(t, w, "at lunch")
	w.Clock.Set(apptest.At("2026-09-15 14:00"))
	expectTold(t, w, "after lunch", "near 100001", "near 100002")
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 14:00"), "45 ming")
	w.Clock.Set(apptest.At("2026-09-15 18:30"))
	waitIn(w, -2, "2026-09-15 17:44")
	expectTold(t, w, "in the evening")
	w.Clock.Set(apptest.At("2026-09-16 09:00"))
	expectTold(t, w, "the next morning", "past 100001", "past 100002")
}

func TestWhoRestsIsToldAfterwardsIfTheWaitIsStillOpen(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	mustExec(t, w, `UPDATE employments SET mute = '11:00-14:30' WHERE telegram_id = $1`, apptest.JasurTelegram)
	w.Clock.Set(apptest.At("2026-09-15 12:20"))
	waitIn(w, -1, "2026-09-15 12:00")
	waitIn(w, -2, "2026-09-15 12:00")
	expectTold(t, w, "while he rests", "past 100001", "past 100001")
	w.Say(-2, apptest.MalikaTelegram, apptest.At("2026-09-15 12:30"), "45 ming")
	w.Clock.Set(apptest.At("2026-09-15 14:29"))
	expectTold(t, w, "still")
	w.Clock.Set(apptest.At("2026-09-15 14:30"))
	expectTold(t, w, "afterwards", "past 100002")
}

func TestWhoHasADayOffIsNotTold(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	mustExec(t, w, `INSERT INTO shifts (user_id, day, intervals) VALUES ($1, '2026-09-15', '[]'), ($1, '2026-09-16', '["12:00-18:00"]')`, w.ID(apptest.Jasur))
	mustExec(t, w, `UPDATE companies SET revision = revision + 1`)
	w.Clock.Set(apptest.At("2026-09-15 17:58"))
	waitIn(w, -1, "2026-09-15 17:40")
	expectTold(t, w, "on his day off", "past 100001")
	w.Clock.Set(apptest.At("2026-09-16 09:00"))
	expectTold(t, w, "before his shift")
	w.Clock.Set(apptest.At("2026-09-16 12:00"))
	expectTold(t, w, "in his shift", "past 100002")
}

func TestWhomToldIsWhoCanBeToldAndMaySee(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Clock.Set(apptest.At("2026-09-15 12:20"))
	waitIn(w, -1, "2026-09-15 12:00")
	for name, c := range map[string]struct {
		change, back string
		want         []string
	}{
		"unreachable": {`UPDATE employments SET unreachable_at = now() WHERE telegram_id = 100002`, `UPDATE employments SET unreachable_at = NULL`, []string{"past 100001"}},
		"blocked":     {`UPDATE employments SET status = 'BLOCKED' WHERE telegram_id = 100002`, `UPDATE employments SET status = 'ACTIVE'`, []string{"past 100001"}},
		"another team's": {`UPDATE chats SET team_id = (SELECT id FROM teams WHERE name = 'Sales')`, `UPDATE chats SET team_id = (SELECT id FROM teams WHERE name = 'Support')`,
			[]string{"past 100002", "past 100004"}},
		"an employee supervises": {`UPDATE employments SET role = 'EMPLOYEE' WHERE telegram_id = 100001`, `UPDATE employments SET role = 'SUPERVISOR' WHERE telegram_id IN (100001, 100004)`,
			[]string{"past 100002"}},
		"no reply needed": {`UPDATE waits SET needs_reply = false`, `UPDATE waits SET needs_reply = true`, nil},
	} {
		mustExec(t, w, c.change)
		got := told(t, w)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: told %v, want %v", name, got, c.want)
		}
		mustExec(t, w, c.back)
		mustExec(t, w, `DELETE FROM outgoings`)
	}
	if _, err := w.App.DueNotices(w.As(apptest.Botir)); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("a person gets them: %v", err)
	}
}

func TestAnImportedHistoryTellsNobody(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	var history []app.MessageInput
	for chat := range int64(30) {
		history = append(history, w.Message(-1-chat, apptest.JasurTelegram, apptest.At("2026-09-10 10:00"), "Salom"), w.Message(-1-chat, 5, apptest.At("2026-09-10 11:00"), "Narxi qancha?"))
	}
	w.Import(history...)
	expectTold(t, w, "a history")
}

// A notice that nobody has sent yet is not sent once somebody has answered.
func TestANoticeThatCameTooLateIsTakenBack(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Clock.Set(apptest.At("2026-09-15 12:12"))
	waitIn(w, -1, "2026-09-15 12:00")
	expectTold(t, w, "near", "near 100001", "near 100002")
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 12:12"), "45 ming")
	expectTold(t, w, "answered")
	var cancelled int
	w.One(`SELECT count(*) FROM outgoings WHERE state = 'CANCELLED'`, nil, &cancelled)
	if cancelled != 2 {
		t.Errorf("%d are taken back", cancelled)
	}
}

func mustExec(t *testing.T, w *apptest.World, query string, args ...any) {
	t.Helper()
	if _, err := w.DB.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

// The number of a message means another one, if any, in the chat of another account.
func TestWhatWasToldInAnAccountOfBeforeIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Clock.Set(apptest.At("2026-09-15 12:15"))
	waitIn(w, -1, "2026-09-15 11:55")
	expectTold(t, w, "past", "past 100001", "past 100002")
	arrive(t, w)
	company := apptest.ExampleCompany()
	for i := range company.People {
		if company.People[i].Email == apptest.Aziza {
			company.People[i].TelegramID = 777
		}
	}
	w.Apply(company)
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 12:14"), "Mana")
	expectTold(t, w, "answered", "answered 100002")
}
