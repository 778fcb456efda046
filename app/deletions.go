package app

import (
	"context"

	"github.com/lib/pq"
)

// HideMessages notes that messages of a chat were deleted in Telegram, and returns how many were known and not deleted before. Their
// words are shown to nobody from then on; what they opened or closed stays. For the bot.
func (a *App) HideMessages(ctx context.Context, chat ChatInput, ids []int64) (int, error) {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return 0, err
	}
	hidden := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.writeFacts(ctx); err != nil {
			return err
		}
		key, shift, err := t.movedChat(ctx, chatKey{chat.Mailbox, chat.TelegramID})
		if err != nil {
			return err
		}
		found, err := t.ids(ctx, `
UPDATE messages m SET deleted_at = $5 FROM chats c
WHERE c.mailbox = $1 AND c.telegram_id = $2 AND m.chat_id = c.id AND m.telegram_id = ANY(SELECT unnest($3::bigint[]) + $4::bigint) AND m.deleted_at IS NULL
RETURNING m.id`, key.mailbox, key.telegramID, pq.Int64Array(ids), shift, t.at)
		hidden = len(found)
		t.emit(MessageReceived, found...)
		return err
	})
	return hidden, err
}
