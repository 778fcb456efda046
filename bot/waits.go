package bot

import (
	"context"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/wait"
)

// takePressed says that the person sees to a wait: "take:<wait>" or, from somebody else, "take:<wait>:over". All who were told of the
// wait, the person too, read it in the notice itself: the loop of notices changes it.
func takePressed(ctx context.Context, t *turn, args []string) error {
	id, err := number(args, 0)
	if err != nil {
		return err
	}
	_, err = t.bot.app.TakeWait(t.as(ctx), app.TakeWaitInput{WaitID: id, Over: len(args) > 1 && args[1] == "over"})
	if domain.KindOf(err) == domain.KindConflict {
		return t.notTaken(ctx, id)
	}
	if err != nil {
		return err
	}
	t.toast = plain(t.text("notice.toast_taken"))
	return nil
}

// notTaken says why somebody cannot take a wait.
func (t *turn) notTaken(ctx context.Context, id int) error {
	w, err := t.bot.app.WaitingAt(t.as(ctx), id)
	if err != nil {
		return err
	}
	switch {
	case w.ClosesWithID != nil:
		return t.refuse("notice.toast_answered")
	case w.State == wait.StateOpen || w.State == wait.StateBreached:
		if w.Edges.TakenBy != nil {
			return t.refuse("notice.toast_other", "Name", clip(w.Edges.TakenBy.Name, titleLength))
		}
	}
	return t.refuse("notice.toast_over")
}
