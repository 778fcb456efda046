package app_test

import (
	"context"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

func TestUsersAreAdded(t *testing.T) {
	t.Parallel()
	w := apptest.New(t) // before there is a company
	has := func(want bool) {
		t.Helper()
		if got, err := w.App.HasAdmin(context.Background()); got != want || err != nil {
			t.Errorf("there is an admin: %v, %v", got, err)
		}
	}
	has(false)
	id, err := w.App.AddUser(w.Operator(), app.AddUserInput{Email: " Boss@Demo.Example", Role: "admin"})
	if err != nil || id == 0 {
		t.Fatal(err)
	}
	has(false)
	if err := w.App.SetPassword(w.Operator(), "boss@demo.example", goodPassword); err != nil {
		t.Fatal(err)
	}
	has(true)
	signIn(t, w, "boss@demo.example")
	for name, in := range map[string]app.AddUserInput{
		"no address": {Email: "boss", Role: "admin"}, "a name beside it": {Email: "Boss <b@demo.example>", Role: "admin"},
		"no role": {Email: "b@demo.example"}, "a system role": {Email: "b@demo.example", Role: "system:operator"},
	} {
		if _, err := w.App.AddUser(w.Operator(), in); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.App.AddUser(w.Operator(), app.AddUserInput{Email: "boss@demo.example", Role: "employee"}); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("twice: %v", err)
	}
	w.Apply(apptest.ExampleCompany())
	if done, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: apptest.ExampleCompany(), Prune: true}); err != nil || len(done.Changes) != 0 {
		t.Errorf("prune: %q, %v", done.Changes, err)
	}
	signIn(t, w, "boss@demo.example")
}

func TestAPasswordEndsOtherSessions(t *testing.T) {
	t.Parallel()
	w := door(t, apptest.Aziza)
	here, there := signIn(t, w, apptest.Aziza), signIn(t, w, apptest.Aziza)
	actor, _, err := w.App.Authenticate(context.Background(), here.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	mine := auth.With(context.Background(), actor)
	if err := w.App.SetPassword(mine, apptest.Aziza, "boshqa parol 9"); err != nil {
		t.Fatal(err)
	}
	if !alive(t, w, here.AccessToken) || alive(t, w, there.AccessToken) {
		t.Error("not the other sessions alone ended")
	}
	for name, c := range map[string]struct {
		ctx             context.Context
		email, password string
		kind            domain.Kind
	}{
		"another's":  {mine, apptest.Jasur, goodPassword, domain.KindDenied},
		"too short":  {mine, apptest.Aziza, "abc", domain.KindInvalid},
		"too common": {mine, apptest.Aziza, "password", domain.KindInvalid},
		"nobody's":   {w.Operator(), "x@demo.example", goodPassword, domain.KindNotFound},
		"by nobody":  {context.Background(), apptest.Aziza, goodPassword, domain.KindUnauthenticated},
	} {
		if err := w.App.SetPassword(c.ctx, c.email, c.password); domain.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhoIsBlockedIsNobody(t *testing.T) {
	t.Parallel()
	w := door(t, apptest.Jasur)
	signed := signIn(t, w, apptest.Jasur)
	if err := w.App.BlockUser(w.As(apptest.Botir), apptest.Jasur); err != nil {
		t.Fatal(err)
	}
	if alive(t, w, signed.AccessToken) {
		t.Error("the access token of somebody blocked is good")
	}
	if _, err := refresh(w, signed.RefreshToken); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("their refresh token: %v", err)
	}
	if _, err := w.App.SignIn(context.Background(), app.SignInInput{Email: apptest.Jasur, Password: goodPassword}); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("their password: %v", err)
	}
	if changes := w.Apply(apptest.ExampleCompany()); len(changes) != 0 {
		t.Errorf("the file again: %q", changes)
	}
	if err := w.App.BlockUser(w.As(apptest.Botir), apptest.Botir); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("oneself: %v", err)
	}
	if err := w.App.BlockUser(w.As(apptest.Aziza), apptest.Malika); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("by a supervisor: %v", err)
	}
	if err := w.App.UnblockUser(w.Operator(), apptest.Jasur); err != nil {
		t.Fatal(err)
	}
	if alive(t, w, signed.AccessToken) {
		t.Error("the old session is back")
	}
	signIn(t, w, apptest.Jasur)
}
