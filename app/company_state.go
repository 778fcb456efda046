package app

import (
	"context"

	"github.com/fincokpi/finco/ent/gen"
)

// HasCompany tells whether a company file was ever applied.
func (a *App) HasCompany(ctx context.Context) (bool, error) {
	return a.client.Company.Query().Exist(ctx)
}

// Company is the company of this database; not_found before a company file was applied.
func (a *App) Company(ctx context.Context) (*gen.Company, error) {
	c, err := a.client.Company.Query().Only(ctx)
	if err != nil {
		return nil, notFound(err, "there is no company yet: apply a company file first (finco apply FILE)")
	}
	return c, nil
}

// StaffTelegramIDs are the Telegram ids of the company's people, past and present.
func (a *App) StaffTelegramIDs(ctx context.Context) (map[int64]bool, error) {
	if _, err := permit(ctx, "message", "write"); err != nil {
		return nil, err
	}
	out := map[int64]bool{}
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		for id := range r.byTelegram {
			out[id] = true
		}
		return nil
	})
	return out, err
}
