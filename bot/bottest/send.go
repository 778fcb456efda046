package bottest

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"
)

// Telegram's lengths, in UTF-16 units.
const (
	maxText    = 4096
	maxCaption = 1024
	maxAnswer  = 200
)

// find is a chat that the bot may write to.
func (s *Server) find(id string) (*Chat, error) {
	if id == "" {
		return nil, bad("chat_id is empty")
	}
	n, err := strconv.ParseInt(id, 10, 64)
	c := s.chats[n]
	if err != nil {
		for _, each := range s.chats {
			if each.Username != "" && "@"+each.Username == id {
				c = each
			}
		}
	}
	if c == nil {
		return nil, bad("chat not found")
	}
	return c, c.writable()
}

func (c *Chat) writable() error {
	kind := map[models.ChatType]string{models.ChatTypeGroup: "group", models.ChatTypeSupergroup: "supergroup", models.ChatTypeChannel: "channel"}[c.Type]
	switch {
	case c.movedTo != 0:
		return &refusal{code: http.StatusBadRequest, text: "Bad Request: group chat was upgraded to a supergroup chat", migrateTo: c.movedTo}
	case c.peer != nil && c.peer.gone:
		return forbidden("user is deactivated")
	case c.peer != nil && c.peer.blocked:
		return forbidden("bot was blocked by the user")
	case c.peer != nil && !c.peer.started:
		return forbidden("bot can't initiate conversation with a user")
	case c.peer != nil:
		return nil
	case c.bot == models.ChatMemberTypeBanned:
		return forbidden("bot was kicked from the " + kind + " chat")
	case c.bot == models.ChatMemberTypeLeft:
		return forbidden("bot is not a member of the " + kind + " chat")
	}
	return nil
}

// styled is a text with its entities taken out, within a length.
func styled(r *request, field string, most int) (string, []models.MessageEntity, error) {
	text := r.Params[field]
	if text == "" {
		return "", nil, nil
	}
	if len(text) > 1<<15 {
		return "", nil, bad("text is too long")
	}
	var entities []models.MessageEntity
	switch mode := r.Params["parse_mode"]; {
	case mode == "":
	case strings.EqualFold(mode, "HTML"):
		plain, found, err := parseHTML(text)
		if err != nil {
			return "", nil, bad("can't parse entities: %s", upperFirst(err.Error()))
		}
		text, entities = plain, found
	default:
		return "", nil, bad("unsupported parse_mode")
	}
	text = strings.TrimRight(text, " \n\t")
	if units(text) > most {
		if field == "caption" {
			return "", nil, bad("message caption is too long")
		}
		return "", nil, bad("message is too long")
	}
	return text, entities, nil
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// begin is what all sends begin with: the chat, whether it may be written to now, the topic, and what is replied to.
func (s *Server) begin(r *request) (*message, error) {
	c, err := s.find(r.Params["chat_id"])
	if id := r.Params["business_connection_id"]; id != "" {
		if c, err = s.businessChat(id, r.Params["chat_id"]); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	m := &message{chat: c, byBot: true}
	if m.keyboard, err = parseMarkup(r.Params["reply_markup"], c); err != nil {
		return nil, err
	}
	if m.keyboard != nil && len(slices.Concat(m.keyboard.inline...)) > maxInline {
		return nil, bad("reply markup is too long")
	}
	if topic := r.Params["message_thread_id"]; topic != "" {
		m.MessageThreadID, _ = strconv.Atoi(topic)
		if _, ok := c.topics[m.MessageThreadID]; !ok {
			return nil, bad("message thread not found")
		}
		m.IsTopicMessage = true
	}
	if raw := r.Params["reply_parameters"]; raw != "" {
		var reply models.ReplyParameters
		if err := json.Unmarshal([]byte(raw), &reply); err != nil {
			return nil, bad("can't parse reply parameters JSON object")
		}
		to := c.messages[reply.MessageID]
		if to == nil && !reply.AllowSendingWithoutReply {
			return nil, bad("message to be replied not found")
		}
		if to != nil {
			short := to.Message
			m.ReplyToMessage = &short
		}
	}
	return m, nil
}

// send counts the message against the limits and keeps it.
func (s *Server) send(m *message) (any, error) {
	if wait := s.limits.take(s.now(), m.chat); wait > 0 {
		return nil, &refusal{code: http.StatusTooManyRequests, text: "Too Many Requests: retry after " + strconv.Itoa(wait), retryAfter: wait}
	}
	bot := s.Bot()
	m.From = &bot
	m.ReplyMarkup = m.keyboard.inlineMarkup()
	s.keep(m, s.now())
	if k := m.keyboard; k != nil && (k.remove || len(k.reply) > 0) {
		m.chat.keyboard = k
	}
	m.chat.events = append(m.chat.events, said(m, false))
	out := m.Message
	return &out, nil
}

func (s *Server) sendMessage(r *request) (any, error) {
	m, err := s.begin(r)
	if err != nil {
		return nil, err
	}
	m.html = r.Params["text"]
	if m.Text, m.Entities, err = styled(r, "text", maxText); err != nil {
		return nil, err
	}
	if strings.TrimSpace(m.Text) == "" {
		return nil, bad("message text is empty")
	}
	return s.send(m)
}

// Telegram takes photos up to 10 MiB.
const maxPhoto = 10 << 20

// sendMedia takes a photo, a document or a voice note with a caption: an upload, a reference to one (attach://), or the id of a known file.
func (s *Server) sendMedia(r *request) (any, error) {
	m, err := s.begin(r)
	if err != nil {
		return nil, err
	}
	m.html = r.Params["caption"]
	if m.Caption, m.CaptionEntities, err = styled(r, "caption", maxCaption); err != nil {
		return nil, err
	}
	kind := strings.ToLower(strings.TrimPrefix(r.Method, "send"))
	upload, uploaded := r.Files[kind]
	if name, ok := strings.CutPrefix(r.Params[kind], "attach://"); ok {
		upload, uploaded = r.Files[name]
	}
	f := s.files[r.Params[kind]]
	switch {
	case uploaded && len(upload.Data) == 0:
		return nil, bad("file must be non-empty")
	case uploaded && kind == "photo" && len(upload.Data) > maxPhoto:
		return nil, bad("too big file for a photo")
	case uploaded && kind == "photo" && !strings.HasPrefix(http.DetectContentType(upload.Data), "image/"):
		return nil, bad("IMAGE_PROCESS_FAILED")
	case uploaded:
		f = s.keepFile(kind+"s", filepath.Ext(upload.Name), upload.Data, 0)
	case f == nil && r.Params[kind] == "":
		return nil, bad("there is no %s in the request", kind)
	case f == nil:
		return nil, bad("wrong file identifier/HTTP URL specified")
	}
	m.file, m.fileName = f.data, upload.Name
	switch kind {
	case "photo":
		m.Photo = []models.PhotoSize{{FileID: f.id, FileUniqueID: f.id + "u", Width: 800, Height: 400, FileSize: int(f.size)}}
	case "document":
		m.Document = &models.Document{FileID: f.id, FileUniqueID: f.id + "u", FileName: upload.Name, FileSize: f.size, MimeType: http.DetectContentType(f.data)}
	case "voice":
		m.Voice = &models.Voice{FileID: f.id, FileUniqueID: f.id + "u", MimeType: "audio/ogg", FileSize: f.size}
	}
	return s.send(m)
}

// edit changes a message's text, caption or buttons.
func (s *Server) edit(r *request) (any, error) {
	c, err := s.find(r.Params["chat_id"])
	if err != nil {
		return nil, err
	}
	m := c.message(r.Params["message_id"])
	switch {
	case m == nil:
		return nil, bad("message to edit not found")
	case !m.byBot:
		return nil, bad("message can't be edited")
	}
	changed := *m
	if changed.keyboard, err = parseMarkup(r.Params["reply_markup"], c); err != nil {
		return nil, err
	}
	switch r.Method {
	case "editMessageText":
		if m.Text == "" {
			return nil, bad("there is no text in the message to edit")
		}
		changed.html = r.Params["text"]
		if changed.Text, changed.Entities, err = styled(r, "text", maxText); err == nil && strings.TrimSpace(changed.Text) == "" {
			err = bad("message text is empty")
		}
	case "editMessageCaption":
		if m.Text != "" {
			return nil, bad("there is no caption in the message to edit")
		}
		changed.html = r.Params["caption"]
		changed.Caption, changed.CaptionEntities, err = styled(r, "caption", maxCaption)
	}
	if err != nil {
		return nil, err
	}
	if same(m, &changed) {
		return nil, bad("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	if wait := s.limits.take(s.now(), c); wait > 0 {
		return nil, &refusal{code: http.StatusTooManyRequests, text: "Too Many Requests: retry after " + strconv.Itoa(wait), retryAfter: wait}
	}
	changed.ReplyMarkup, changed.EditDate = changed.keyboard.inlineMarkup(), int(s.now().Unix())
	*m = changed
	c.events = append(c.events, said(m, true))
	out := m.Message
	return &out, nil
}

func same(a, b *message) bool {
	of := func(m *message) string {
		raw, _ := json.Marshal([]any{m.Text, m.Entities, m.Caption, m.CaptionEntities, m.keyboard.inlineMarkup()})
		return string(raw)
	}
	return of(a) == of(b)
}

// A bot may take back what it wrote for two days.
const deletable = 48 * time.Hour

func (s *Server) deleteMessage(r *request) (any, error) {
	c, err := s.find(r.Params["chat_id"])
	if err != nil {
		return nil, err
	}
	m := c.message(r.Params["message_id"])
	switch {
	case m == nil:
		return nil, bad("message to delete not found")
	case s.now().Sub(time.Unix(int64(m.Date), 0)) > deletable, !m.byBot && c.peer == nil && c.bot != models.ChatMemberTypeAdministrator:
		return nil, bad("message can't be deleted for everyone")
	}
	m.deleted = true
	return true, nil
}

// callback is a press that may be answered.
type callback struct {
	at     time.Time
	answer *Answer
}

// Answer is what the bot said to a press.
type Answer struct {
	Text  string
	Alert bool
	URL   string
}

// A press may be answered for so long.
const answerable = 30 * time.Second

func (s *Server) answerCallback(r *request) (any, error) {
	c, ok := s.callbacks[r.Params["callback_query_id"]]
	if !ok || s.now().Sub(c.at) > answerable {
		return nil, bad("query is too old and response timeout expired or query ID is invalid")
	}
	if units(r.Params["text"]) > maxAnswer {
		return nil, bad("MESSAGE_TOO_LONG")
	}
	if c.answer == nil {
		c.answer = &Answer{Text: r.Params["text"], Alert: r.Params["show_alert"] == "true", URL: r.Params["url"]}
	}
	return true, nil
}
