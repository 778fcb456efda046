package schema

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/schema/mixin"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/ent/gen/intercept"
	"github.com/fincokpi/finco/ent/gen/privacy"
	"github.com/fincokpi/finco/policies"
)

// base gives every type its policy: without an actor nothing; else what the access table says of the actor's role, the
// type's object and the action.
type base struct {
	mixin.Schema
	// object is the type's name in the access table.
	object string
	// rows is the SQL condition, over the table alias %[1]s, of what a person may see within each scope; see access.go.
	rows rows
	// gone is the SQL condition of what no person sees any more, whatever their scope; empty: nothing.
	gone string
}

// Policy is evaluated by every query, edge and mutation of the type.
func (b base) Policy() ent.Policy { return rowPolicy(b) }

type rowPolicy base

// EvalQuery narrows a query to the rows that the actor's scope covers. What is out of scope is absent rather than refused:
// a refusal on an edge would take the whole answer with it.
func (p rowPolicy) EvalQuery(ctx context.Context, q ent.Query) error {
	actor, ok := auth.From(ctx)
	if !ok {
		return privacy.Denyf("ent/schema: no actor reads %s", p.object)
	}
	scope := policies.Scope(actor.Role, p.object, policies.Read)
	gone := p.gone
	if actor.IsSystem() {
		gone = ""
	}
	if scope == policies.Company && gone == "" {
		return nil
	}
	query, err := intercept.NewQuery(q)
	if err != nil {
		return err
	}
	query.WhereP(func(s *sql.Selector) {
		if scope != policies.Company {
			p.rows.narrow(s, scope, actor)
		}
		if gone != "" {
			s.Where(sql.P(func(b *sql.Builder) { write(b, s, "NOT "+gone, actor) }))
		}
	})
	return nil
}

// EvalMutation lets an actor write what the access table says their role writes. Which row is the use case's to check.
func (p rowPolicy) EvalMutation(ctx context.Context, _ ent.Mutation) error {
	actor, ok := auth.From(ctx)
	if !ok {
		return privacy.Denyf("ent/schema: no actor writes %s", p.object)
	}
	if !policies.Allows(actor.Role, p.object, policies.Write) {
		return privacy.Denyf("ent/schema: %s does not write %s", actor.Role, p.object)
	}
	return nil
}
