package app

import (
	"context"
	"time"

	"github.com/fincokpi/finco/domain"
)

// BusinessConnection is an account whose private chats the bot reads.
type BusinessConnection struct {
	// ID is Telegram's; the account gets another one whenever it connects the bot anew.
	ID string
	// TelegramID is the account.
	TelegramID int64
	Enabled    bool
	At         time.Time
}

// PutConnection keeps a business connection as Telegram tells of it; what is older than what is known changes nothing. For the bot.
func (a *App) PutConnection(ctx context.Context, in BusinessConnection) error {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return err
	}
	if in.ID == "" || len(in.ID) > 128 || in.TelegramID <= 0 || !believable(in.At) {
		return domain.Errorf(domain.KindInvalid, "a business connection needs its id, its account and a believable time")
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.sql.ExecContext(ctx, `
INSERT INTO business_connections (connection_id, telegram_id, enabled, connected_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (connection_id) DO UPDATE SET enabled = EXCLUDED.enabled, connected_at = EXCLUDED.connected_at
WHERE business_connections.telegram_id = EXCLUDED.telegram_id AND business_connections.connected_at <= EXCLUDED.connected_at`,
			in.ID, in.TelegramID, in.Enabled, in.At)
		return err
	})
}

// Connection is a business connection by Telegram's id; not_found if Telegram never told of it. For the bot.
func (a *App) Connection(ctx context.Context, id string) (BusinessConnection, error) {
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return BusinessConnection{}, err
	}
	out := BusinessConnection{ID: id}
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		const q = `SELECT telegram_id, enabled, connected_at FROM business_connections WHERE connection_id = $1`
		return t.each(ctx, q, []any{id}, func(scan scanner) error { return scan(&out.TelegramID, &out.Enabled, &out.At) })
	})
	if err == nil && out.TelegramID == 0 {
		err = domain.Errorf(domain.KindNotFound, "there is no such business connection")
	}
	return out, err
}

// Standing is what a Telegram account is to the company at a moment: whether somebody of the company works there with it on that day,
// and whether it is, or is going to be, theirs, which it no longer is once they have left. For the bot, which keeps what such
// people tell it in private out of the records.
func (a *App) Standing(ctx context.Context, telegramID int64, at time.Time) (works, ours bool, err error) {
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return false, false, err
	}
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		if p := r.byTelegram[telegramID]; p != nil {
			works, ours = p.works(r.day(at)), p.Left == nil || !r.day(at).After(*p.Left)
		}
		return nil
	})
	return works, ours, err
}

// KnowChat makes the record of a chat that the bot has come into, or gives it its present title. For the bot.
func (a *App) KnowChat(ctx context.Context, in ChatInput) error {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return err
	}
	if in.TelegramID == 0 {
		return domain.Errorf(domain.KindInvalid, "a chat without an id")
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.writeFacts(ctx); err != nil {
			return err
		}
		_, err := t.putChat(ctx, in)
		return err
	})
}

// putChat is the row of a chat, made if there is none, where it belongs since it may have moved.
func (t *tx) putChat(ctx context.Context, in ChatInput) (int, error) {
	key, shift, err := t.movedChat(ctx, chatKey{in.Mailbox, in.TelegramID})
	if err != nil {
		return 0, err
	}
	if shift != 0 {
		in = ChatInput{TelegramID: key.telegramID, Kind: "SUPERGROUP"}
	}
	r := recording{tx: t}
	if r.roster, err = t.roster(ctx); err != nil {
		return 0, err
	}
	if err := r.putChats(ctx, []MessageInput{{Chat: in}}); err != nil {
		return 0, err
	}
	r.touched = touched{{chat: r.chats[key]}}
	return r.chats[key], r.assignChats(ctx)
}
