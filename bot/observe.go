package bot

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/auth"
)

// observe takes notice of what an update says of chats rather than in them; done tells that this was all there is to it. Doing it
// again changes nothing.
func (b *Bot) observe(ctx context.Context, u *models.Update) (done bool, err error) {
	ctx = auth.With(ctx, system)
	switch {
	case u.BusinessConnection != nil:
		return true, b.connected(ctx, u.BusinessConnection)
	case u.DeletedBusinessMessages != nil:
		return true, b.deleted(ctx, u.DeletedBusinessMessages)
	case u.MessageReaction != nil:
		return true, b.reacted(ctx, u.MessageReaction)
	case u.MyChatMember != nil:
		return true, b.joined(ctx, u.MyChatMember)
	case u.ChatMember != nil:
		return true, nil // who is in a chat is not kept: who writes is what counts
	case u.Message != nil:
		return false, b.migrated(ctx, u.Message)
	}
	return false, nil
}

// joined makes the record of a chat that the bot was put into, or keeps whether it can write to somebody. Nothing goes when it is put out: what was recorded stays.
func (b *Bot) joined(ctx context.Context, u *models.ChatMemberUpdated) error {
	status := u.NewChatMember.Type
	if u.Chat.Type == models.ChatTypePrivate { // somebody blocked the bot, or started it again
		return b.app.KeepReachable(ctx, u.Chat.ID, status != models.ChatMemberTypeBanned)
	}
	b.log.Info("the bot's place in a chat is another now", slog.Int64("chat", u.Chat.ID), slog.String("place", string(status)))
	if status == models.ChatMemberTypeLeft || status == models.ChatMemberTypeBanned {
		return nil
	}
	chat, err := b.chatInput(&u.Chat)
	if err != nil {
		return err
	}
	return b.app.KnowChat(ctx, chat)
}

// linkLife is how long it is believed which channel a group belongs to.
const linkLife = time.Hour

// seen is what was learned of Telegram lately and never changes, or is asked anew soon: it saves calls and reads for each message.
type seen struct {
	mu       sync.Mutex
	accounts map[string]int64
	links    map[int64]link
}

type link struct {
	channel int64
	until   time.Time
}

func (s *seen) account(connection string) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.accounts[connection]
	return id, ok
}

func (s *seen) connect(connection string, account int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.accounts == nil {
		s.accounts = map[string]int64{}
	}
	s.accounts[connection] = account
}

func (s *seen) linked(chat int64, now time.Time) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.links[chat]
	return l.channel, ok && now.Before(l.until)
}

func (s *seen) link(chat, channel int64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.links == nil {
		s.links = map[int64]link{}
	}
	s.links[chat] = link{channel, now.Add(linkLife)}
}

// linkedChannel is the channel that a group belongs to, whose posts are discussed there or whose direct messages it holds; 0 without
// one. Telegram says it with the posts it forwards; else it is asked, which only messages in the name of a channel make necessary.
func (b *Bot) linkedChannel(ctx context.Context, chat int64) (int64, error) {
	if id, ok := b.seen.linked(chat, b.app.Now()); ok {
		return id, nil
	}
	var full struct {
		LinkedChatID int64        `json:"linked_chat_id"`
		Parent       *models.Chat `json:"parent_chat"`
	}
	err := b.lookup(ctx, "getChat", map[string]any{"chat_id": chat}, &full)
	if err != nil && !badRequest(err) && !forbidden(err) {
		return 0, err
	}
	if full.LinkedChatID == 0 && full.Parent != nil {
		full.LinkedChatID = full.Parent.ID
	}
	b.seen.link(chat, full.LinkedChatID, b.app.Now())
	return full.LinkedChatID, nil
}
