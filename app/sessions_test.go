package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

const goodPassword = "olma va nok 7"

// door is a world in which people have passwords.
func door(t *testing.T, emails ...string) *apptest.World {
	t.Helper()
	w := apptest.Example(t)
	for _, email := range emails {
		if err := w.App.SetPassword(w.Operator(), email, goodPassword); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func signIn(t *testing.T, w *apptest.World, email string) app.Signed {
	t.Helper()
	signed, err := w.App.SignIn(context.Background(), app.SignInInput{Email: email, Password: goodPassword, Address: "10.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// alive tells whether a token still stands for somebody.
func alive(t *testing.T, w *apptest.World, token string) bool {
	t.Helper()
	_, _, err := w.App.Authenticate(context.Background(), token)
	if err != nil && domain.KindOf(err) != domain.KindUnauthenticated {
		t.Fatal(err)
	}
	return err == nil
}

func refresh(w *apptest.World, token string) (app.Signed, error) {
	return w.App.RefreshSession(context.Background(), token)
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	w := door(t, apptest.Aziza)
	signed := signIn(t, w, "  Aziza@Demo.Example ")
	actor, until, err := w.App.Authenticate(context.Background(), signed.AccessToken)
	if err != nil || actor.Role != auth.RoleSupervisor || actor.UserID != signed.UserID || len(actor.TeamIDs) != 1 || actor.TeamID == 0 || actor.SessionID == 0 {
		t.Errorf("got %+v, %v", actor, err)
	}
	if !until.Equal(signed.ExpiresAt) || !until.Equal(w.App.Now().Add(auth.AccessTTL).Truncate(time.Second)) {
		t.Errorf("good until %s", until)
	}
	var messages []string
	for _, in := range []app.SignInInput{
		{Email: apptest.Aziza, Password: "wrong"}, {Email: "nobody@demo.example", Password: goodPassword}, {Email: apptest.Jasur, Password: goodPassword}, {},
	} {
		_, err := w.App.SignIn(context.Background(), in)
		if domain.KindOf(err) != domain.KindUnauthenticated {
			t.Fatalf("%s: %v", in.Email, err)
		}
		messages = append(messages, err.Error())
	}
	for _, m := range messages {
		if m != messages[0] {
			t.Errorf("the answers differ: %q", messages)
		}
	}
	w.Clock.Advance(auth.AccessTTL + time.Second)
	if alive(t, w, signed.AccessToken) || alive(t, w, "x.y.z") || alive(t, w, "") {
		t.Error("a token that is over or none is good")
	}
}

func TestRefreshTokensRotate(t *testing.T) {
	t.Parallel()
	w := door(t, apptest.Aziza)
	first := signIn(t, w, apptest.Aziza)
	second, err := refresh(w, first.RefreshToken)
	if err != nil || second.RefreshToken == first.RefreshToken || !alive(t, w, second.AccessToken) {
		t.Fatalf("refreshed: %v", err)
	}
	w.Clock.Advance(auth.RefreshGrace)
	third, err := refresh(w, first.RefreshToken) // another tab, at the same moment
	if err != nil {
		t.Fatalf("within the grace: %v", err)
	}
	w.Clock.Advance(auth.RefreshGrace + time.Second)
	if _, err := refresh(w, second.RefreshToken); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("a spent token: %v", err)
	}
	if _, err := refresh(w, third.RefreshToken); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("the token of a session that was stolen from: %v", err)
	}
	if alive(t, w, third.AccessToken) {
		t.Error("the access token of a session that was stolen from is good")
	}
	if _, err := refresh(w, "nonsense"); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("no token: %v", err)
	}
}

func TestSessionsEndInTime(t *testing.T) {
	t.Parallel()
	w := door(t, apptest.Aziza)
	idle := signIn(t, w, apptest.Aziza)
	busy := signIn(t, w, apptest.Aziza)
	for range 4 {
		w.Clock.Advance(7 * 24 * time.Hour)
		next, err := refresh(w, busy.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		busy = next
	}
	if _, err := refresh(w, idle.RefreshToken); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("four weeks idle: %v", err)
	}
	w.Clock.Advance(3 * 24 * time.Hour)
	if _, err := refresh(w, busy.RefreshToken); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("after the longest time: %v", err)
	}
}

func TestSigningOut(t *testing.T) {
	t.Parallel()
	w := door(t, apptest.Aziza)
	one, two, three := signIn(t, w, apptest.Aziza), signIn(t, w, apptest.Aziza), signIn(t, w, apptest.Aziza)
	as := func(s app.Signed) context.Context {
		actor, _, err := w.App.Authenticate(context.Background(), s.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		return auth.With(context.Background(), actor)
	}
	twice := as(two)
	if err := w.App.SignOut(as(one), false); err != nil {
		t.Fatal(err)
	}
	if alive(t, w, one.AccessToken) || !alive(t, w, two.AccessToken) {
		t.Error("not this session alone ended")
	}
	if err := w.App.SignOut(twice, true); err != nil || alive(t, w, two.AccessToken) || alive(t, w, three.AccessToken) {
		t.Errorf("not every session ended: %v", err)
	}
	if _, err := refresh(w, three.RefreshToken); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("the refresh token is good: %v", err)
	}
	if err := w.App.SignOut(context.Background(), false); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("nobody signed out: %v", err)
	}
}

func TestGuessingBecomesSlow(t *testing.T) {
	t.Parallel()
	w := door(t, apptest.Aziza, apptest.Jasur)
	try := func(email, password, address string) domain.Kind {
		_, err := w.App.SignIn(context.Background(), app.SignInInput{Email: email, Password: password, Address: address})
		return domain.KindOf(err)
	}
	for i := range auth.FreeFailures {
		if kind := try(apptest.Aziza, "wrong", "10.0.0.9"); kind != domain.KindUnauthenticated {
			t.Fatalf("failure %d: %s", i, kind)
		}
	}
	if kind := try(apptest.Aziza, goodPassword, "10.0.0.1"); kind != domain.KindUnavailable {
		t.Errorf("the account: %q", kind)
	}
	if kind := try(apptest.Jasur, goodPassword, "10.0.0.9"); kind != domain.KindUnavailable {
		t.Errorf("the address: %q", kind)
	}
	if kind := try(apptest.Jasur, goodPassword, "10.0.0.1"); kind != "" {
		t.Errorf("somebody else: %q", kind)
	}
	w.Clock.Advance(auth.MaxBackoff)
	if kind := try(apptest.Aziza, goodPassword, "10.0.0.1"); kind != "" {
		t.Errorf("after the wait: %q", kind)
	}
	if kind := try(apptest.Aziza, "wrong", "10.0.0.1"); kind != domain.KindUnauthenticated {
		t.Errorf("the count began anew: %q", kind)
	}
	var subjects int
	w.One(`SELECT count(*) FROM sign_in_failures WHERE subject LIKE '%aziza%' OR subject LIKE '10.%'`, nil, &subjects)
	if subjects != 0 {
		t.Error("accounts or addresses are stored as they are")
	}
}

// Guesses sent at once are all let in before the first has failed: each is looked at again once it is verified.
func TestGuessingAtOnceIsSlowToo(t *testing.T) {
	t.Parallel()
	w := door(t, apptest.Aziza)
	const guesses = auth.FreeFailures + 4
	kinds := make(chan domain.Kind, guesses)
	for range guesses {
		go func() {
			_, err := w.App.SignIn(context.Background(), app.SignInInput{Email: apptest.Aziza, Password: "wrong"})
			kinds <- domain.KindOf(err)
		}()
	}
	count := map[domain.Kind]int{}
	for range guesses {
		count[<-kinds]++
	}
	if count[domain.KindUnauthenticated] != auth.FreeFailures || count[domain.KindUnavailable] != guesses-auth.FreeFailures {
		t.Errorf("got %v", count)
	}
}

func TestAnOldSpentTokenEndsItsSession(t *testing.T) {
	t.Parallel()
	w := door(t, apptest.Aziza)
	for name, later := range map[string]time.Duration{"after an hour": time.Hour, "at once": 0} {
		first := signIn(t, w, apptest.Aziza)
		other := signIn(t, w, apptest.Aziza)
		newest := first
		for range 3 {
			var err error
			if newest, err = refresh(w, newest.RefreshToken); err != nil {
				t.Fatal(err)
			}
		}
		w.Clock.Advance(later)
		if _, err := refresh(w, first.RefreshToken); domain.KindOf(err) != domain.KindUnauthenticated {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := refresh(w, newest.RefreshToken); domain.KindOf(err) != domain.KindUnauthenticated {
			t.Errorf("%s, the newest: %v", name, err)
		}
		if _, err := refresh(w, other.RefreshToken); err != nil {
			t.Errorf("%s, another session: %v", name, err)
		}
	}
}

func TestTabsThatRefreshAtOnceGoOn(t *testing.T) {
	t.Parallel()
	w := door(t, apptest.Aziza)
	token := signIn(t, w, apptest.Aziza).RefreshToken
	const tabs = 4
	errs := make(chan error, tabs)
	for range tabs {
		go func() {
			_, err := refresh(w, token)
			errs <- err
		}()
	}
	for range tabs {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	w.Clock.Advance(auth.RefreshGrace + time.Second) // the grace runs from the first trade
	if _, err := refresh(w, token); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("after the grace: %v", err)
	}
}

func TestAPasswordThatCannotBeReadIsNotReplaced(t *testing.T) {
	t.Parallel()
	w := door(t, apptest.Aziza)
	owner := w.Database.OwnerPool(t)
	for _, q := range []string{`REVOKE SELECT ON credentials FROM finco_app`, `GRANT SELECT (user_id) ON credentials TO finco_app`} {
		if _, err := owner.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.App.EnsurePassword(w.Operator(), apptest.Aziza, "another password 9"); domain.KindOf(err) != domain.KindUnavailable {
		t.Errorf("got %v", err)
	}
	if _, err := owner.ExecContext(t.Context(), `GRANT SELECT ON credentials TO finco_app`); err != nil {
		t.Fatal(err)
	}
	signIn(t, w, apptest.Aziza)
}
