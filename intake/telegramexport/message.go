package telegramexport

import (
	"encoding/json"
	"regexp"
	"strconv"
	"time"
)

// record is a message as the file has it.
type record struct {
	ID           number          `json:"id"`
	Type         text            `json:"type"`
	Date         text            `json:"date"`
	DateUnix     number          `json:"date_unixtime"`
	Edited       text            `json:"edited"`
	EditedUnix   number          `json:"edited_unixtime"`
	From         text            `json:"from"`
	FromID       peer            `json:"from_id"`
	Actor        text            `json:"actor"`
	ActorID      peer            `json:"actor_id"`
	Action       text            `json:"action"`
	Title        text            `json:"title"`
	NewTitle     text            `json:"new_title"`
	ReplyTo      number          `json:"reply_to_message_id"`
	ReplyToPeer  peer            `json:"reply_to_peer_id"`
	Forwarded    text            `json:"forwarded_from"`
	ForwardedID  peer            `json:"forwarded_from_id"`
	ViaBot       text            `json:"via_bot"`
	Text         json.RawMessage `json:"text"`
	TextEntities json.RawMessage `json:"text_entities"`
	Reactions    json.RawMessage `json:"reactions"`
	mediaRecord
}

// The years between which a time is believed. Telegram is of 2013; exports write 0 for "never".
const (
	earliest = 1356998400 // 2013-01-01
	latest   = 4102444800 // 2100-01-01
)

// migratedShift is what Telegram Desktop takes from the ids of messages that a supergroup has from the basic group
// that it was.
const migratedShift = 1_000_000_000

var anyID = regexp.MustCompile(`"id"\s*:\s*"?(-?[0-9]{1,18})`)

// lostID is the id of a message whose text is not JSON, 0 if there is none.
func lostID(raw []byte) int64 {
	if len(raw) > 512 {
		raw = raw[:512]
	}
	m := anyID.FindSubmatch(raw)
	if m == nil {
		return 0
	}
	id, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return id
}

// chatState is what is known of the chat being read.
type chatState struct {
	Chat
	// linked are the channels whose posts Telegram forwarded here by itself.
	linked map[int64]bool
}

// decode turns a record into a message; a reason says what of it cannot be used.
func (c *chatState) decode(r *record, zone *time.Location) (m Message, reason string) {
	if !r.ID.ok() || r.ID.v == 0 {
		return m, "the id is not a number"
	}
	m = Message{Mailbox: c.Mailbox, ChatID: c.ID, ID: r.ID.v}
	if m.ID < 0 && c.Type == Supergroup {
		m.ID, m.BeforeMigration = m.ID+migratedShift, true
	}
	if m.ID <= 0 {
		return m, "the id is below 1"
	}
	switch r.Type.v {
	case "message":
		m.Kind = KindMessage
	case "service":
		m.Kind = KindService
	case "unsupported":
		m.Kind = KindUnsupported
		return m, ""
	default:
		return m, "the type is not one of message, service and unsupported"
	}
	if m.At, reason = moment(r.DateUnix, r.Date, zone); reason != "" {
		return m, reason
	}
	if m.From, reason = c.sender(r, m.Kind); reason != "" {
		return m, reason
	}
	if m.Text, m.Entities, reason = decodeText(r.Text, r.TextEntities); reason != "" {
		return m, reason
	}
	if at, wrong := moment(r.EditedUnix, r.Edited, zone); wrong == "" && !at.Before(m.At) {
		m.EditedAt = at
	}
	if r.ReplyTo.ok() && (!r.ReplyToPeer.set || c.isThis(r.ReplyToPeer)) {
		m.ReplyTo = replyTo(r.ReplyTo.v, m.BeforeMigration)
	}
	m.ViaBot = r.ViaBot.v
	m.Reactions = decodeReactions(r.Reactions)
	if m.Kind == KindService {
		m.Service = r.service()
		return m, ""
	}
	m.Media = r.media()
	c.forwards(r, &m)
	return m, ""
}

// replyTo is the id replied to, if it is of the same side of a migration; ids of the other side mean another chat.
func replyTo(id int64, beforeMigration bool) int64 {
	if beforeMigration {
		id += migratedShift
	}
	return max(id, 0)
}

// moment prefers the absolute time; the local one needs a zone.
func moment(unix number, local text, zone *time.Location) (time.Time, string) {
	if unix.set {
		if unix.bad || unix.v < earliest || unix.v > latest {
			return time.Time{}, "the time is not a believable number"
		}
		return time.Unix(unix.v, 0).UTC(), ""
	}
	if !local.set {
		return time.Time{}, "there is no time"
	}
	at, err := time.ParseInLocation("2006-01-02T15:04:05", local.v, zone)
	if err != nil || local.bad || at.Unix() < earliest || at.Unix() > latest {
		return time.Time{}, "the time is not a believable date"
	}
	return at.UTC(), ""
}

// sender says in whose name a message stands. Posts of a channel may lack it: they are the channel's.
func (c *chatState) sender(r *record, kind Kind) (Sender, string) {
	id, name := r.FromID, r.From
	if kind == KindService {
		id, name = r.ActorID, r.Actor
	}
	switch {
	case id.bad:
		if kind == KindService {
			return Sender{Name: name.v}, ""
		}
		return Sender{}, "the sender's id is neither user, chat nor channel"
	case id.set:
		return Sender{Kind: id.kind, ID: id.id, Name: name.v, Bot: c.Type == Bot && id.kind == SenderUser && id.id == c.BareID}, ""
	case c.Type == Channel && kind == KindMessage:
		return Sender{Kind: SenderChannel, ID: c.BareID, Name: c.Title}, ""
	}
	return Sender{Name: name.v}, ""
}

// isThis reports whether a peer is the chat itself.
func (c *chatState) isThis(p peer) bool {
	switch p.kind {
	case SenderChannel:
		return (c.Type == Supergroup || c.Type == Channel) && p.id == c.BareID
	case SenderChat:
		return c.Type == Group && p.id == c.BareID
	}
	return (c.Type == Personal || c.Type == Bot) && p.id == c.BareID
}

// forwards tells posts that Telegram copied here from the linked channel from what people forwarded, and
// those from what an administrator wrote in the name of the chat or the channel.
func (c *chatState) forwards(r *record, m *Message) {
	fromChannel := r.FromID.kind == SenderChannel && !c.isThis(r.FromID)
	if r.Forwarded.set || r.ForwardedID.set {
		m.Forwarded = &Forward{From: r.Forwarded.v}
		if r.ForwardedID.set && !r.ForwardedID.bad {
			m.Forwarded.Kind, m.Forwarded.ID = r.ForwardedID.kind, r.ForwardedID.id
		}
		same := r.Forwarded.v != "" && r.Forwarded.v == r.From.v
		if m.Forwarded.ID != 0 {
			same = m.Forwarded.Kind == SenderChannel && m.Forwarded.ID == r.FromID.id
		}
		if c.Type == Supergroup && fromChannel && same {
			m.AutomaticForward = true
			if c.linked == nil {
				c.linked = map[int64]bool{}
			}
			c.linked[r.FromID.id] = true
			return
		}
	}
	m.AsChat = c.isThis(r.FromID) && r.FromID.kind != SenderUser || fromChannel && c.linked[r.FromID.id] ||
		c.Type == Channel && m.From.Kind == SenderChannel && m.From.ID == c.BareID
}

func (r *record) service() *Service {
	s := &Service{Action: r.Action.v, Title: r.Title.v}
	if s.Title == "" {
		s.Title = r.NewTitle.v
	}
	switch s.Action {
	case "migrate_to_supergroup":
		s.Migration = ToSupergroup
	case "migrate_from_group":
		s.Migration = FromGroup
	}
	return s
}

// decodeReactions reads what it can: a reaction is never worth a message.
func decodeReactions(raw json.RawMessage) []Reaction {
	var list []struct {
		Type     text   `json:"type"`
		Count    number `json:"count"`
		Emoji    text   `json:"emoji"`
		Document text   `json:"document_id"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var out []Reaction
	for _, r := range list {
		if !r.Count.ok() || r.Count.v <= 0 {
			continue
		}
		emoji := r.Emoji.v
		if emoji == "" {
			emoji = r.Document.v
		}
		out = append(out, Reaction{Type: r.Type.v, Emoji: emoji, Count: r.Count.v})
	}
	return out
}
