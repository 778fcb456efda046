package bot

import (
	"context"
	"strings"

	"github.com/fincokpi/finco/app"
)

// muteChoices are the hours that one press is enough for, as app.ParseMute writes them.
var muteChoices = []string{"22:00-08:00", "20:00-09:00", "18:00-09:00"}

// chooseMute asks for the hours without notices: by a button, or in words.
func chooseMute(ctx context.Context, t *turn, args string) error {
	if args != "" {
		return t.mute(ctx, args)
	}
	var hours []button
	for _, choice := range muteChoices {
		hours = append(hours, button{Text: span(choice), Data: press("mute", strings.ReplaceAll(choice, ":", ""))})
	}
	out := rows{hours}
	now := t.text("mute.ask_none")
	if t.person.Mute != "" {
		now = t.text("mute.ask", "Hours", span(t.person.Mute))
		out = append(out, []button{{Text: plain(t.text("mute.off")), Data: press("mute", "off")}})
	}
	t.show(now, append(out, t.cancelRow()))
	return t.ask("mute", nil)
}

// muteTyped takes the hours in words.
func muteTyped(ctx context.Context, t *turn) error { return t.mute(ctx, t.update.Message.Text) }

func (t *turn) mute(ctx context.Context, text string) error {
	hours, ok := app.ParseMute(text)
	if !ok {
		return t.refuse("mute.wrong")
	}
	return t.keepMute(ctx, hours)
}

// mutePressed takes the hours of a button, which are without colons: those part a button's arguments.
func mutePressed(ctx context.Context, t *turn, args []string) error {
	if len(args) == 1 && args[0] == "off" {
		return t.keepMute(ctx, "")
	}
	for _, choice := range muteChoices {
		if len(args) == 1 && strings.ReplaceAll(choice, ":", "") == args[0] {
			return t.keepMute(ctx, choice)
		}
	}
	return t.refuse("error.old_button")
}

func (t *turn) keepMute(ctx context.Context, hours string) error {
	if err := t.bot.app.SetPreferences(t.as(ctx), app.PreferencesInput{Mute: &hours}); err != nil {
		return err
	}
	t.person.Mute = hours
	t.forget()
	if hours == "" {
		t.show(t.text("mute.unset"), homeButtons(t))
		return nil
	}
	t.show(t.text("mute.set", "Hours", span(hours)), homeButtons(t))
	return nil
}

// span writes hours with the dash that people read.
func span(hours string) string { return strings.ReplaceAll(hours, "-", "–") }
