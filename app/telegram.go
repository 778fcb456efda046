package app

import (
	"context"
	"encoding/json"
	"strings"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/employment"
	"github.com/fincokpi/finco/ent/gen/telegrambot"
)

// TelegramPerson is a person of the company behind a Telegram account.
type TelegramPerson struct {
	auth.Actor
	Name       string
	TelegramID int64
	// Language is theirs (uz, ru or en), else the company's.
	Language string
	// Mute are hours without notices, such as 22:00-08:00; empty: none.
	Mute string
}

// ErrAccessEnded says that a Telegram account is of somebody who has left or is blocked, to be told apart with errors.Is.
var ErrAccessEnded = domain.Errorf(domain.KindNotFound, "this Telegram account is of somebody who has left or is blocked")

// PersonByTelegram is the active person of a Telegram account; not_found for anybody else, which is ErrAccessEnded for who has left or is
// blocked. For the bot, which asks anew at each update, so that nobody is let in a moment longer.
func (a *App) PersonByTelegram(ctx context.Context, telegramID int64) (TelegramPerson, error) {
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return TelegramPerson{}, err
	}
	ctx = as(ctx, "telegram")
	found, err := a.client.Employment.Query().
		Where(employment.TelegramID(telegramID)).WithUser().Only(ctx)
	if err != nil {
		return TelegramPerson{}, notFound(err, "nobody in the company has this Telegram account")
	}
	if found.Status != employment.StatusActive {
		return TelegramPerson{}, ErrAccessEnded
	}
	out := TelegramPerson{Name: found.Edges.User.Name, TelegramID: telegramID, Language: found.Language, Mute: found.Mute}
	if out.Actor, err = a.actor(ctx, employment.ID(found.ID)); err != nil {
		return TelegramPerson{}, err
	}
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		if p := r.people[out.UserID]; p == nil || p.Left != nil && r.day(t.at).After(*p.Left) {
			return ErrAccessEnded
		}
		return nil
	})
	if err == nil && out.Language == "" {
		out.Language, err = a.companyLanguage(ctx)
	}
	return out, err
}

// BotUsername is the name of the bot that worked last, without the @; empty before Telegram told it.
func (a *App) BotUsername(ctx context.Context) (string, error) {
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return "", err
	}
	bot, err := a.client.TelegramBot.Query().Where(telegrambot.UsernameNEQ("")).
		Order(telegrambot.ByLastUpdateAt(entsql.OrderDesc(), entsql.OrderNullsLast()), telegrambot.ByID(entsql.OrderDesc())).First(as(ctx, "telegram"))
	if gen.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return bot.Username, nil
}

func (a *App) companyLanguage(ctx context.Context) (string, error) {
	row, err := a.client.Company.Query().Only(ctx)
	if err != nil {
		return "", err
	}
	return strings.ToLower(row.Language), nil
}

// Dialog is the step that somebody's next message to the bot is for.
type Dialog struct {
	Name string
	Data json.RawMessage
}

// DialogOf is where a talk stands; an empty name if nothing was asked.
func (a *App) DialogOf(ctx context.Context, telegramID int64) (Dialog, error) {
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return Dialog{}, err
	}
	var out Dialog
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		return t.each(ctx, `SELECT name, COALESCE(data, 'null') FROM dialogs WHERE telegram_id = $1`, []any{telegramID}, func(scan scanner) error {
			return scan(&out.Name, &out.Data)
		})
	})
	return out, err
}

// Turn is what handling an update brought about besides what the use cases did: messages to send and the dialog's next step.
type Turn struct {
	// UpdateID is the stored update's row.
	UpdateID   int
	TelegramID int64
	// Reachable says that the person was in their own chat with the bot, so that it can write to them.
	Reachable bool
	// Dialog is the next step; nil: as it was; an empty name: none.
	Dialog *Dialog
	Out    []OutgoingInput
}

// FinishTurn puts a turn's messages into the outbox, keeps its dialog and marks the update as handled, all at once: whatever
// happens before is done again, and what was done is not doubled, because each message has a key. For the bot.
func (a *App) FinishTurn(ctx context.Context, in Turn) error {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return err
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.putOutgoing(ctx, in.Out); err != nil {
			return err
		}
		if err := t.putDialog(ctx, in.TelegramID, in.Dialog); err != nil {
			return err
		}
		if in.Reachable {
			if err := t.reachable(ctx, in.TelegramID); err != nil {
				return err
			}
		}
		return t.handled(ctx, []int{in.UpdateID})
	})
}

func (t *tx) putDialog(ctx context.Context, telegramID int64, d *Dialog) error {
	if d == nil {
		return nil
	}
	if d.Name == "" {
		_, err := t.sql.ExecContext(ctx, `DELETE FROM dialogs WHERE telegram_id = $1`, telegramID)
		return err
	}
	_, err := t.sql.ExecContext(ctx, `
INSERT INTO dialogs (telegram_id, name, data, updated_at) VALUES ($1, $2, NULLIF($3, '')::jsonb, $4)
ON CONFLICT (telegram_id) DO UPDATE SET name = EXCLUDED.name, data = EXCLUDED.data, updated_at = EXCLUDED.updated_at`,
		telegramID, d.Name, string(d.Data), t.at)
	return err
}

// handled marks stored updates as done; one that is done stays so.
func (t *tx) handled(ctx context.Context, ids []int) error {
	_, err := t.sql.ExecContext(ctx, `
UPDATE telegram_updates SET state = 'HANDLED', handled_at = $2, fault = '' WHERE id = ANY($1) AND state <> 'HANDLED'`, idArray(ids), t.at)
	return err
}
