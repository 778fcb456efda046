package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

// turn is one update of one person in their chat with the bot, or of one who pressed a button, and what it brings about. What is said is
// sent when the turn is finished, so a handler that fails half-way has said nothing.
type turn struct {
	bot    *Bot
	update *models.Update
	// row is the stored update: what makes the keys of what is said, and the external id of a punch.
	row int
	// person is who it is; its UserID is 0 for a stranger.
	person app.TelegramPerson
	// ended tells that a stranger was of the company, and has left or is blocked.
	ended bool
	// chat is where to answer: the person's chat with the bot.
	chat int64
	// message is the one whose button was pressed, if a text can take its place: 0 if none was, if it is too old, a picture or in a group.
	// place is the chat that it is in, whatever it is; 0 if that is not known.
	message int
	place   int64
	// at is when the person wrote or pressed: Telegram's time, else ours.
	at time.Time
	// dialog is what was asked before; ask and forget change it.
	dialog app.Dialog

	next  *app.Dialog
	out   []app.OutgoingInput
	toast string
}

// as acts as the person; a stranger acts as nobody and reads nothing.
func (t *turn) as(ctx context.Context) context.Context { return auth.With(ctx, t.person.Actor) }

// text is a text in the person's language, as HTML; pairs are name, value, name, value.
func (t *turn) text(id string, pairs ...any) string {
	with := values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		with[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return t.bot.texts.in(t.person.Language, id, with)
}

// button is one button below a message: Data is what pressing it says to the bot ("name:argument:…", at most 64 bytes), or URL what it opens.
type button struct{ Text, Data, URL string }

// rows of buttons.
type rows [][]button

// markup is the keyboard as the Bot API takes it.
func (r rows) markup() models.ReplyMarkup {
	if len(r) == 0 {
		return nil
	}
	keyboard := make([][]models.InlineKeyboardButton, len(r))
	for i, row := range r {
		for _, b := range row {
			keyboard[i] = append(keyboard[i], models.InlineKeyboardButton{Text: b.Text, CallbackData: b.Data, URL: b.URL})
		}
	}
	return models.InlineKeyboardMarkup{InlineKeyboard: keyboard}
}

// say answers with a new message, with buttons below it.
func (t *turn) say(html string, buttons rows) {
	t.put("sendMessage", map[string]any{"text": html, "reply_markup": buttons.markup()})
}

// sayWith answers with a new message and a keyboard of another sort: one that asks for a contact or a location, or takes it away.
func (t *turn) sayWith(html string, keyboard models.ReplyMarkup) {
	t.put("sendMessage", map[string]any{"text": html, "reply_markup": keyboard})
}

// show puts a message in place of the one whose button was pressed; where none was, it is a new one.
func (t *turn) show(html string, buttons rows) {
	if t.message == 0 {
		t.say(html, buttons)
		return
	}
	t.put("editMessageText", map[string]any{"text": html, "reply_markup": buttons.markup(), "message_id": t.message})
	t.out[len(t.out)-1].Chat = t.place
}

// picture answers with a picture and a caption.
func (t *turn) picture(ctx context.Context, html string, png []byte, buttons rows) error {
	kept, err := t.bot.app.KeepFile(auth.With(ctx, system), bytes.NewReader(png))
	if err != nil {
		return err
	}
	t.put("sendPhoto", map[string]any{"caption": html, "reply_markup": buttons.markup()})
	last := &t.out[len(t.out)-1]
	last.File, last.FileField, last.FileName = &kept, "photo", "picture.png"
	return nil
}

func (t *turn) put(method string, params map[string]any) {
	if params["reply_markup"] == nil {
		delete(params, "reply_markup")
	}
	t.out = append(t.out, app.OutgoingInput{
		Key: fmt.Sprintf("update:%d:%d", t.row, len(t.out)), Chat: t.chat, UserID: t.person.UserID, Priority: app.PriorityReply,
		Method: method, Params: paramsOf(params),
	})
}

// paramsOf are a message's parameters: always HTML, never with previews of links.
func paramsOf(params map[string]any) json.RawMessage {
	params["parse_mode"] = "HTML"
	if _, text := params["text"]; text {
		params["link_preview_options"] = map[string]any{"is_disabled": true}
	}
	raw, err := json.Marshal(params)
	if err != nil {
		return json.RawMessage("{}") // strings, ints and the library's keyboards always marshal
	}
	return raw
}

// ask keeps what the person's next message is for.
func (t *turn) ask(name string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	t.next = &app.Dialog{Name: name, Data: raw}
	return nil
}

// asked is what was kept with the question.
func (t *turn) asked(data any) error {
	if err := json.Unmarshal(t.dialog.Data, data); err != nil {
		return domain.Errorf(domain.KindInternal, "the dialog %s cannot be read: %w", t.dialog.Name, err)
	}
	return nil
}

// forget ends the dialog.
func (t *turn) forget() { t.next = &app.Dialog{} }

// press is the data of a button: its name and arguments.
func press(name string, args ...any) string {
	var b strings.Builder
	b.WriteString(name)
	for _, arg := range args {
		b.WriteString(":" + fmt.Sprint(arg))
	}
	return b.String()
}

// number is the i-th argument of a pressed button; invalid if it is no number.
func number(args []string, i int) (int, error) {
	if i < len(args) {
		if n, err := strconv.Atoi(args[i]); err == nil {
			return n, nil
		}
	}
	return 0, domain.Errorf(domain.KindInvalid, "this button is of an older version")
}
