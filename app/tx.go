package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/lib/pq"
	"github.com/riverqueue/river"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/policies"
)

// tx is one transaction: the records, and what goes with them on commit.
type tx struct {
	*gen.Client
	sql    *sql.Tx
	app    *App
	at     time.Time
	events []Event
	jobs   []river.InsertManyParams
	// refresh are the people's months whose facts this transaction changed.
	refresh map[staleKey]bool
	// urgent tells that somebody waits for the KPIs, which come at once then.
	urgent bool
	// revised tells that this transaction changed the roster, so that what it reads must not be cached.
	revised bool
}

// conflictTries is how often a transaction that the database gave up (deadlock, serialization) is begun again.
const conflictTries = 4

// inTx runs do in one transaction, begun again when the database gives it up. do must have no effect outside it.
func (a *App) inTx(ctx context.Context, do func(context.Context, *tx) error) error {
	var err error
	for range conflictTries {
		err = a.tryTx(ctx, do)
		var pqErr *pq.Error
		if !errors.As(err, &pqErr) || (pqErr.Code != "40P01" && pqErr.Code != "40001") {
			return err
		}
	}
	return domain.Errorf(domain.KindUnavailable, "the database was too busy, try again: %w", err)
}

func (a *App) tryTx(ctx context.Context, do func(context.Context, *tx) error) error {
	sqlTx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return domain.Errorf(domain.KindUnavailable, "the database does not answer: %w", err)
	}
	defer func() { _ = sqlTx.Rollback() }()
	t := &tx{
		Client: gen.NewClient(gen.Driver(inside{entsql.NewDriver(dialect.Postgres, entsql.Conn{ExecQuerier: sqlTx})})),
		sql:    sqlTx, app: a, at: a.now(), refresh: map[staleKey]bool{},
	}
	if err := do(ctx, t); err != nil {
		return err
	}
	if err := t.flush(ctx); err != nil {
		return err
	}
	return sqlTx.Commit()
}

// inside is the records' way to a transaction that is open already: what they would begin for themselves is part of it.
type inside struct{ dialect.Driver }

// Tx gives the open transaction again; its end is ours alone.
func (d inside) Tx(context.Context) (dialect.Tx, error) { return dialect.NopTx(d.Driver), nil }

// flush hands over the jobs and events; both become visible to others with the commit.
func (t *tx) flush(ctx context.Context) error {
	if err := t.markStale(ctx); err != nil {
		return err
	}
	if len(t.jobs) > 0 {
		if _, err := t.app.jobs.InsertManyTx(ctx, t.sql, t.jobs); err != nil {
			return err
		}
	}
	for _, e := range t.events {
		for _, payload := range e.payloads() {
			if _, err := t.sql.ExecContext(ctx, `SELECT pg_notify($1, $2)`, channel, payload); err != nil {
				return err
			}
		}
	}
	return nil
}

// emit tells subscribers of every process, on commit, that the records changed.
func (t *tx) emit(topic Topic, ids ...int) {
	if len(ids) == 0 {
		return
	}
	for i := range t.events {
		if t.events[i].Topic == topic {
			t.events[i].IDs = append(t.events[i].IDs, ids...)
			return
		}
	}
	t.events = append(t.events, Event{Topic: topic, IDs: ids})
}

// enqueue hands a job over on commit.
func (t *tx) enqueue(args river.JobArgs, opts *river.InsertOpts) {
	t.jobs = append(t.jobs, river.InsertManyParams{Args: args, InsertOpts: opts})
}

// audit records who did what. Details carry ids and figures, never words or pay.
func (t *tx) audit(ctx context.Context, verb, object string, id int, details any) error {
	actor, _ := auth.From(ctx)
	if human, ok := ctx.Value(behalfKey{}).(auth.Actor); ok {
		actor = human
	}
	create := t.AuditEvent.Create().SetAt(t.at).SetRole(actor.Role).SetVerb(verb).SetObject(object)
	if id != 0 {
		create.SetObjectID(id)
	}
	if actor.UserID != 0 {
		create.SetActorID(actor.UserID)
	}
	if details != nil {
		raw, err := json.Marshal(details)
		if err != nil {
			return err
		}
		create.SetDetails(raw)
	}
	return create.Exec(auth.With(ctx, auth.System("auditor")))
}

type behalfKey struct{}

// as goes on as a system role on behalf of the actor in the context, who stays the one that the audit names.
func as(ctx context.Context, role string) context.Context {
	if actor, ok := auth.From(ctx); ok && !actor.IsSystem() {
		ctx = context.WithValue(ctx, behalfKey{}, actor)
	}
	return auth.With(ctx, auth.System(role))
}

// permit is the first line of every verb: the actor, or who is not let do it.
func permit(ctx context.Context, object, verb string) (auth.Actor, error) {
	actor, ok := auth.From(ctx)
	if !ok {
		return auth.Actor{}, domain.Errorf(domain.KindUnauthenticated, "sign in first")
	}
	if !policies.Allows(actor.Role, object, verb) {
		return auth.Actor{}, domain.Errorf(domain.KindDenied, "your role does not allow this")
	}
	return actor, nil
}

// factsLock is held shared by whoever writes what KPIs count, and alone for an instant by whoever fixes an evaluation time.
const factsLock = `hashtextextended('facts', 0)`

// writeFacts is the first statement of a transaction that writes what KPIs count. Its time is taken under the lock, so that no
// fact becomes visible later that was received before an evaluation time already used.
func (t *tx) writeFacts(ctx context.Context) error {
	if _, err := t.sql.ExecContext(ctx, `SELECT pg_advisory_xact_lock_shared(`+factsLock+`)`); err != nil {
		return err
	}
	t.at = t.app.now()
	return nil
}

// evaluationTime is now, once every fact received before it is there to be read. Whoever wrote one holds the lock since then,
// so it is enough to have had it for an instant: going back to the savepoint gives it away.
func (t *tx) evaluationTime(ctx context.Context) (time.Time, error) {
	at := t.app.now()
	_, err := t.sql.ExecContext(ctx, `SAVEPOINT facts; SELECT pg_advisory_xact_lock(`+factsLock+`); ROLLBACK TO SAVEPOINT facts; RELEASE SAVEPOINT facts`)
	return at, err
}

// evaluate takes the period's results and then the evaluation time, so that whoever comes later is of later facts.
func (t *tx) evaluate(ctx context.Context, p domain.Period) (time.Time, error) {
	if err := t.lockResults(ctx, p); err != nil {
		return time.Time{}, err
	}
	return t.evaluationTime(ctx)
}
