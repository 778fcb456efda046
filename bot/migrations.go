package bot

import (
	"context"

	"github.com/go-telegram/bot/models"
)

// migrated moves the records of a basic group that became a supergroup. Telegram says so twice, in the old chat and in the new one;
// whichever comes first does it.
func (b *Bot) migrated(ctx context.Context, m *models.Message) error {
	switch {
	case m.MigrateToChatID != 0:
		return b.app.MigrateChat(ctx, b.mailbox(), m.Chat.ID, m.MigrateToChatID)
	case m.MigrateFromChatID != 0:
		return b.app.MigrateChat(ctx, b.mailbox(), m.MigrateFromChatID, m.Chat.ID)
	}
	return nil
}
