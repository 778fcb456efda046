package app

import (
	"context"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/policies"
)

// MayWriteInChats is denied unless the company lets the bot write where customers read.
func (a *App) MayWriteInChats(ctx context.Context) error {
	if _, err := permit(ctx, "company", policies.Read); err != nil {
		return err
	}
	return a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error { return t.mayWriteInChats(ctx) })
}

func (t *tx) mayWriteInChats(ctx context.Context) error {
	writes := false
	err := t.each(ctx, `SELECT writes_in_chats FROM companies`, nil, func(scan scanner) error { return scan(&writes) })
	if err == nil && !writes {
		err = domain.Errorf(domain.KindDenied, "the company does not let the bot write in its chats: set writes_in_chats in the company file")
	}
	return err
}

// mayWriteThere refuses what would be read in a group or a channel, whose ids are below 0, unless the company wants it: whoever puts
// something into the outbox passes here.
func (t *tx) mayWriteThere(ctx context.Context, in []OutgoingInput) error {
	for _, o := range in {
		if o.Chat < 0 {
			return t.mayWriteInChats(ctx)
		}
	}
	return nil
}
