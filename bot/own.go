package bot

import (
	"context"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
)

// logOwn records what the bot has written in a chat with customers, which Telegram does not deliver to it. It is on no side. What it
// writes to people of the company in private is not recorded.
func (b *Bot) logOwn(ctx context.Context, m *models.Message) error {
	in, ok, err := b.input(auth.With(ctx, system), m)
	if err != nil || !ok {
		return err
	}
	in.Sender.Kind = app.FromNobody
	_, err = b.app.RecordMessage(auth.With(ctx, recorder), in)
	return err
}
