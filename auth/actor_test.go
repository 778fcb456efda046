package auth_test

import (
	"context"
	"testing"

	"github.com/fincokpi/finco/auth"
)

func TestFromGivesTheActorPutThereLast(t *testing.T) {
	t.Parallel()
	if _, ok := auth.From(context.Background()); ok {
		t.Error("an empty context has an actor")
	}
	if _, ok := auth.From(auth.With(context.Background(), auth.Actor{UserID: 7})); ok {
		t.Error("an actor without a role counts as one")
	}
	ctx := auth.With(context.Background(), auth.Actor{UserID: 7, Role: auth.RoleSupervisor, TeamIDs: []int{3, 4}})
	person, ok := auth.From(ctx)
	if !ok || person.UserID != 7 || person.IsSystem() {
		t.Errorf("got %+v, %v", person, ok)
	}
	if !person.Supervises(4) || person.Supervises(5) {
		t.Error("supervises 3 and 4 only")
	}
	work, ok := auth.From(auth.With(ctx, auth.System("intake")))
	if !ok || work.Role != "system:intake" || !work.IsSystem() || work.UserID != 0 {
		t.Errorf("got %+v, %v", work, ok)
	}
}

func TestNoPersonHasASystemRole(t *testing.T) {
	t.Parallel()
	for _, role := range auth.Roles() {
		if (auth.Actor{Role: role}).IsSystem() {
			t.Errorf("%s is a system role", role)
		}
	}
}
