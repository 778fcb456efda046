package app

import (
	"context"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/wait"
)

// TakeWaitInput is a wait that somebody sees to.
type TakeWaitInput struct {
	WaitID int
	// Over takes it from who has it; without it that is a conflict.
	Over bool
}

// TakeWait says that the actor sees to an open wait, so that nobody else need. It is told to whoever was told of the wait, and changes
// nothing of whose the wait is, nor any figure. Taking one's own again changes nothing. A wait that is answered, needs no reply, or that
// another has (unless Over) is a conflict; one that is hidden is not_found.
func (a *App) TakeWait(ctx context.Context, in TakeWaitInput) (*gen.Wait, error) {
	actor, err := permit(ctx, "wait", "take")
	if err != nil {
		return nil, err
	}
	var out *gen.Wait
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.sql.ExecContext(ctx, `SELECT 1 FROM waits WHERE id = $1 FOR UPDATE`, in.WaitID); err != nil {
			return err
		}
		found, err := t.Wait.Query().Where(wait.ID(in.WaitID)).WithTakenBy().Only(ctx)
		if err != nil {
			return notFound(err, "there is no such wait")
		}
		if deref(found.TakenByID) == actor.UserID && actor.UserID != 0 {
			out = found
			return nil
		}
		if err := takeable(found, in.Over); err != nil {
			return err
		}
		if out, err = t.take(ctx, found.ID, actor.UserID); err != nil {
			return err
		}
		t.emit(WaitChanged, found.ID)
		return t.audit(ctx, "take", "wait", found.ID, nil)
	})
	return out, err
}

func takeable(w *gen.Wait, over bool) error {
	switch {
	case w.ClosesWithID != nil:
		return domain.Errorf(domain.KindConflict, "this wait is answered already")
	case w.State == wait.StateNoReplyNeeded || w.State == wait.StateDissolved:
		return domain.Errorf(domain.KindConflict, "nobody waits here any more")
	case w.TakenByID != nil && !over:
		name := "somebody"
		if w.Edges.TakenBy != nil {
			name = w.Edges.TakenBy.Name
		}
		return domain.Errorf(domain.KindConflict, "%s has taken this wait: take it over if you must", name)
	}
	return nil
}

// take writes down who sees to a wait, and reads it again as the actor.
func (t *tx) take(ctx context.Context, id, userID int) (*gen.Wait, error) {
	if _, err := t.sql.ExecContext(ctx, `UPDATE waits SET taken_by_id = $2, taken_at = $3 WHERE id = $1`, id, optional(userID), t.at); err != nil {
		return nil, err
	}
	return t.Wait.Query().Where(wait.ID(id)).WithTakenBy().Only(ctx)
}
