package bot

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
)

// connected keeps that an account lets the bot read its private chats, or does no longer.
func (b *Bot) connected(ctx context.Context, c *models.BusinessConnection) error {
	at := time.Unix(c.Date, 0).UTC()
	works, _, err := b.app.Standing(ctx, c.User.ID, at)
	if err != nil {
		return err
	}
	if c.IsEnabled && !works {
		b.log.Warn("the bot was connected to the account of somebody who does not work here; what is written there is not recorded", slog.Int64("account", c.User.ID))
	}
	if err := b.app.PutConnection(ctx, app.BusinessConnection{ID: c.ID, TelegramID: c.User.ID, Enabled: c.IsEnabled, At: at}); err != nil {
		return err
	}
	b.seen.connect(c.ID, c.User.ID)
	return nil
}

// account is whose connection it is. One that we were never told of is asked for; if Telegram does not know it either, the update is
// invalid, and can be replayed when it is known.
func (b *Bot) account(ctx context.Context, connection string) (int64, error) {
	if id, ok := b.seen.account(connection); ok {
		return id, nil
	}
	known, err := b.app.Connection(ctx, connection)
	if domain.KindOf(err) == domain.KindNotFound {
		var c models.BusinessConnection
		err = b.lookup(ctx, "getBusinessConnection", map[string]any{"business_connection_id": connection}, &c)
		switch {
		case badRequest(err) || forbidden(err):
			return 0, domain.Errorf(domain.KindInvalid, "telegram does not know its business connection; replay it when the account has connected the bot again")
		case err != nil:
			return 0, err
		}
		if err := b.connected(ctx, &c); err != nil {
			return 0, err
		}
		return c.User.ID, nil
	}
	if err == nil {
		b.seen.connect(connection, known.TelegramID)
	}
	return known.TelegramID, err
}

// businessChat is somebody's private chat with a customer; false if it is not to be recorded: its account is not of somebody who works
// here, or it is where Telegram sends codes to.
func (b *Bot) businessChat(ctx context.Context, connection string, chat *models.Chat, at time.Time) (in app.ChatInput, ok bool, err error) {
	account, err := b.account(ctx, connection)
	if err != nil {
		return in, false, err
	}
	in = app.ChatInput{Mailbox: strconv.FormatInt(account, 10), TelegramID: chat.ID, Kind: chatKinds[chat.Type], Title: titleOf(chat), Holder: account}
	works, _, err := b.app.Standing(ctx, account, at)
	return in, works && chat.ID != notifications, err
}

// deleted hides the words of messages that were deleted in a business chat, the only ones of which Telegram tells.
func (b *Bot) deleted(ctx context.Context, d *models.BusinessMessagesDeleted) error {
	account, err := b.account(ctx, d.BusinessConnectionID)
	if err != nil {
		return err
	}
	ids := make([]int64, len(d.MessageIDs))
	for i, id := range d.MessageIDs {
		ids[i] = int64(id)
	}
	_, err = b.app.HideMessages(ctx, app.ChatInput{Mailbox: strconv.FormatInt(account, 10), TelegramID: d.Chat.ID}, ids)
	return err
}
