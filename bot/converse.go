package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

// answerWithin is how long a press may take to be acknowledged; after that the person has seen the answer anyway.
const answerWithin = 3 * time.Second

// username is the bot's name without the @; empty before Telegram was first asked.
func (b *Bot) username(ctx context.Context) (string, error) {
	if name := b.me().Username; name != "" {
		return name, nil
	}
	return b.app.BotUsername(auth.With(ctx, system))
}

// talks tells whether an update may be said to the bot: whatever is written in a private chat with it, a pressed button, a command in a
// group. All others need no turn.
func talks(u *models.Update) bool {
	switch m := u.Message; {
	case u.CallbackQuery != nil:
		return true
	case m == nil || m.From == nil || m.From.IsBot || m.SenderChat != nil:
		return false
	default:
		return m.Chat.Type == models.ChatTypePrivate || strings.HasPrefix(m.Text, "/")
	}
}

// converse does what somebody asks of the bot and answers. Whatever comes of it, the update is handled then; an error means that it is
// not, and is to be tried again.
func (b *Bot) converse(ctx context.Context, row int, u *models.Update) error {
	t, err := b.take(ctx, row, u)
	if err == nil && t != nil {
		b.acknowledge(ctx, t)
	}
	return err
}

// take is converse but for the courtesy of acknowledging a press; the turn is nil if the update is none.
func (b *Bot) take(ctx context.Context, row int, u *models.Update) (*turn, error) {
	ctx = auth.With(ctx, system)
	if !talks(u) {
		return nil, b.app.FinishTurn(ctx, app.Turn{UpdateID: row})
	}
	t, err := b.turnOf(ctx, row, u)
	if err != nil {
		return nil, err
	}
	if err := t.handle(ctx); err != nil {
		if err := t.excuse(err); err != nil {
			return nil, err
		}
	}
	return t, b.app.FinishTurn(ctx, app.Turn{
		UpdateID: row, TelegramID: t.person.TelegramID, Reachable: t.home(), Dialog: t.next, Out: t.out,
	})
}

// home tells whether the update came from the person's own chat with the bot, which is proof that the bot can write there.
func (t *turn) home() bool {
	return t.place == t.chat || t.update.Message != nil && t.update.Message.Chat.ID == t.chat
}

// turnOf finds out who it is, as they are now, and where their talk stands.
func (b *Bot) turnOf(ctx context.Context, row int, u *models.Update) (*turn, error) {
	t := &turn{bot: b, update: u, row: row, at: b.app.Now()}
	from := t.sender()
	t.chat = from.ID
	if u.Message != nil && u.Message.Date > 0 {
		t.at = time.Unix(int64(u.Message.Date), 0).UTC()
	}
	if q := u.CallbackQuery; q != nil && q.Message.Message != nil { // one that is too old can no longer be changed
		m := q.Message.Message
		t.place = m.Chat.ID
		if m.Text != "" && m.Chat.Type == models.ChatTypePrivate { // a picture cannot become a text, and others read along in groups
			t.message = m.ID
		}
	}
	var err error
	t.person, err = b.app.PersonByTelegram(ctx, from.ID)
	switch domain.KindOf(err) {
	case "":
	case domain.KindNotFound:
		t.person = app.TelegramPerson{TelegramID: from.ID, Language: languageOf(from.LanguageCode)}
		t.ended = errors.Is(err, app.ErrAccessEnded)
		return t, nil
	default:
		return nil, err
	}
	t.dialog, err = b.app.DialogOf(ctx, from.ID)
	return t, err
}

// sender is who wrote or pressed.
func (t *turn) sender() models.User {
	if t.update.CallbackQuery != nil {
		return t.update.CallbackQuery.From
	}
	return *t.update.Message.From
}

// stranger tells whether it is nobody of the company.
func (t *turn) stranger() bool { return t.person.UserID == 0 }

// languageOf is the language of ours that a language of Telegram's means: that of those who have none of ours is the first one.
func languageOf(code string) string {
	code, _, _ = strings.Cut(strings.ToLower(code), "-")
	if slices.Contains(languages, code) {
		return code
	}
	return languages[0]
}

func (t *turn) handle(ctx context.Context) error {
	m := t.update.Message
	if m == nil {
		return t.pressed(ctx)
	}
	private := m.Chat.Type == models.ChatTypePrivate
	if strings.HasPrefix(m.Text, "/") {
		username, err := t.bot.username(ctx)
		if err != nil {
			return err
		}
		if name, args, ok := parseCommand(m.Text, username); ok {
			return t.command(ctx, name, args, private)
		}
	}
	if !private || contentOf(m).kind == kindService {
		return nil
	}
	return t.words(ctx)
}

// command runs one. In a group one that we do not know is another bot's, and only people of the company are answered.
func (t *turn) command(ctx context.Context, name, args string, private bool) error {
	if !private && t.stranger() {
		return nil
	}
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	switch {
	case i < 0 && !private:
		return nil
	case i < 0:
		t.say(t.text("unknown_command"), nil)
		return nil
	case !all[i].mayGive(t.person.Role):
		return t.refuseCommand()
	}
	if t.dialog.Name != "" {
		t.forget() // what was asked before is off, unless the command asks anew
	}
	return all[i].run(ctx, t, args)
}

func (t *turn) refuseCommand() error {
	if t.stranger() {
		t.greet()
		return nil
	}
	return t.refuse("error.denied")
}

// pressed does what a button says. Whoever presses acts as themselves, whomever the button was shown to.
func (t *turn) pressed(ctx context.Context) error {
	q := t.update.CallbackQuery
	if m := q.Message.Message; m != nil && m.Chat.Type == models.ChatTypePrivate && m.Chat.ID != q.From.ID {
		t.message = 0
		return t.refuse("error.old_button")
	}
	args := strings.Split(q.Data, ":")
	do := buttons()[args[0]]
	switch {
	case t.ended:
		return t.refuse("people.access_ended")
	case t.stranger():
		return t.refuse("error.stranger")
	case do == nil:
		return t.refuse("error.old_button")
	}
	return do(ctx, t, args[1:])
}

// words are what was written that is no command: the answer to what was asked.
func (t *turn) words(ctx context.Context) error {
	if t.stranger() {
		if t.update.Message.Contact != nil && t.ended {
			t.greet()
			return nil
		}
		if t.update.Message.Contact != nil {
			return contactShared(ctx, t)
		}
		t.hintOnce()
		return nil
	}
	if late, err := t.latePlace(ctx); late || err != nil {
		return err
	}
	if t.saysCancel() { // also on a keyboard that has outlived its question
		return cancel(ctx, t, "")
	}
	if t.dialog.Name == "" {
		t.say(t.text("unknown_words"), homeButtons(t))
		return nil
	}
	do := dialogs()[t.dialog.Name]
	if do == nil {
		t.forget()
		t.say(t.text("unknown_words"), homeButtons(t))
		return nil
	}
	return do(ctx, t)
}

// saysCancel tells whether somebody wrote, or pressed on a keyboard that writes, what our button to cancel says.
func (t *turn) saysCancel() bool {
	return slices.ContainsFunc(languages, func(code string) bool {
		return strings.EqualFold(strings.TrimSpace(t.update.Message.Text), t.bot.texts.in(code, "cancel", nil))
	})
}

// cancel ends what was asked. Nothing is half done then: a dialog changes nothing before its last step.
func cancel(_ context.Context, t *turn, _ string) error {
	t.forget()
	t.sayWith(t.text("cancelled"), models.ReplyKeyboardRemove{RemoveKeyboard: true})
	return nil
}

// cancelPressed is cancel in place of the question.
func cancelPressed(_ context.Context, t *turn, _ []string) error {
	t.forget()
	t.show(t.text("cancelled"), nil)
	return nil
}

// cancelRow is the row with the button that ends a dialog.
func (t *turn) cancelRow() []button {
	return []button{{Text: t.text("cancel"), Data: press("cancel")}}
}

// acknowledge stops the clock on a pressed button and shows the toast. That is a courtesy: what counts is done, so it is tried once.
func (b *Bot) acknowledge(ctx context.Context, t *turn) {
	q := t.update.CallbackQuery
	if q == nil {
		return
	}
	ctx, done := context.WithTimeout(ctx, answerWithin)
	defer done()
	params := map[string]any{"callback_query_id": q.ID}
	if t.toast != "" {
		params["text"] = t.toast
	}
	if err := b.call(ctx, "answerCallbackQuery", params, nil); err != nil {
		b.log.Debug("a press was not acknowledged", slog.Any("error", err))
	}
}

// apologize tells somebody that what they asked for could not be done; for an update that is put aside.
func (b *Bot) apologize(ctx context.Context, row int, u *models.Update) error {
	if !talks(u) || u.Message != nil && u.Message.Chat.Type != models.ChatTypePrivate {
		return nil
	}
	t := &turn{bot: b, update: u, row: row}
	from := t.sender()
	t.chat = from.ID
	t.person = app.TelegramPerson{TelegramID: from.ID, Language: languageOf(from.LanguageCode)}
	if known, err := b.app.PersonByTelegram(auth.With(ctx, system), from.ID); err == nil {
		t.person = known
	}
	t.say(t.text("error.internal"), nil)
	t.out[0].Key = fmt.Sprintf("update:%d:failed", row)
	t.toast = plain(t.text("error.internal"))
	_, err := b.app.Send(auth.With(ctx, system), t.out...)
	b.acknowledge(ctx, t)
	return err
}
