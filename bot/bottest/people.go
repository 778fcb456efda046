package bottest

import (
	"fmt"
	"time"

	"github.com/go-telegram/bot/models"
)

// User is a person of Telegram.
type User struct {
	models.User
	// Phone is what sharing the own contact tells; Place is what sharing the location does.
	Phone string
	Place models.Location

	s       *Server
	started bool
	blocked bool
	gone    bool
}

// User makes a person, or returns the one of this number. Language is the app's: uz, ru, en or another.
func (s *Server) User(id int64, first, last, username, language string) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[id]; u != nil {
		return u
	}
	u := &User{s: s, User: models.User{ID: id, FirstName: first, LastName: last, Username: username, LanguageCode: language}}
	u.Phone, u.Place = fmt.Sprintf("99890%07d", id%10000000), models.Location{Latitude: 41.2995, Longitude: 69.2401}
	s.users[id] = u
	s.newChat(&Chat{ID: id, Type: models.ChatTypePrivate, peer: u, account: s.BotID, members: []int64{id}, bot: models.ChatMemberTypeMember})
	return u
}

// Chat is the person's chat with the bot, who may write there once the person has, or after Starts.
func (u *User) Chat() *Chat {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	return u.s.chats[u.ID]
}

// Known lets the bot write to a person who has said nothing to it in this test.
func (u *User) Known() *User {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	u.started = true
	return u
}

// Deleted is a person who is no longer on Telegram.
func (u *User) Deleted() {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	u.gone = true
}

// Blocks blocks the bot; Unblocks lets it in again.
func (u *User) Blocks() { u.block(true) }

// Unblocks lets the bot in again.
func (u *User) Unblocks() { u.block(false) }

func (u *User) block(blocked bool) {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	u.blocked = blocked
	status := models.ChatMemberTypeMember
	if blocked {
		status = models.ChatMemberTypeBanned
	}
	u.s.setBot(u.s.chats[u.ID], u.User, status, u.s.now())
}

// Writing is how something is written, besides what.
type Writing func(*writing)

type writing struct {
	at      time.Time
	replyTo int
	topic   int
	album   string
	caption string
	as      *Chat
	origin  *models.MessageOrigin
	size    int64
}

func written(options []Writing) writing {
	var w writing
	for _, option := range options {
		option(&w)
	}
	return w
}

func (w writing) time(s *Server) time.Time {
	if w.at.IsZero() {
		return s.now()
	}
	return w.at
}

// At says when; otherwise it is now.
func At(at time.Time) Writing { return func(w *writing) { w.at = at } }

// ReplyTo answers a message of the same chat.
func ReplyTo(id int) Writing { return func(w *writing) { w.replyTo = id } }

// InTopic writes in a forum's topic.
func InTopic(id int) Writing { return func(w *writing) { w.topic = id } }

// Captioned writes below a picture or a file.
func Captioned(text string) Writing { return func(w *writing) { w.caption = text } }

// As writes in the name of a channel or of the group itself, as anonymous administrators do.
func As(c *Chat) Writing { return func(w *writing) { w.as = c } }

// ForwardedFrom forwards what a person wrote.
func ForwardedFrom(u *User, at time.Time) Writing {
	return func(w *writing) {
		w.origin = &models.MessageOrigin{Type: models.MessageOriginTypeUser, MessageOriginUser: &models.MessageOriginUser{Date: int(at.Unix()), SenderUser: u.User}}
	}
}

// Sized claims a size in bytes for a file, such as one too large to fetch.
func Sized(size int64) Writing { return func(w *writing) { w.size = size } }

func inAlbum(id string) Writing { return func(w *writing) { w.album = id } }

// Says writes a text.
func (u *User) Says(c *Chat, text string, options ...Writing) *models.Message {
	return u.sends(c, options, func(*Server, writing) models.Message { return models.Message{Text: text, Entities: entitiesOf(text)} })
}

// entitiesOf marks a command at the beginning, as apps do.
func entitiesOf(text string) []models.MessageEntity {
	if len(text) < 2 || text[0] != '/' {
		return nil
	}
	end := 0
	for end < len(text) && text[end] != ' ' && text[end] != '\n' {
		end++
	}
	return []models.MessageEntity{{Type: models.MessageEntityTypeBotCommand, Offset: 0, Length: end}}
}

// Opens follows https://t.me/<bot>?start=payload.
func (u *User) Opens(payload string, options ...Writing) *models.Message {
	text := "/start"
	if payload != "" {
		text += " " + payload
	}
	return u.Says(u.Chat(), text, options...)
}

// sends writes a message of any kind.
func (u *User) sends(c *Chat, options []Writing, make func(*Server, writing) models.Message) *models.Message {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	w := written(options)
	m := &message{chat: c, Message: make(s, w)}
	m.From, m.MediaGroupID, m.ForwardOrigin = &u.User, w.album, w.origin
	if w.as != nil {
		from := w.as.model()
		m.SenderChat = &from
		m.From = &models.User{ID: 1087968824, IsBot: true, FirstName: "Group", Username: "GroupAnonymousBot"}
		if w.as.Type == models.ChatTypeChannel {
			m.From = &models.User{ID: 136817688, IsBot: true, FirstName: "Channel", Username: "Channel_Bot"}
		}
	}
	if to := c.messages[w.replyTo]; to != nil {
		short := to.Message
		short.ReplyToMessage = nil
		m.ReplyToMessage, m.MessageThreadID = &short, to.MessageThreadID
	}
	if w.topic != 0 {
		m.MessageThreadID, m.IsTopicMessage = w.topic, true
	}
	if c.peer == u && c.conn == nil {
		u.started, u.blocked = true, false
	}
	s.arrive(m, w.time(s))
	out := m.Message
	return &out
}

// arrive keeps a message and tells the bot if it is there to see it. The lock is held.
func (s *Server) arrive(m *message, at time.Time) {
	c := m.chat
	s.keep(m, at)
	copied := m.Message
	switch {
	case c.conn != nil:
		m.BusinessConnectionID, copied.BusinessConnectionID = c.conn.ID, c.conn.ID
		if c.conn.enabled {
			s.emit("business_message", c.conn.ID+":"+c.line(), &models.Update{BusinessMessage: &copied})
		}
	case c.peer == nil && (c.bot == models.ChatMemberTypeLeft || c.bot == models.ChatMemberTypeBanned):
	case c.Type == models.ChatTypeChannel:
		s.emit("channel_post", c.line(), &models.Update{ChannelPost: &copied})
	default:
		s.emit("message", c.line(), &models.Update{Message: &copied})
	}
}

// Edits changes a text, or the caption of a message that has no text.
func (u *User) Edits(c *Chat, id int, text string, options ...Writing) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := c.messages[id]
	if m == nil || m.From == nil || m.From.ID != u.ID {
		s.t.Fatalf("bottest: %s cannot edit message %d", u.FirstName, id)
	}
	if m.Text != "" {
		m.Text = text
	} else {
		m.Caption = text
	}
	m.EditDate = int(written(options).time(s).Unix())
	copied := m.Message
	if c.conn != nil {
		s.emit("edited_business_message", c.conn.ID+":"+c.line(), &models.Update{EditedBusinessMessage: &copied})
		return
	}
	s.emit("edited_message", c.line(), &models.Update{EditedMessage: &copied})
}

// Deletes takes messages away. Telegram tells the bot only of business chats.
func (u *User) Deletes(c *Chat, ids ...int) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if m := c.messages[id]; m != nil {
			m.deleted = true
		}
	}
	if c.conn != nil {
		s.emit("deleted_business_messages", c.conn.ID+":"+c.line(), &models.Update{DeletedBusinessMessages: &models.BusinessMessagesDeleted{
			BusinessConnectionID: c.conn.ID, Chat: c.model(), MessageIDs: ids,
		}})
	}
}

// Reacts puts emoji to a message in place of those that the person had put there, which are given too.
func (u *User) Reacts(c *Chat, id int, before, now []string, options ...Writing) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	of := func(emoji []string) []models.ReactionType {
		out := []models.ReactionType{}
		for _, e := range emoji {
			out = append(out, models.ReactionType{Type: models.ReactionTypeTypeEmoji, ReactionTypeEmoji: &models.ReactionTypeEmoji{Emoji: e}})
		}
		return out
	}
	s.emit("message_reaction", c.line(), &models.Update{MessageReaction: &models.MessageReactionUpdated{
		Chat: c.model(), MessageID: id, User: &u.User, Date: int(written(options).time(s).Unix()), OldReaction: of(before), NewReaction: of(now),
	}})
}
