package app

import (
	"context"
	"time"

	"github.com/fincokpi/finco/policies"
)

// Zone is the company's time zone, for whoever may read the company. It fails as conflict where there is no company yet.
func (a *App) Zone(ctx context.Context) (*time.Location, error) {
	if _, err := permit(ctx, "company", policies.Read); err != nil {
		return nil, err
	}
	var zone *time.Location
	err := a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err == nil {
			zone = r.zone
		}
		return err
	})
	return zone, err
}
