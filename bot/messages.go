package bot

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

// notifications is Telegram's own account, which sends people the codes they sign in with.
const notifications = 777000

// message is what an update brings to be recorded; false if that is nothing. It maps as the import of an export does, so that the
// same message by both doors is one row.
func (b *Bot) message(ctx context.Context, u *models.Update) (in app.MessageInput, ok bool, err error) {
	m, edited := messageOf(u)
	if m == nil {
		return app.MessageInput{}, false, nil
	}
	in, ok, err = b.input(auth.With(ctx, system), m)
	in.Edit = edited
	return in, ok, err
}

// messageOf is the message of an update, and whether it came because it was edited.
func messageOf(u *models.Update) (m *models.Message, edited bool) {
	for _, m := range []*models.Message{u.Message, u.ChannelPost, u.BusinessMessage} {
		if m != nil {
			return m, false
		}
	}
	for _, m := range []*models.Message{u.EditedMessage, u.EditedChannelPost, u.EditedBusinessMessage} {
		if m != nil {
			return m, true
		}
	}
	return nil, false
}

func (b *Bot) input(ctx context.Context, m *models.Message) (in app.MessageInput, ok bool, err error) {
	if in.Chat, ok, err = b.chatOf(ctx, m); err != nil || !ok {
		return in, false, err
	}
	content := contentOf(m)
	in.Kind = content.kind
	if in.Sender, err = b.senderOf(ctx, m); err != nil {
		return in, false, err
	}
	if in.Kind == kindService {
		in.Sender.Kind = app.FromNobody
	}
	in.TelegramID = int64(m.ID)
	in.Thread = threadOf(m)
	in.SentAt = time.Unix(int64(m.Date), 0).UTC()
	if m.EditDate > 0 {
		at := time.Unix(int64(m.EditDate), 0).UTC()
		in.EditedAt = &at
	}
	in.ReplyTo = replyOf(m)
	entities := m.Entities
	in.Text = m.Text
	if in.Text == "" {
		in.Text, entities = m.Caption, m.CaptionEntities
	}
	if len(entities) > 0 {
		if in.Entities, err = json.Marshal(entities); err != nil {
			return in, false, err
		}
	}
	if len(content.attachments) > 0 {
		if in.Attachments, err = json.Marshal(content.attachments); err != nil {
			return in, false, err
		}
	}
	if content.file != nil && in.Sender.Kind != app.FromNobody {
		in.Files = []app.FileInput{*content.file}
	}
	return in, true, nil
}

// chatOf is where a message belongs; false if it is not to be recorded: what people of the company tell the bot in private, what
// anybody asks the bot itself there, and what comes from the business account of somebody who does not work here.
func (b *Bot) chatOf(ctx context.Context, m *models.Message) (chat app.ChatInput, ok bool, err error) {
	if chat, err = b.chatInput(&m.Chat); err != nil {
		return chat, false, err
	}
	sent := time.Unix(int64(m.Date), 0)
	switch {
	case m.BusinessConnectionID != "":
		return b.businessChat(ctx, m.BusinessConnectionID, &m.Chat, sent)
	case m.Chat.Type != models.ChatTypePrivate:
		return chat, true, nil
	case m.From != nil && m.From.ID == m.Chat.ID && forBot(m):
		return chat, false, nil
	}
	_, ours, err := b.app.Standing(ctx, m.Chat.ID, sent)
	return chat, !ours && err == nil, err
}

// forBot tells whether a message in a private chat is meant for the bot rather than for the company: a command, or the contact or
// place that the bot asks for.
func forBot(m *models.Message) bool {
	return isCommand(m.Text) || m.Contact != nil || m.Location != nil
}

// chatInput is a chat that the bot itself is in; invalid if it is of no type that Telegram has. Ids of messages are the bot's own but
// for supergroups and channels.
func (b *Bot) chatInput(c *models.Chat) (app.ChatInput, error) {
	in := app.ChatInput{TelegramID: c.ID, Kind: chatKinds[c.Type], Title: titleOf(c)}
	if in.Kind == "" {
		return in, domain.Errorf(domain.KindInvalid, "its chat is of a type that this version of FinCo does not know")
	}
	if c.Type == models.ChatTypePrivate || c.Type == models.ChatTypeGroup {
		in.Mailbox = b.mailbox()
	}
	return in, nil
}

// mailbox is that of the bot's own private chats and basic groups.
func (b *Bot) mailbox() string { return strconv.FormatInt(b.id(), 10) }

var chatKinds = map[models.ChatType]string{
	models.ChatTypePrivate:    "PRIVATE",
	models.ChatTypeGroup:      "GROUP",
	models.ChatTypeSupergroup: "SUPERGROUP",
	models.ChatTypeChannel:    "CHANNEL",
}

func titleOf(c *models.Chat) string {
	if c.Title != "" {
		return c.Title
	}
	return strings.TrimSpace(c.FirstName + " " + c.LastName)
}

// threadOf is the topic of a forum, or the person's own part of a channel's direct messages. Comments have thread ids, too, but
// are no topics.
func threadOf(m *models.Message) int64 {
	switch {
	case m.DirectMessagesTopic != nil:
		return int64(m.DirectMessagesTopic.TopicID)
	case m.IsTopicMessage:
		return int64(m.MessageThreadID)
	}
	return 0
}

// replyOf is the message of the same chat that this one answers. Whatever is said in a topic answers, to Telegram, the message that
// began the topic; that is none of ours.
func replyOf(m *models.Message) *int64 {
	r := m.ReplyToMessage
	if r == nil || r.ID <= 0 || r.Chat.ID != m.Chat.ID || r.ForumTopicCreated != nil {
		return nil
	}
	id := int64(r.ID)
	return &id
}

// senderOf is in whose name a message was written.
func (b *Bot) senderOf(ctx context.Context, m *models.Message) (app.SenderInput, error) {
	switch {
	case m.SenderChat != nil:
		return b.senderChat(ctx, m)
	case m.From == nil && m.Chat.Type == models.ChatTypeChannel:
		return app.SenderInput{Kind: app.FromChat, TelegramID: m.Chat.ID, Name: m.Chat.Title, Username: m.Chat.Username}, nil
	case m.From == nil:
		return app.SenderInput{Kind: app.FromNobody}, nil
	}
	in := app.SenderInput{
		Kind: app.FromUser, TelegramID: m.From.ID, Name: strings.TrimSpace(m.From.FirstName + " " + m.From.LastName), Username: m.From.Username,
	}
	if m.From.IsBot || m.SenderBusinessBot != nil || m.IsAutomaticForward {
		in.Kind = app.FromNobody
		return in, nil
	}
	if m.BusinessConnectionID != "" {
		return in, nil
	}
	if m.Chat.Type == models.ChatTypePrivate {
		in.Kind = app.FromNobody // nobody of the company can answer in the bot's own chats, so nobody owes an answer there
		return in, nil
	}
	return b.unlessAsked(ctx, m, in)
}

// unlessAsked is the sender of a message in a group: what is asked of the bot, by whomever, is on no side.
func (b *Bot) unlessAsked(ctx context.Context, m *models.Message, in app.SenderInput) (app.SenderInput, error) {
	asked, err := b.asksBot(ctx, m)
	if asked {
		in.Kind = app.FromNobody
	}
	return in, err
}

// senderChat is the sender of a message in the name of a chat: the chat itself or its channel is staff without a person; the channel
// of somebody else is that somebody, known by the channel.
func (b *Bot) senderChat(ctx context.Context, m *models.Message) (app.SenderInput, error) {
	in := app.SenderInput{Kind: app.FromUser, TelegramID: m.SenderChat.ID, Name: titleOf(m.SenderChat), Username: m.SenderChat.Username}
	if m.IsAutomaticForward {
		b.seen.link(m.Chat.ID, m.SenderChat.ID, b.app.Now())
		in.Kind = app.FromNobody
		return in, nil
	}
	if m.SenderChat.ID != m.Chat.ID {
		linked, err := b.linkedChannel(ctx, m.Chat.ID)
		if err != nil {
			return in, err
		}
		if linked != m.SenderChat.ID {
			return b.unlessAsked(ctx, m, in)
		}
	}
	in.Kind = app.FromChat
	return b.unlessAsked(ctx, m, in)
}

// commandForm is what Telegram itself marks as a command.
var commandForm = regexp.MustCompile(`^/[A-Za-z0-9_]{1,64}(@[A-Za-z0-9_]+)?(\s|$)`)

func isCommand(text string) bool { return commandForm.MatchString(text) }

// asksBot tells whether a message in a group is a command for this bot: said to it by name, or one of its own.
func (b *Bot) asksBot(ctx context.Context, m *models.Message) (bool, error) {
	if !isCommand(m.Text) {
		return false, nil
	}
	username, err := b.username(ctx)
	if err != nil {
		return false, err
	}
	name, _, ok := parseCommand(m.Text, username)
	if !ok {
		return false, nil
	}
	if first := strings.Fields(m.Text)[0]; strings.Contains(first, "@") {
		return true, nil
	}
	return slices.ContainsFunc(commands(), func(c command) bool { return c.name == name }), nil
}
