package auth

import (
	"context"
	"slices"
	"strings"
)

// The roles of people.
const (
	RoleEmployee   = "employee"
	RoleSupervisor = "supervisor"
	RoleAccountant = "accountant"
	RoleAdmin      = "admin"
)

// systemPrefix begins the role of background work, which no person can be given.
const systemPrefix = "system:"

// Roles are those that a person may have, least first.
func Roles() []string {
	return []string{RoleEmployee, RoleSupervisor, RoleAccountant, RoleAdmin}
}

// Actor is whoever acts: a person who signed in, or background work under a role of its own.
type Actor struct {
	// UserID is the person's id; 0 for background work.
	UserID int
	// Role is one of Roles, or "system:" and a name.
	Role string
	// Email is the person's address, if whoever made the actor knew it.
	Email string
	// TeamIDs are the teams that the person supervises.
	TeamIDs []int
	// TeamID is the team that the person belongs to; 0 for none.
	TeamID int
	// SessionID is the session that the person's token names; 0 for background work and the command line.
	SessionID int
}

// System is background work under a role of its own, "system:" and the name.
func System(name string) Actor { return Actor{Role: systemPrefix + name} }

// IsSystem tells background work from a person.
func (a Actor) IsSystem() bool { return strings.HasPrefix(a.Role, systemPrefix) }

// Supervises tells whether the team is one of those the person supervises.
func (a Actor) Supervises(teamID int) bool { return slices.Contains(a.TeamIDs, teamID) }

type actorKey struct{}

// With puts the actor into the context, in place of any that was there.
func With(ctx context.Context, actor Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// From is the actor of the context; false if nobody was put there.
func From(ctx context.Context) (Actor, bool) {
	actor, ok := ctx.Value(actorKey{}).(Actor)
	return actor, ok && actor.Role != ""
}
