package app_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

const (
	nodiraAccount int64 = 900001
	otherAccount  int64 = 900002
)

// withBot is the example with a bot that Telegram told its name.
func withBot(t *testing.T) *apptest.World {
	t.Helper()
	w := apptest.Example(t)
	if _, err := w.DB.Exec(`INSERT INTO telegram_bots (bot_id, username, series, created_at) VALUES (7, 'finco_demo_bot', 1, now())`); err != nil {
		t.Fatal(err)
	}
	return w
}

// invited is the payload of a fresh invite for a person.
func invited(t *testing.T, w *apptest.World, email string) string {
	t.Helper()
	made, err := w.App.InviteUser(w.As(apptest.Botir), app.InviteUserInput{Email: email})
	if err != nil {
		t.Fatal(err)
	}
	token, ok := strings.CutPrefix(made.Link, "https://t.me/finco_demo_bot?start=")
	if !ok || len(token) < 22 || len(token) > 64 || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		t.Fatalf("the link is %s", made.Link)
	}
	if !made.ExpiresAt.Equal(w.App.Now().Add(72 * time.Hour)) {
		t.Errorf("it expires at %s", made.ExpiresAt)
	}
	return token
}

func accept(w *apptest.World, token string, account int64) error {
	return w.App.AcceptInvite(w.System("telegram"), app.AcceptInviteInput{Token: token, TelegramID: account, Language: "ru"})
}

func personOf(w *apptest.World, account int64) (app.TelegramPerson, error) {
	return w.App.PersonByTelegram(w.System("telegram"), account)
}

func TestAnInviteConnectsOneAccountOnce(t *testing.T) {
	t.Parallel()
	w := withBot(t)
	token := invited(t, w, apptest.Nodira)
	var kept int
	w.One(`SELECT count(*) FROM invites WHERE position($1::bytea in token_hash) > 0 OR octet_length(token_hash) <> 32`, []any{[]byte(token)}, &kept)
	if kept != 0 {
		t.Error("the link itself is kept")
	}
	if err := accept(w, token, nodiraAccount); err != nil {
		t.Fatal(err)
	}
	p, err := personOf(w, nodiraAccount)
	if err != nil || p.Email != apptest.Nodira || p.Language != "ru" || p.Role != "accountant" {
		t.Errorf("%+v, %v", p, err)
	}
	if err := accept(w, token, nodiraAccount); err != nil {
		t.Errorf("the same account, when the update is handled again: %v", err)
	}
	if err := accept(w, token, otherAccount); !errors.Is(err, app.ErrInviteWrong) {
		t.Errorf("another account: %v", err)
	}
	var who string
	w.One(`SELECT role FROM audit_events WHERE verb = 'connect_telegram'`, nil, &who)
	if who != "system:telegram" {
		t.Errorf("the audit names %s", who)
	}
	if _, err := w.App.InviteUser(w.As(apptest.Botir), app.InviteUserInput{Email: apptest.Nodira}); !errors.Is(err, app.ErrPersonConnected) {
		t.Errorf("an invite for who is connected: %v", err)
	}
}

func TestOnlyTheLastInviteIsGoodAndOnlyForThreeDays(t *testing.T) {
	t.Parallel()
	w := withBot(t)
	first := invited(t, w, apptest.Nodira)
	last := invited(t, w, apptest.Nodira)
	if err := accept(w, first, nodiraAccount); !errors.Is(err, app.ErrInviteWrong) {
		t.Errorf("one that was replaced: %v", err)
	}
	w.Clock.Advance(72 * time.Hour)
	if err := accept(w, last, nodiraAccount); !errors.Is(err, app.ErrInviteWrong) {
		t.Errorf("one that has expired: %v", err)
	}
}

func TestGuessesOfInvitesHaveToWaitLongerAndLonger(t *testing.T) {
	t.Parallel()
	w := withBot(t)
	token := invited(t, w, apptest.Nodira)
	for range 5 {
		if err := accept(w, "guess", nodiraAccount); !errors.Is(err, app.ErrInviteWrong) {
			t.Fatal(err)
		}
	}
	if err := accept(w, token, nodiraAccount); !errors.Is(err, app.ErrTooManyTries) {
		t.Errorf("the right one at once: %v", err)
	}
	w.Clock.Advance(2 * time.Second)
	if err := accept(w, "guess", nodiraAccount); !errors.Is(err, app.ErrInviteWrong) {
		t.Error(err)
	}
	w.Clock.Advance(1500 * time.Millisecond)
	if err := accept(w, token, nodiraAccount); !errors.Is(err, app.ErrTooManyTries) {
		t.Errorf("the wait does not grow: %v", err)
	}
	if err := accept(w, token, otherAccount); err != nil {
		t.Errorf("another account has to wait too: %v", err)
	}
}

func TestOfTwoAccountsThatTakeAnInviteAtOnceOneWins(t *testing.T) {
	t.Parallel()
	w := withBot(t)
	token := invited(t, w, apptest.Nodira)
	var wait sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wait.Add(1)
		go func() {
			defer wait.Done()
			errs[i] = accept(w, token, nodiraAccount+int64(i))
		}()
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, app.ErrInviteWrong):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

func TestAnAccountIsOfOnePersonOnly(t *testing.T) {
	t.Parallel()
	w := withBot(t)
	if err := accept(w, invited(t, w, apptest.Nodira), apptest.JasurTelegram); !errors.Is(err, app.ErrTelegramTaken) {
		t.Fatal(err)
	}
	// Two invites, one account.
	tokens := []string{invited(t, w, apptest.Nodira), invited(t, w, apptest.Botir)}
	var wait sync.WaitGroup
	errs := make([]error, len(tokens))
	for i := range tokens {
		wait.Add(1)
		go func() {
			defer wait.Done()
			errs[i] = accept(w, tokens[i], otherAccount)
		}()
	}
	wait.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), app.ErrTelegramTaken) {
		t.Errorf("%v", errs)
	}
}

func TestWhoIsBlockedOrGoneIsNotInvited(t *testing.T) {
	t.Parallel()
	w := withBot(t)
	token := invited(t, w, apptest.Nodira)
	if err := w.App.BlockUser(w.Operator(), apptest.Nodira); err != nil {
		t.Fatal(err)
	}
	if err := accept(w, token, nodiraAccount); !errors.Is(err, app.ErrInviteWrong) {
		t.Errorf("an invite of before the block: %v", err)
	}
	if _, err := w.App.InviteUser(w.Operator(), app.InviteUserInput{Email: apptest.Nodira}); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("another invite: %v", err)
	}
	for _, email := range []string{apptest.Aziza, apptest.Jasur, apptest.Nodira} {
		if email == apptest.Nodira {
			continue
		}
		if _, err := w.App.InviteUser(w.As(email), app.InviteUserInput{Email: apptest.Botir}); domain.KindOf(err) != domain.KindDenied {
			t.Errorf("%s invites: %v", email, err)
		}
	}
	if err := w.App.AcceptInvite(w.As(apptest.Botir), app.AcceptInviteInput{Token: "x", TelegramID: 1}); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("a person accepts for another: %v", err)
	}
}

func TestInvitesNeedABot(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	if _, err := w.App.InviteUser(w.Operator(), app.InviteUserInput{Email: apptest.Nodira}); domain.KindOf(err) != domain.KindConflict {
		t.Error(err)
	}
}

// Whoever is connected gets what they wrote before, within their span, and the waits of it are settled anew.
func TestConnectingTakesEarlierMessagesToThePerson(t *testing.T) {
	t.Parallel()
	w := withBot(t)
	const chat, customer = int64(-100500), int64(42)
	w.Say(chat, customer, apptest.At("2026-09-14 10:00"), "Is it open today?")
	answer := w.Say(chat, nodiraAccount, apptest.At("2026-09-14 10:05"), "Yes, until six.")
	var state, side string
	w.One(`SELECT state FROM waits`, nil, &state)
	if state == "ANSWERED" {
		t.Fatal("a stranger answered")
	}
	if err := accept(w, invited(t, w, apptest.Nodira), nodiraAccount); err != nil {
		t.Fatal(err)
	}
	var sender, responder, customers int
	w.One(`SELECT side, sender_id FROM messages WHERE telegram_id = $1`, []any{answer}, &side, &sender)
	w.One(`SELECT state, responder_id FROM waits`, nil, &state, &responder)
	w.One(`SELECT count(*) FROM customers WHERE telegram_id = $1`, []any{nodiraAccount}, &customers)
	if side != "STAFF" || sender != w.ID(apptest.Nodira) || responder != sender || customers != 0 {
		t.Errorf("the message is %s of %d, the wait %s by %d; %d customers", side, sender, state, responder, customers)
	}
	next := w.Say(chat, nodiraAccount, apptest.At("2026-09-15 11:00"), "Hello")
	w.One(`SELECT side FROM messages WHERE telegram_id = $1`, []any{next}, &side)
	if side != "STAFF" {
		t.Errorf("the next message is %s", side)
	}
}

func TestAPhoneNumberOfTheFileConnects(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	company := apptest.ExampleCompany()
	for i := range company.People {
		if company.People[i].Email == apptest.Nodira {
			company.People[i].Phone = "998901234567"
		}
	}
	if changes := w.Apply(company); strings.Join(changes, "; ") != "person nodira@demo.example: phone: 998901234567" {
		t.Errorf("%q", changes)
	}
	if changes := w.Apply(company); len(changes) != 0 {
		t.Errorf("again: %q", changes)
	}
	share := func(phone string, account int64) error {
		return w.App.ConnectByPhone(w.System("telegram"), app.ConnectByPhoneInput{Phone: phone, TelegramID: account, Language: ""})
	}
	// The last two are how somebody at home would write the number; from Telegram they are those of a stranger abroad.
	for _, phone := range []string{"998901234568", "", "no number", "901234567", "8901234567"} {
		if err := share(phone, nodiraAccount); !errors.Is(err, app.ErrPhoneUnknown) {
			t.Errorf("%q: %v", phone, err)
		}
	}
	if err := share("+998 90 123-45-67", nodiraAccount); err != nil {
		t.Fatal(err)
	}
	if err := share("998901234567", nodiraAccount); err != nil {
		t.Errorf("again: %v", err)
	}
	if err := share("998901234567", otherAccount); !errors.Is(err, app.ErrPersonConnected) {
		t.Errorf("another account: %v", err)
	}
	p, err := personOf(w, nodiraAccount)
	if err != nil || p.Email != apptest.Nodira || p.Language != "uz" {
		t.Errorf("%+v, %v", p, err)
	}
	// A file that does not know the account does not take it away, pruned or not.
	for _, prune := range []bool{false, true} {
		done, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: company, Prune: prune})
		if err != nil || len(done.Changes) != 0 {
			t.Errorf("%q, %v", done.Changes, err)
		}
	}
}

// A company's number is passed on: the file gives it to somebody, and nobody else keeps it, be they in the file or gone from it.
func TestANumberIsPassedOn(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	give := func(email string, gone ...string) []string {
		company := apptest.ExampleCompany()
		company.People = slices.DeleteFunc(company.People, func(p app.PersonInput) bool { return slices.Contains(gone, p.Email) })
		for i := range company.People {
			if company.People[i].Email == email {
				company.People[i].Phone = "998901234567"
			}
		}
		return w.Apply(company)
	}
	removed := func(email string) string { return "person " + email + ": phone: 998901234567 removed" }
	given := func(email string) string { return "person " + email + ": phone: 998901234567" }
	for _, step := range []struct{ got, want []string }{
		{give(apptest.Nodira), []string{given(apptest.Nodira)}},
		{give(apptest.Malika), []string{removed(apptest.Nodira), given(apptest.Malika)}},
		{give(apptest.Nodira, apptest.Malika), []string{removed(apptest.Malika), given(apptest.Nodira)}},
		{give(""), nil},
	} {
		if !slices.Equal(step.got, step.want) {
			t.Errorf("%q, want %q", step.got, step.want)
		}
	}
}

// Whoever loses the account or the company gets nothing that is still queued, and is a stranger from the next update on.
func TestLeavingCutsOff(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*apptest.World) error{
		"blocked": func(w *apptest.World) error { return w.App.BlockUser(w.Operator(), apptest.Malika) },
		"disconnected": func(w *apptest.World) error {
			_, err := w.App.DisconnectTelegram(w.Operator(), app.DisconnectInput{Email: apptest.Malika})
			return err
		},
		"another account": func(w *apptest.World) error {
			return applyWith(w, false, func(p *app.PersonInput) bool { p.TelegramID = otherAccount; return true })
		},
		"left yesterday": func(w *apptest.World) error {
			return applyWith(w, false, func(p *app.PersonInput) bool { p.Left = apptest.Day("2026-09-14"); return true })
		},
		"pruned": func(w *apptest.World) error { return applyWith(w, true, func(*app.PersonInput) bool { return false }) },
		"the last day is over": func(w *apptest.World) error {
			err := applyWith(w, false, func(p *app.PersonInput) bool { p.Left = apptest.Day("2026-09-15"); return true })
			if _, known := personOf(w, apptest.MalikaTelegram); known != nil {
				return known
			}
			w.Clock.Advance(24 * time.Hour)
			_, begun := w.App.BeginDay(w.System("scheduler"))
			return errors.Join(err, begun)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := apptest.Example(t)
			id := w.ID(apptest.Malika)
			if _, err := w.App.Send(w.System("telegram"), app.OutgoingInput{
				Key: "notice", Chat: apptest.MalikaTelegram, UserID: id, Method: "sendMessage", Params: []byte(`{"text":"Hello"}`),
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.DB.Exec(`INSERT INTO dialogs (telegram_id, name, updated_at) VALUES ($1, 'mute', now())`, apptest.MalikaTelegram); err != nil {
				t.Fatal(err)
			}
			signed, err := w.App.SignInByTelegram(context.Background(), apptest.MalikaTelegram)
			if err != nil {
				t.Fatal(err)
			}
			if err := leave(w); err != nil {
				t.Fatal(err)
			}
			if _, err := w.App.RefreshSession(context.Background(), signed.RefreshToken); domain.KindOf(err) != domain.KindUnauthenticated {
				t.Errorf("the session that the account began goes on: %v", err)
			}
			if _, err := personOf(w, apptest.MalikaTelegram); domain.KindOf(err) != domain.KindNotFound {
				t.Errorf("they are still known: %v", err)
			}
			var queued, asked int
			w.One(`SELECT count(*) FROM outgoings WHERE state = 'QUEUED'`, nil, &queued)
			w.One(`SELECT count(*) FROM dialogs`, nil, &asked)
			if queued != 0 || asked != 0 {
				t.Errorf("%d are still to be sent, %d still asked", queued, asked)
			}
		})
	}
}

// applyWith applies the example with Malika changed, or without her if change says so.
func applyWith(w *apptest.World, prune bool, change func(*app.PersonInput) (kept bool)) error {
	company := apptest.ExampleCompany()
	var people []app.PersonInput
	for _, p := range company.People {
		if p.Email != apptest.Malika || change(&p) {
			people = append(people, p)
		}
	}
	company.People = people
	_, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: company, Prune: prune})
	return err
}

func TestTheFileSaysHowTheBotBehaves(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	company := apptest.ExampleCompany()
	yes, at := true, "08:30"
	company.Company.Bot = app.BotSettingsInput{WritesInChats: &yes, DigestAt: &at}
	company.Schedules[0].AsksLocation = &yes
	want := "company: the bot writes in customers' chats no → yes; company: morning digest 09:00 → 08:30; schedule office: asks for the location: yes"
	if got := strings.Join(w.Apply(company), "; "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if again := w.Apply(company); len(again) != 0 {
		t.Errorf("again: %q", again)
	}
	if silent := w.Apply(apptest.ExampleCompany()); len(silent) != 0 {
		t.Errorf("what is not said changes: %q", silent)
	}
	at = ""
	if got := strings.Join(w.Apply(company), "; "); got != "company: morning digest 08:30 → never" {
		t.Error(got)
	}
}

func TestPreferencesAreEverybodysOwn(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	en, hours, bad := "en", "22:00-08:00", "late"
	if err := w.App.SetPreferences(w.As(apptest.Jasur), app.PreferencesInput{Language: &en, Mute: &hours}); err != nil {
		t.Fatal(err)
	}
	p, err := personOf(w, apptest.JasurTelegram)
	if err != nil || p.Language != "en" || p.Mute != hours {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err = personOf(w, apptest.MalikaTelegram); err != nil || p.Language != "uz" || p.Mute != "" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, in := range []app.PreferencesInput{{Language: &bad}, {Mute: &bad}} {
		if err := w.App.SetPreferences(w.As(apptest.Jasur), in); domain.KindOf(err) != domain.KindInvalid {
			t.Error(err)
		}
	}
	if err := w.App.SetPreferences(context.Background(), app.PreferencesInput{}); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Error(err)
	}
}

func TestQuietHoursAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"22:00-08:00": "22:00-08:00", " 22-8 ": "22:00-08:00", "22.30 – 7": "22:30-07:00", "0—6:05": "00:00-06:05", "20-24": "20:00-00:00",
	} {
		if got, ok := app.ParseMute(text); !ok || got != want {
			t.Errorf("%q is %q, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "22", "22-22", "24:30-6", "25-6", "10:60-11", "22:00", "22-8-9", "a-b", "0-24"} {
		if got, ok := app.ParseMute(text); ok {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}
