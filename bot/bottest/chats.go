package bottest

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-telegram/bot/models"
)

// Chat is a chat that the bot is or was in, or a customer's chat with the owner of a business connection.
type Chat struct {
	// ID is as the Bot API counts.
	ID       int64
	Type     models.ChatType
	Title    string
	Username string
	// Forum is a supergroup with topics.
	Forum bool

	s        *Server
	peer     *User       // of a private chat
	conn     *Connection // of a business chat
	account  int64       // whose message ids it counts in; 0: its own
	newest   int
	members  []int64
	bot      models.ChatMemberType
	movedTo  int64
	linked   *Chat
	topics   map[int]string
	messages map[int]*message
	order    []*message
	keyboard *keyboard
	events   []Said
	read     int
}

// message is one of a chat as it stands.
type message struct {
	models.Message
	chat     *Chat
	byBot    bool
	html     string
	keyboard *keyboard
	file     []byte
	fileName string
	deleted  bool
}

func (s *Server) newChat(c *Chat) *Chat {
	c.s, c.messages, c.topics = s, map[int]*message{}, map[int]string{}
	if c.Type == models.ChatTypeGroup {
		c.account = s.BotID
	}
	s.chats[c.ID] = c
	return c
}

// Group makes a basic group, which the bot is an administrator of; its number is below 0.
func (s *Server) Group(id int64, title string, members ...*User) *Chat {
	return s.group(models.ChatTypeGroup, id, title, members)
}

// Supergroup makes a supergroup, which the bot is an administrator of; its number is -100….
func (s *Server) Supergroup(id int64, title string, members ...*User) *Chat {
	return s.group(models.ChatTypeSupergroup, id, title, members)
}

// Forum makes a supergroup with topics.
func (s *Server) Forum(id int64, title string, members ...*User) *Chat {
	c := s.Supergroup(id, title, members...)
	c.Forum = true
	return c
}

// Channel makes a channel whose posts are commented on in a supergroup; nil: they are not.
func (s *Server) Channel(id int64, title string, linked *Chat) *Chat {
	c := s.group(models.ChatTypeChannel, id, title, nil)
	c.linked = linked
	if linked != nil {
		linked.linked = c
	}
	return c
}

func (s *Server) group(kind models.ChatType, id int64, title string, members []*User) *Chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.newChat(&Chat{ID: id, Type: kind, Title: title, bot: models.ChatMemberTypeAdministrator})
	for _, m := range members {
		c.members = append(c.members, m.ID)
	}
	return c
}

// Topic opens a topic in a forum; it returns its message_thread_id.
func (c *Chat) Topic(title string) int {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	m := &message{chat: c, Message: models.Message{IsTopicMessage: true, ForumTopicCreated: &models.ForumTopicCreated{Name: title, IconColor: 7322096}}}
	m.From = &models.User{ID: c.ID, FirstName: title}
	c.s.keep(m, c.s.now())
	m.MessageThreadID = m.ID
	c.topics[m.ID] = title
	return m.ID
}

// model is the chat as the Bot API shows it.
func (c *Chat) model() models.Chat {
	out := models.Chat{ID: c.ID, Type: c.Type, Title: c.Title, Username: c.Username, IsForum: c.Forum}
	if c.peer != nil {
		out.FirstName, out.LastName, out.Username = c.peer.FirstName, c.peer.LastName, c.peer.Username
	}
	return out
}

func (c *Chat) line() string { return strconv.FormatInt(c.ID, 10) }

// message is one by its number as a call gives it; nil if there is none any more.
func (c *Chat) message(id string) *message {
	n, _ := strconv.Atoi(id)
	if m := c.messages[n]; m != nil && !m.deleted {
		return m
	}
	return nil
}

// keep numbers a message and keeps it. The lock is held.
func (s *Server) keep(m *message, at time.Time) {
	c := m.chat
	if c.account != 0 {
		s.accounts[c.account]++
		m.ID = s.accounts[c.account]
	} else {
		c.newest++
		m.ID = c.newest
	}
	m.Date, m.Chat = int(at.Unix()), c.model()
	c.messages[m.ID] = m
	c.order = append(c.order, m)
}

// setBot changes what the bot is in a chat and tells it. The lock is held.
func (s *Server) setBot(c *Chat, by models.User, status models.ChatMemberType, at time.Time) {
	old := *s.memberOf(c, s.BotID)
	c.bot = status
	s.emit("my_chat_member", c.line(), &models.Update{MyChatMember: &models.ChatMemberUpdated{
		Chat: c.model(), From: by, Date: int(at.Unix()), OldChatMember: old, NewChatMember: *s.memberOf(c, s.BotID),
	}})
}

// AddsBot adds the bot to a group; it becomes an administrator.
func (u *User) AddsBot(c *Chat) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setBot(c, u.User, models.ChatMemberTypeAdministrator, s.now())
	s.arrive(&message{chat: c, Message: models.Message{From: &u.User, NewChatMembers: []models.User{s.Bot()}}}, s.now())
}

// RemovesBot throws the bot out of a group.
func (u *User) RemovesBot(c *Chat) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.setBot(c, u.User, models.ChatMemberTypeBanned, c.s.now())
}

// Joins enters a group.
func (u *User) Joins(c *Chat) { u.moves(c, true) }

// Leaves leaves a group.
func (u *User) Leaves(c *Chat) { u.moves(c, false) }

func (u *User) moves(c *Chat, in bool) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	old := *s.memberOf(c, u.ID)
	c.members = slices.DeleteFunc(c.members, func(id int64) bool { return id == u.ID })
	m := &message{chat: c, Message: models.Message{From: &u.User, LeftChatMember: &u.User}}
	if in {
		c.members = append(c.members, u.ID)
		m.LeftChatMember, m.NewChatMembers = nil, []models.User{u.User}
	}
	s.emit("chat_member", c.line(), &models.Update{ChatMember: &models.ChatMemberUpdated{
		Chat: c.model(), From: u.User, Date: int(s.now().Unix()), OldChatMember: old, NewChatMember: *s.memberOf(c, u.ID),
	}})
	s.arrive(m, s.now())
}

// Migrates makes a supergroup of a basic group, with another number and numbers of messages that begin anew.
func (u *User) Migrates(c *Chat, to int64) *Chat {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	super := s.newChat(&Chat{ID: to, Type: models.ChatTypeSupergroup, Title: c.Title, bot: c.bot, members: slices.Clone(c.members)})
	s.arrive(&message{chat: c, Message: models.Message{From: &u.User, MigrateToChatID: to}}, s.now())
	s.arrive(&message{chat: super, Message: models.Message{From: &u.User, MigrateFromChatID: c.ID}}, s.now())
	c.movedTo = to
	return super
}

// Posts writes in a channel's name; it is forwarded to the group where it is commented on, whose message is returned, nil without one.
func (c *Chat) Posts(text string, options ...Writing) *models.Message {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	o := written(options)
	from := c.model()
	post := &message{chat: c, Message: models.Message{SenderChat: &from, Text: text}}
	s.arrive(post, o.time(s))
	if c.linked == nil {
		return nil
	}
	copied := &message{chat: c.linked, Message: models.Message{
		From: &models.User{ID: 777000, FirstName: "Telegram"}, SenderChat: &from, Text: text, IsAutomaticForward: true,
		ForwardOrigin: &models.MessageOrigin{Type: models.MessageOriginTypeChannel, MessageOriginChannel: &models.MessageOriginChannel{
			Date: post.Date, Chat: from, MessageID: post.ID,
		}},
	}}
	s.arrive(copied, o.time(s))
	out := copied.Message
	return &out
}

// Link is a message's address: only supergroups and channels have one.
func (c *Chat) Link(id int) string {
	return fmt.Sprintf("https://t.me/c/%d/%d", -c.ID-1000000000000, id)
}
