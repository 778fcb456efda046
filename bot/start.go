package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

// mainCommands are those that have a button on the first screen, in its order.
var mainCommands = []string{"today", "kpi", "payslip", "team", "review", "open", "broadcast", "people", "invite", "language", "mute", "help"}

// start is the first screen, and what an invite's link says.
func start(ctx context.Context, t *turn, token string) error {
	if token != "" {
		if done, err := t.accept(ctx, token); done || err != nil {
			return err
		}
	}
	if t.stranger() {
		t.greet()
		return nil
	}
	return home(ctx, t, nil)
}

// accept takes an invite; done is false if there is more to say.
func (t *turn) accept(ctx context.Context, token string) (done bool, err error) {
	err = t.bot.app.AcceptInvite(auth.With(ctx, system), app.AcceptInviteInput{
		Token: token, TelegramID: t.person.TelegramID, Language: t.languageOfAccount(),
	})
	if errors.Is(err, app.ErrInviteWrong) && !t.stranger() {
		return false, nil // an old link is as good as none for whoever is in already
	}
	if err != nil {
		return true, t.refuseConnecting(err)
	}
	if err := t.connected(ctx); err != nil {
		return true, err
	}
	return true, t.tellInviter(ctx)
}

// tellInviter lets the admin who made the link know which account took it, once: it may have been forwarded to somebody else.
func (t *turn) tellInviter(ctx context.Context) error {
	admin, err := t.bot.app.InviterOf(auth.With(ctx, system), t.person.TelegramID)
	if domain.KindOf(err) == domain.KindNotFound || err == nil && admin.Role != auth.RoleAdmin {
		return nil
	}
	if err != nil {
		return err
	}
	sender := t.sender()
	account := clip(sender.FirstName+" "+sender.LastName, titleLength)
	if sender.Username != "" {
		account += " (@" + sender.Username + ")"
	}
	told := &turn{bot: t.bot, row: t.row, person: admin.TelegramPerson, chat: admin.TelegramID}
	told.say(told.text("people.joined", "Name", t.person.Name, "Account", account), rows{{
		{Text: label(told.text("admin.button.block")), Data: press("people", "ask", t.person.UserID, 0)},
	}})
	out := told.out[0]
	out.Key, out.Priority = fmt.Sprintf("invite:%d:used", admin.InviteID), app.PriorityNotice
	t.out = append(t.out, out)
	return nil
}

// languageOfAccount is the language of ours that the person's Telegram speaks; empty if it speaks none.
func (t *turn) languageOfAccount() string {
	sender := t.sender()
	if code := languageOf(sender.LanguageCode); code != languages[0] || len(sender.LanguageCode) >= 2 && sender.LanguageCode[:2] == code {
		return code
	}
	return ""
}

// refuseConnecting says why an account is not connected.
func (t *turn) refuseConnecting(err error) error {
	for known, id := range map[error]string{
		app.ErrInviteWrong: "people.invite_wrong", app.ErrTooManyTries: "people.too_many_tries", app.ErrTelegramTaken: "people.telegram_taken",
		app.ErrPersonConnected: "people.person_connected", app.ErrPhoneUnknown: "people.phone_unknown",
	} {
		if errors.Is(err, known) {
			return t.refuse(id)
		}
	}
	return err
}

// connected welcomes whoever was a stranger until now.
func (t *turn) connected(ctx context.Context) error {
	person, err := t.bot.app.PersonByTelegram(auth.With(ctx, system), t.person.TelegramID)
	if err != nil {
		return err
	}
	t.person = person
	t.sayWith(t.text("people.connected"), models.ReplyKeyboardRemove{RemoveKeyboard: true})
	return home(ctx, t, nil)
}

// home is the first screen.
func home(_ context.Context, t *turn, _ []string) error {
	t.show(t.text("people.home", "Name", t.person.Name), homeButtons(t))
	return nil
}

// homeButtons are the main commands of the person's role, two in a row.
func homeButtons(t *turn) rows {
	var out rows
	for _, name := range mainCommands {
		if !slices.ContainsFunc(commands(), func(c command) bool { return c.name == name && c.mayGive(t.person.Role) }) {
			continue
		}
		if n := len(out); n == 0 || len(out[n-1]) == 2 {
			out = append(out, nil)
		}
		last := len(out) - 1
		out[last] = append(out[last], button{Text: plain(t.text("home." + name)), Data: press("do", name)})
	}
	return out
}

// doPressed gives the command that a button stands for.
func doPressed(ctx context.Context, t *turn, args []string) error {
	if len(args) != 1 {
		return t.refuse("error.old_button")
	}
	return t.command(ctx, args[0], "", true)
}

// greet tells a stranger how people of the company are connected, with a button that shares the contact; or somebody who has left or is
// blocked that this is why the bot does not answer them.
func (t *turn) greet() {
	if t.ended {
		t.sayWith(t.text("people.access_ended"), models.ReplyKeyboardRemove{RemoveKeyboard: true})
		return
	}
	t.sayWith(t.text("people.stranger"), models.ReplyKeyboardMarkup{
		Keyboard:       [][]models.KeyboardButton{{{Text: plain(t.text("people.share_contact")), RequestContact: true}}},
		ResizeKeyboard: true, OneTimeKeyboard: true,
	})
}

// hintOnce answers a stranger's first words: most are customers, who are not to be talked to by a machine at each word. The key lets it
// be said once.
func (t *turn) hintOnce() {
	id, kind := "people.hint", "stranger"
	if t.ended {
		id, kind = "people.access_ended", "ended"
	}
	t.say(t.text(id), nil)
	t.out[len(t.out)-1].Key = fmt.Sprintf("%s:%d", kind, t.person.TelegramID)
}

// contactShared connects a stranger by the phone number that Telegram vouches for: only that of the sender's own account.
func contactShared(ctx context.Context, t *turn) error {
	contact := t.update.Message.Contact
	if contact.UserID != t.person.TelegramID {
		return t.refuse("people.contact_of_other")
	}
	err := t.bot.app.ConnectByPhone(auth.With(ctx, system), app.ConnectByPhoneInput{
		Phone: contact.PhoneNumber, TelegramID: t.person.TelegramID, Language: t.languageOfAccount(),
	})
	if err != nil {
		return t.refuseConnecting(err)
	}
	return t.connected(ctx)
}
