package bot

import (
	"context"
	"strconv"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/ent/gen/punch"
)

// placeWithin is how long the question for the place may stand: what comes later answers another day's press.
const placeWithin = 30 * time.Minute

// punchDialog is the name of the question for the place.
const punchDialog = "punch"

// punchAsked is a punch that lacks its place.
type punchAsked struct {
	Direction punch.Direction
	At        time.Time
}

func checkIn(ctx context.Context, t *turn, _ string) error {
	return t.punch(ctx, punch.DirectionComing)
}

func checkOut(ctx context.Context, t *turn, _ string) error {
	return t.punch(ctx, punch.DirectionGoing)
}

// punchPressed is "punch:in" or "punch:out".
func punchPressed(ctx context.Context, t *turn, args []string) error {
	if len(args) == 1 && args[0] == "out" {
		return t.punch(ctx, punch.DirectionGoing)
	}
	return t.punch(ctx, punch.DirectionComing)
}

// punch notes a coming or going, or asks where it is made first.
func (t *turn) punch(ctx context.Context, direction punch.Direction) error {
	asks, err := t.bot.app.AsksLocation(t.as(ctx))
	if err != nil {
		return err
	}
	if !asks {
		return t.notePunch(ctx, direction, nil)
	}
	if err := t.pressedThen(ctx); err != nil {
		return err
	}
	noted, err := t.bot.app.PunchNoted(t.as(ctx), direction, t.at)
	if err != nil {
		return err
	}
	if noted.Noted {
		t.sayPunch(punchText("punch.known", direction), noted)
		return nil
	}
	if err := t.ask(punchDialog, punchAsked{direction, t.at}); err != nil {
		return err
	}
	t.sayWith(t.text(punchText("punch.place", direction)), t.placeKeyboard())
	return nil
}

func (t *turn) placeKeyboard() models.ReplyKeyboardMarkup {
	return models.ReplyKeyboardMarkup{
		ResizeKeyboard: true, OneTimeKeyboard: true,
		Keyboard: [][]models.KeyboardButton{
			{{Text: label(t.text("punch.send_place")), RequestLocation: true}}, {{Text: label(t.text("cancel"))}},
		},
	}
}

// punchPlace takes the place that was asked for: a location that the person themselves sends now. A forwarded one may be anybody's,
// and a venue is chosen from a list.
func punchPlace(ctx context.Context, t *turn) error {
	var asked punchAsked
	if err := t.asked(&asked); err != nil {
		return err
	}
	m := t.update.Message
	switch {
	case t.at.Sub(asked.At) > placeWithin:
		t.forget()
		t.sayWith(t.text("punch.too_late"), models.ReplyKeyboardRemove{RemoveKeyboard: true})
		return nil
	case m.Location == nil:
		t.sayWith(t.text("punch.no_place"), t.placeKeyboard())
		return nil
	case m.ForwardOrigin != nil || m.Venue != nil || m.ViaBot != nil:
		t.sayWith(t.text("punch.not_own_place"), t.placeKeyboard())
		return nil
	}
	place := &app.PlaceInput{Latitude: m.Location.Latitude, Longitude: m.Location.Longitude}
	if m.Location.HorizontalAccuracy > 0 {
		place.Accuracy = &m.Location.HorizontalAccuracy
	}
	return t.notePunch(ctx, asked.Direction, place)
}

// pressedThen dates a pressed button, which carries no date, by when we got it: it may be handled again much later.
func (t *turn) pressedThen(ctx context.Context) error {
	if t.update.CallbackQuery == nil {
		return nil
	}
	received, err := t.bot.app.UpdateReceived(auth.With(ctx, system), t.row)
	if err == nil && received.Before(t.at) {
		t.at = received
	}
	return err
}

// notePunch stores the punch and says its time, and nothing of what it may mean: attendance is evaluated elsewhere.
func (t *turn) notePunch(ctx context.Context, direction punch.Direction, place *app.PlaceInput) error {
	own := strconv.Itoa(t.row)
	if err := t.pressedThen(ctx); err != nil {
		return err
	}
	done, err := t.bot.app.Punch(t.as(ctx), app.PunchInput{Source: "telegram", ExternalID: own, At: t.at, Direction: direction, Place: place})
	if err != nil {
		return err
	}
	id := punchText("punch.noted", direction)
	if done.Noted && done.ExternalID != own { // the update's own punch was noted before a restart
		id = punchText("punch.known", direction)
	}
	if place == nil {
		t.sayPunch(id, done)
		return nil
	}
	t.forget()
	t.sayWith(t.punchNoted(id, done), models.ReplyKeyboardRemove{RemoveKeyboard: true})
	return nil
}

func (t *turn) sayPunch(id string, done app.Punched) {
	t.say(t.punchNoted(id, done), rows{{{Text: label(t.text("today.button")), Data: press("today", 0)}}})
}

func (t *turn) punchNoted(id string, done app.Punched) string {
	return t.text(id, "Clock", formatClock(done.Zone, done.At), "Day", formatDay(t.person.Language, done.Zone, done.At))
}

// latePlace answers a place that nobody asks for any more, from the keyboard that another command has left on the screen, and takes the
// keyboard away. It tells whether the message is one: of somebody whose places are asked for at all.
func (t *turn) latePlace(ctx context.Context) (bool, error) {
	m := t.update.Message
	if m.Location == nil || m.Venue != nil || m.ForwardOrigin != nil || t.dialog.Name == punchDialog {
		return false, nil
	}
	asks, err := t.bot.app.AsksLocation(t.as(ctx))
	if asks && err == nil {
		t.sayWith(t.text("punch.too_late"), models.ReplyKeyboardRemove{RemoveKeyboard: true})
	}
	return asks, err
}
