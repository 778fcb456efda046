package bottest

import (
	"fmt"
	"strconv"

	"github.com/go-telegram/bot/models"
)

// Connection is a person's account with the bot connected to it, which reads the account's chats with customers.
type Connection struct {
	ID string

	s       *Server
	owner   *User
	enabled bool
	date    int64
	chats   map[int64]*Chat
}

// Connects connects the bot to a person's account; connecting anew gives another id.
func (u *User) Connects() *Connection {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Connection{ID: fmt.Sprintf("business%d", s.number()), s: s, owner: u, enabled: true, date: s.now().Unix(), chats: map[int64]*Chat{}}
	for _, old := range s.connections {
		if old.owner == u {
			c.chats = old.chats
		}
	}
	for _, chat := range c.chats {
		chat.conn = c
	}
	s.connections[c.ID] = c
	s.emit("business_connection", c.ID, &models.Update{BusinessConnection: c.model()})
	return c
}

// Ends takes the connection back.
func (c *Connection) Ends() {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.enabled = false
	c.s.emit("business_connection", c.ID, &models.Update{BusinessConnection: c.model()})
}

func (c *Connection) model() *models.BusinessConnection {
	return &models.BusinessConnection{ID: c.ID, User: c.owner.User, UserChatID: c.owner.ID, Date: c.date, IsEnabled: c.enabled,
		Rights: &models.BusinessBotRights{CanReply: true, CanReadMessages: true}}
}

// With is the owner's chat with a customer; both write there with Says.
func (c *Connection) With(customer *User) *Chat {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if chat := c.chats[customer.ID]; chat != nil {
		return chat
	}
	chat := &Chat{s: c.s, ID: customer.ID, Type: models.ChatTypePrivate, peer: customer, conn: c, account: c.owner.ID,
		messages: map[int]*message{}, topics: map[int]string{}}
	c.chats[customer.ID] = chat
	return chat
}

func (s *Server) businessChat(id, chat string) (*Chat, error) {
	conn := s.connections[id]
	n, _ := strconv.ParseInt(chat, 10, 64)
	switch {
	case conn == nil || !conn.enabled:
		return nil, bad("BUSINESS_CONNECTION_INVALID")
	case conn.chats[n] == nil:
		return nil, bad("BUSINESS_PEER_INVALID")
	}
	return conn.chats[n], nil
}
