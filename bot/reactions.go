package bot

import (
	"context"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
)

// reacted keeps what somebody has put under a message now. Bots' own are left out, and those of people of the company in their
// private chat with the bot, of which nothing is recorded.
func (b *Bot) reacted(ctx context.Context, r *models.MessageReactionUpdated) error {
	chat, err := b.chatInput(&r.Chat)
	if err != nil {
		return err
	}
	in := app.ReactionInput{Chat: chat, MessageID: int64(r.MessageID), At: time.Unix(int64(r.Date), 0).UTC()}
	switch {
	case r.ActorChat != nil:
		in.From = r.ActorChat.ID
	case r.User == nil || r.User.IsBot:
		return nil
	default:
		in.From = r.User.ID
	}
	if r.Chat.Type == models.ChatTypePrivate {
		if _, ours, err := b.app.Standing(ctx, r.Chat.ID, in.At); err != nil || ours {
			return err
		}
	}
	for _, t := range r.NewReaction {
		switch {
		case t.ReactionTypeEmoji != nil:
			in.Emoji = append(in.Emoji, t.ReactionTypeEmoji.Emoji)
		case t.ReactionTypeCustomEmoji != nil:
			in.Emoji = append(in.Emoji, "custom:"+t.ReactionTypeCustomEmoji.CustomEmojiID)
		case t.ReactionTypePaid != nil:
			in.Emoji = append(in.Emoji, "paid")
		}
	}
	return b.app.PutReaction(ctx, in)
}
