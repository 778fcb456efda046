package bottest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"
)

// Said is a message of the bot as it stood when it was sent or edited.
type Said struct {
	ID     int
	Chat   int64
	Topic  int
	Edited bool
	// Text is what people read, caption or text; HTML is what the bot wrote.
	Text, HTML string
	// Buttons are the inline ones, else those of the keyboard.
	Buttons [][]Button
	// KeyboardRemoved tells that the keyboard was taken away.
	KeyboardRemoved bool
	ReplyTo         int
	// File is what was sent with it, and its kind: photo, document or voice.
	File           []byte
	FileName, Kind string
	At             time.Time
}

func said(m *message, edited bool) Said {
	out := Said{
		ID: m.ID, Chat: m.chat.ID, Topic: m.MessageThreadID, Edited: edited, Text: m.Text + m.Caption, HTML: m.html, Buttons: m.keyboard.buttons(),
		KeyboardRemoved: m.keyboard != nil && m.keyboard.remove, File: m.file, FileName: m.fileName, At: time.Unix(int64(max(m.Date, m.EditDate)), 0),
	}
	if m.ReplyToMessage != nil {
		out.ReplyTo = m.ReplyToMessage.ID
	}
	switch {
	case m.Photo != nil:
		out.Kind = "photo"
	case m.Document != nil:
		out.Kind = "document"
	case m.Voice != nil:
		out.Kind = "voice"
	}
	return out
}

// patience is how long watching waits at most; what is waited for comes much sooner or never.
const patience = time.Minute

// wait waits until a condition holds; false if the context ends first.
func (s *Server) wait(ctx context.Context, holds func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !holds() {
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			s.mu.Lock()
			return false
		}
		s.mu.Lock()
	}
	return true
}

// Next is the bot's next message or edit in a chat that Next has not returned yet. It waits for it; the test ends if none comes.
func (c *Chat) Next(ctx context.Context) Said {
	c.s.t.Helper()
	var out Said
	ok := c.s.wait(ctx, func() bool {
		if c.read == len(c.events) {
			return false
		}
		out = c.events[c.read]
		c.read++
		return true
	})
	if !ok {
		c.s.t.Fatalf("bottest: the bot said nothing more in chat %d; what went wrong: %v", c.ID, c.s.refused())
	}
	return out
}

// Until is the first message or edit among the next ones that a condition holds for.
func (c *Chat) Until(ctx context.Context, holds func(Said) bool) Said {
	c.s.t.Helper()
	for {
		if out := c.Next(ctx); holds(out) {
			return out
		}
	}
}

// Unread are the bot's messages and edits that Next would return at once.
func (c *Chat) Unread() []Said {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return slices.Clone(c.events[c.read:])
}

// Said are the bot's messages in a chat as they stand now.
func (c *Chat) Said() []Said {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	var out []Said
	for _, m := range c.order {
		if m.byBot && !m.deleted {
			out = append(out, said(m, m.EditDate != 0))
		}
	}
	return out
}

// Messages are everybody's in a chat as they stand now, without what was deleted.
func (c *Chat) Messages() []models.Message {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	var out []models.Message
	for _, m := range c.order {
		if !m.deleted {
			out = append(out, m.Message)
		}
	}
	return out
}

// Presses presses a button of the newest message of the bot that has it, or of the keyboard. It returns the press, for Answered; a keyboard's
// button says its text or shares what it asks for, and returns "".
func (u *User) Presses(c *Chat, text string, options ...Writing) string {
	u.s.t.Helper()
	return u.press(c, 0, func(b Button) bool { return b.Text == text }, text, options)
}

// PressesOn presses a button of one message.
func (u *User) PressesOn(c *Chat, message int, text string, options ...Writing) string {
	u.s.t.Helper()
	return u.press(c, message, func(b Button) bool { return b.Text == text }, text, options)
}

// PressesData presses the newest button whose data begins so.
func (u *User) PressesData(c *Chat, prefix string, options ...Writing) string {
	u.s.t.Helper()
	return u.press(c, 0, func(b Button) bool { return b.Data != "" && strings.HasPrefix(b.Data, prefix) }, prefix, options)
}

func (u *User) press(c *Chat, on int, is func(Button) bool, name string, options []Writing) string {
	s := u.s
	s.t.Helper()
	s.mu.Lock()
	for _, m := range slices.Backward(c.order) {
		if !m.byBot || m.deleted || on != 0 && m.ID != on || m.keyboard == nil || len(m.keyboard.inline) == 0 {
			continue
		}
		for _, b := range slices.Concat(m.keyboard.buttons()...) {
			if is(b) && b.Data != "" {
				defer s.mu.Unlock()
				return s.pressed(u, m, b)
			}
		}
	}
	var found *Button
	if c.keyboard != nil && on == 0 {
		for _, b := range slices.Concat(c.keyboard.buttons()...) {
			if is(b) {
				found = &b
			}
		}
	}
	if found != nil && c.keyboard.oneTime {
		c.keyboard = nil
	}
	s.mu.Unlock()
	switch {
	case found == nil:
		s.t.Fatalf("bottest: there is no button %q to press in chat %d", name, c.ID)
	case found.Contact:
		u.SharesContact(c, options...)
	case found.Location:
		u.SharesLocation(c, options...)
	default:
		u.Says(c, found.Text, options...)
	}
	return ""
}

func (s *Server) pressed(u *User, m *message, b Button) string {
	id := "press" + strconv.Itoa(s.number())
	s.callbacks[id] = &callback{at: s.now()}
	shown := m.Message
	s.emit("callback_query", strconv.FormatInt(u.ID, 10), &models.Update{CallbackQuery: &models.CallbackQuery{
		ID: id, From: u.User, ChatInstance: m.chat.line(), Data: b.Data,
		Message: models.MaybeInaccessibleMessage{Type: models.MaybeInaccessibleMessageTypeMessage, Message: &shown},
	}})
	return id
}

// Answered waits for what the bot says to a press.
func (s *Server) Answered(ctx context.Context, press string) Answer {
	s.t.Helper()
	var out Answer
	ok := s.wait(ctx, func() bool {
		c := s.callbacks[press]
		if c == nil || c.answer == nil {
			return false
		}
		out = *c.answer
		return true
	})
	if !ok {
		s.t.Fatalf("bottest: the bot did not answer press %s", press)
	}
	return out
}

// Calls are those made so far, of one method or, without one, all.
func (s *Server) Calls(method string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.callsOf(method)
}

func (s *Server) callsOf(method string) []Call {
	return slices.DeleteFunc(slices.Clone(s.calls), func(c Call) bool { return method != "" && c.Method != method })
}

// Await waits until a method was called so often and answered; it returns the calls.
func (s *Server) Await(ctx context.Context, method string, times int) []Call {
	s.t.Helper()
	var out []Call
	ok := s.wait(ctx, func() bool {
		out = slices.DeleteFunc(s.callsOf(method), func(c Call) bool { return c.Code == 0 && method != "file" })
		return len(out) >= times
	})
	if !ok {
		s.t.Fatalf("bottest: %s was called %d times, not %d", method, len(out), times)
	}
	return out
}

// Drained waits until the bot has confirmed every update.
func (s *Server) Drained(ctx context.Context) {
	s.t.Helper()
	if !s.wait(ctx, func() bool { return len(s.updates.waiting) == 0 }) {
		s.t.Fatalf("bottest: %d updates were not confirmed", s.Pending())
	}
}

// Menu is the list of commands of a scope, such as "default" or "chat:100002", in a language, "" for all others.
func (s *Server) Menu(scope, language string) []models.BotCommand {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.menus[scope+" "+language]
}

// Description is a text that the bot set: name, description or short_description, in a language, "" for all others.
func (s *Server) Description(field, language string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.texts[strings.TrimSpace(field+" "+language)]
}

// refused are the methods that were not answered with 200, for the message of a test that fails.
func (s *Server) refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.calls {
		if c.Code != 0 && c.Code != 200 {
			out = append(out, c.Method)
		}
	}
	return out
}

// Started waits until a method was called so often, answered or not.
func (s *Server) Started(ctx context.Context, method string, times int) {
	s.t.Helper()
	if !s.wait(ctx, func() bool { return len(s.callsOf(method)) >= times }) {
		s.t.Fatalf("bottest: %s was not called %d times", method, times)
	}
}
