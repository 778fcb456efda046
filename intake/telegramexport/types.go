package telegramexport

import (
	"encoding/json"
	"time"
)

// ChatType says what kind of chat Telegram made.
type ChatType string

// The kinds of chats that are yielded; saved_messages, replies and verification_codes are left out.
const (
	Personal   ChatType = "personal"
	Bot        ChatType = "bot"
	Group      ChatType = "group"
	Supergroup ChatType = "supergroup"
	Channel    ChatType = "channel"
)

// Chat is one chat of the export.
type Chat struct {
	ID     int64  // as the Bot API counts: -100<id> for supergroups and channels, -<id> for basic groups
	BareID int64  // as the file has it
	Title  string // empty for a deleted account
	Type   ChatType
	Public bool
	// Mailbox is "" for supergroups and channels, whose message ids are global; else the exporting account's
	// user id in decimal, because there the message ids belong to that account.
	Mailbox string
}

// Kind says what an entry of a chat is.
type Kind string

// The kinds of entries. Unsupported has an id and nothing else.
const (
	KindMessage     Kind = "message"
	KindService     Kind = "service"
	KindUnsupported Kind = "unsupported"
)

// SenderKind says in whose name a message was sent.
type SenderKind string

// The kinds of senders; SenderUnknown where the file does not say.
const (
	SenderUnknown SenderKind = ""
	SenderUser    SenderKind = "user"
	SenderChat    SenderKind = "chat"
	SenderChannel SenderKind = "channel"
)

// Sender is in whose name a message stands.
type Sender struct {
	Kind SenderKind
	ID   int64 // bare, as the file has it
	Name string
	Bot  bool // the peer of a bot chat; exports do not mark bots elsewhere
}

// Message is one entry of a chat. Its natural key is (Mailbox, ChatID, ID).
type Message struct {
	Mailbox string // the chat's, except for messages from before a group became a supergroup: the account's
	ChatID  int64
	ID      int64 // above 0
	// BeforeMigration: from the basic group that became this supergroup; the id is the one it had there. The file
	// does not name that group, so the chat is the supergroup, in the account's mailbox.
	BeforeMigration bool
	Kind            Kind
	At              time.Time // UTC; zero only for KindUnsupported
	EditedAt        time.Time // UTC; zero if never edited
	From            Sender
	ReplyTo         int64 // message id in the same chat, 0 if none
	Text            string
	// Entities is a JSON array in the Bot API's form (type, offset and length in UTF-16 units, url, user_id,
	// language, custom_emoji_id), nil if the text is plain.
	Entities  json.RawMessage
	Media     *Media
	Forwarded *Forward
	ViaBot    string
	Reactions []Reaction
	// AsChat: in the name of the chat itself or of its linked channel (an anonymous administrator).
	AsChat bool
	// AutomaticForward: a post of the linked channel that Telegram itself copied here. It is on no side.
	AutomaticForward bool
	Service          *Service // only for KindService
}

// Forward says where a message was first written.
type Forward struct {
	From string
	Kind SenderKind
	ID   int64
}

// Reaction is a count of one reaction.
type Reaction struct {
	Type  string `json:"type"`            // emoji, custom_emoji, paid
	Emoji string `json:"emoji,omitempty"` // the emoji, or the custom emoji's document
	Count int64  `json:"count"`
}

// Service is what a service message tells.
type Service struct {
	Action string // as Telegram names it: create_group, pin_message, topic_created, phone_call, …
	Title  string
	// Migration is ToSupergroup in a basic group that became a supergroup, FromGroup in the supergroup it
	// became. The file names neither id.
	Migration Migration
}

// Migration is a step from basic group to supergroup.
type Migration string

// The two ends of a migration.
const (
	NoMigration  Migration = ""
	ToSupergroup Migration = "to_supergroup"
	FromGroup    Migration = "from_group"
)

// Media is an attachment. Exactly one of Path and Missing is set for kinds that have a file.
type Media struct {
	Kind     string // photo, voice, video_note, audio, video, animation, sticker, document, contact, location, venue, poll, game, invoice, other
	Path     string // slash-separated, inside the export's folder; open it with Export.OpenMedia
	Name     string // the file's own name, if it had one
	MIME     string
	Size     int64         // bytes, 0 if unknown
	Duration time.Duration // whole seconds
	Missing  string        // why there is no file: not_included, too_large, unavailable, not_found, outside
	Emoji    string        // of a sticker
}

// Skipped is a message (or a stretch of bytes) that could not be read; the rest of the file was.
type Skipped struct {
	ChatID    int64 // Bot API id, 0 if not known
	ChatTitle string
	MessageID int64 // 0 if it could not be read either
	Offset    int64 // byte in the file at which the entry starts
	Reason    string
}

// LeftOut is a chat none of whose messages was yielded.
type LeftOut struct {
	ChatID int64
	Title  string
	Type   string // as the file has it
	Reason string
	// Expected: it is not a conversation by design (saved messages and the like); otherwise the user should hear.
	Expected bool
}

// Break says that the file stops before its end is due.
type Break struct {
	Offset int64 // byte in the file after which nothing whole follows
	Reason string
}

// Summary counts what Read went through.
type Summary struct {
	Chats    int
	Messages int
	// Skipped is the number of entries that could not be read; SkippedSample names the first of them
	// (Handler.Skipped sees all).
	Skipped       int
	SkippedSample []Skipped
	LeftOut       []LeftOut
	Break         *Break
	Account       int64 // whose export it is, 0 if unknown
}

// Damaged reports whether something that should have been read was not.
func (s Summary) Damaged() bool {
	if s.Skipped > 0 || s.Break != nil {
		return true
	}
	for _, l := range s.LeftOut {
		if !l.Expected {
			return true
		}
	}
	return false
}

const skippedSample = 1000

// Options says how to read.
type Options struct {
	// Zone is that of the computer that exported; only exports without date_unixtime need it. Default UTC.
	Zone *time.Location
	// Account is the exporting account's user id where the file itself does not tell it, else 0.
	Account int64
	// IsStaff tells staff by Telegram user id. It may be nil.
	IsStaff func(telegramID int64) bool
	// BatchSize is the number of messages handed over at once. Default 500.
	BatchSize int
	// Progress, if set, hears how many bytes of the file were read, about every 256 KiB and at the end.
	Progress func(read, total int64)
}

// Handler hears what is read, in the order of the file. An error from it ends Read, which returns it.
type Handler struct {
	Chat     func(Chat) error            // once a chat, before its messages; may be nil
	Messages func(Chat, []Message) error // the slice is the handler's to keep
	Skipped  func(Skipped) error         // may be nil
}
