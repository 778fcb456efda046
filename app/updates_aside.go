package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/fincokpi/finco/domain"
)

// UpdateCounts are how many updates wait and how many were put aside.
type UpdateCounts struct {
	Waiting, Aside int
	// Oldest is when the one that waits longest came; nil if none waits.
	Oldest *time.Time
}

// UpdateCounts counts what is not handled, of all bots.
func (a *App) UpdateCounts(ctx context.Context) (UpdateCounts, error) {
	var out UpdateCounts
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return out, err
	}
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		return t.each(ctx, `
SELECT (SELECT count(*) FROM telegram_updates WHERE state = 'NEW'), (SELECT count(*) FROM telegram_updates WHERE state = 'ASIDE'),
  (SELECT received_at FROM telegram_updates WHERE state = 'NEW' ORDER BY id LIMIT 1)`, nil, func(scan scanner) error {
			return scan(&out.Waiting, &out.Aside, &out.Oldest)
		})
	})
	return out, err
}

// AsideUpdate is an update that could not be handled.
type AsideUpdate struct {
	ID         int       `json:"id"`
	UpdateID   int64     `json:"update_id"`
	ReceivedAt time.Time `json:"received_at"`
	Attempts   int       `json:"attempts"`
	Fault      string    `json:"fault"`
	// Kind is what it brings, such as message; empty if that cannot be read.
	Kind string `json:"kind,omitempty"`
	// Chat is where it is from; 0: nobody knows.
	Chat int64 `json:"chat,omitempty"`
}

// AsideUpdates are what was put aside, oldest first, at most that many.
func (a *App) AsideUpdates(ctx context.Context, limit int) ([]AsideUpdate, error) {
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return nil, err
	}
	var out []AsideUpdate
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		return t.each(ctx, `
SELECT id, update_id, received_at, attempts, fault, lane, body FROM telegram_updates WHERE state = 'ASIDE' ORDER BY id LIMIT $1`, []any{limit}, func(scan scanner) error {
			var u AsideUpdate
			var body []byte
			err := scan(&u.ID, &u.UpdateID, &u.ReceivedAt, &u.Attempts, &u.Fault, &u.Chat, &body)
			u.Kind = kindOfUpdate(body)
			out = append(out, u)
			return err
		})
	})
	return out, err
}

// kindOfUpdate is the name of the field beside update_id.
func kindOfUpdate(body []byte) string {
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil {
		return ""
	}
	for name := range top {
		if name != "update_id" {
			return clip(name, 64)
		}
	}
	return ""
}

// ReplayUpdates has updates that were put aside handled again; without ids all of them. It returns how many, and not_found if one
// that was named is not aside. For the command line.
func (a *App) ReplayUpdates(ctx context.Context, ids ...int) (int, error) {
	return a.takeAside(ctx, "replay", `
UPDATE telegram_updates SET state = 'NEW', attempts = 0 WHERE state = 'ASIDE' AND ($2 OR id = ANY($1)) RETURNING id`, ids)
}

// DropUpdates forgets updates that were put aside, and returns how many; not_found if one that was named is not aside. For the
// command line.
func (a *App) DropUpdates(ctx context.Context, ids ...int) (int, error) {
	if len(ids) == 0 {
		return 0, domain.Errorf(domain.KindInvalid, "name the updates to drop; finco telegram status lists them")
	}
	return a.takeAside(ctx, "drop", `DELETE FROM telegram_updates WHERE state = 'ASIDE' AND NOT $2 AND id = ANY($1) RETURNING id`, ids)
}

// DropAllUpdates forgets all updates that were put aside, and returns how many. For the command line.
func (a *App) DropAllUpdates(ctx context.Context) (int, error) {
	return a.takeAside(ctx, "drop", `DELETE FROM telegram_updates WHERE state = 'ASIDE' AND ($2 OR id = ANY($1)) RETURNING id`, nil)
}

func (a *App) takeAside(ctx context.Context, verb, query string, ids []int) (int, error) {
	if _, err := permit(ctx, "telegram", "replay"); err != nil {
		return 0, err
	}
	n := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		taken, err := t.ids(ctx, query, idArray(ids), len(ids) == 0)
		if err != nil {
			return err
		}
		if n = len(taken); n < len(ids) {
			return domain.Errorf(domain.KindNotFound, "only %d of these %d updates are put aside; finco telegram status lists them", n, len(ids))
		}
		if n == 0 {
			return nil
		}
		t.emit(UpdatesStored, taken...)
		return t.audit(ctx, verb, "telegram", 0, map[string]any{"updates": taken})
	})
	return n, err
}
