package app

import (
	"context"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/domain"
)

// ReactionInput is what somebody put under a message: all of it, which takes the place of what they had put there before.
type ReactionInput struct {
	Chat      ChatInput
	MessageID int64
	// From is who reacted: a person, or the chat in whose name they did.
	From int64
	// Emoji are those there now, in order; none: taken back.
	Emoji []string
	At    time.Time
}

// maxReactions is more than Telegram lets anybody put under a message.
const maxReactions = 100

// PutReaction keeps a reaction, of a message that is known or is to come. What is older than what is known changes nothing. For the bot.
func (a *App) PutReaction(ctx context.Context, in ReactionInput) error {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return err
	}
	if in.Chat.TelegramID == 0 || in.MessageID <= 0 || in.From == 0 || len(in.Emoji) > maxReactions || !believable(in.At) {
		return domain.Errorf(domain.KindInvalid, "a reaction needs its chat, its message, who reacted and a believable time")
	}
	emoji := make([]string, len(in.Emoji))
	for i, e := range in.Emoji {
		emoji[i] = clip(e, 64)
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.writeFacts(ctx); err != nil {
			return err
		}
		_, shift, err := t.movedChat(ctx, chatKey{in.Chat.Mailbox, in.Chat.TelegramID})
		if err != nil {
			return err
		}
		chat, err := t.putChat(ctx, in.Chat)
		if err != nil {
			return err
		}
		_, err = t.sql.ExecContext(ctx, `
INSERT INTO reactions (chat_id, message_telegram_id, telegram_id, emoji, reacted_at) VALUES ($1, $2, $3, to_jsonb($4::text[]), $5)
ON CONFLICT (chat_id, message_telegram_id, telegram_id) DO UPDATE SET emoji = EXCLUDED.emoji, reacted_at = EXCLUDED.reacted_at
WHERE reactions.reacted_at <= EXCLUDED.reacted_at`, chat, in.MessageID+shift, in.From, pq.StringArray(emoji), in.At)
		if err != nil {
			return err
		}
		message, err := t.ids(ctx, `SELECT id FROM messages WHERE chat_id = $1 AND telegram_id = $2`, chat, in.MessageID+shift)
		t.emit(MessageReceived, message...)
		return err
	})
}
