package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	entbroadcast "github.com/fincokpi/finco/ent/gen/broadcast"
)

// broadcastButtons are what may be done with a broadcast in a state, besides looking again.
var broadcastButtons = map[entbroadcast.State][]string{
	entbroadcast.StateRunning: {"pause", "stop"},
	entbroadcast.StatePaused:  {"resume", "stop"},
}

// showBroadcast shows how far a broadcast is, with what may be done with it.
func (t *turn) showBroadcast(ctx context.Context, b *gen.Broadcast) error {
	text, err := t.bot.broadcastText(t.as(ctx), t.person.Language, b)
	if err != nil {
		return err
	}
	var out rows
	if verbs := broadcastButtons[b.State]; len(verbs) > 0 {
		var row []button
		for _, verb := range verbs {
			row = append(row, button{Text: t.text("broadcast." + verb), Data: press(broadcastDialog, verb, b.ID)})
		}
		out = rows{row, {{Text: t.text("broadcast.refresh"), Data: press(broadcastDialog, "status", b.ID)}}}
	}
	t.show(text, out)
	return nil
}

// dropped ends a draft that is not to be sent after all.
func (t *turn) dropped(ctx context.Context, id int) error {
	if _, err := t.bot.app.CancelBroadcast(t.as(ctx), id); err != nil {
		return err
	}
	t.show(t.text("cancelled"), nil)
	return nil
}

// refuseFile says why a file is not taken.
func (t *turn) refuseFile(err error) error {
	switch {
	case errors.Is(err, app.ErrFileTooBig):
		return t.refuse("broadcast.too_big")
	case domain.KindOf(err) == domain.KindNotFound:
		return t.refuse("broadcast.no_file")
	}
	return err
}

// broadcastText is how far a broadcast is, or what it came to, with why some did not get it.
func (b *Bot) broadcastText(ctx context.Context, language string, one *gen.Broadcast) (string, error) {
	all, err := b.app.BroadcastProgress(ctx, one.ID)
	if err != nil {
		return "", err
	}
	p := all[one.ID]
	text := b.texts.in(language, "broadcast.progress", values{
		"State": b.texts.in(language, "broadcast.state."+strings.ToLower(string(one.State)), nil), "Begins": clip(one.Text, 60),
		"Recipients": p.Recipients, "Sent": p.Sent, "Queued": p.Queued, "Failed": p.Failed, "Unknown": p.Unknown, "Cancelled": p.Cancelled,
	})
	reasons, err := b.app.BroadcastReasons(ctx, one.ID)
	if err != nil || len(reasons) == 0 {
		return text, err
	}
	text += "\n\n" + b.texts.in(language, "broadcast.reasons", nil)
	for _, r := range reasons {
		text += "\n" + b.texts.in(language, "broadcast.reason", values{"Reason": b.reason(language, r.Text), "Number": r.Count})
	}
	return text, nil
}

// reasonTexts are the reasons that people are told in their language, by a part of what is kept of them.
var reasonTexts = []struct{ part, text string }{
	{"bot was blocked", "broadcast.reason.blocked"},
	{"has blocked the bot", "broadcast.reason.blocked"},
	{"user is deactivated", "broadcast.reason.deactivated"},
	{"chat not found", "broadcast.reason.never"},
	{"can't initiate", "broadcast.reason.never"},
	{"has left or is blocked", "broadcast.reason.left"},
	{"another Telegram account", "broadcast.reason.moved"},
	{"broadcast was cancelled", "broadcast.reason.stopped"},
	{"no longer in the store", "broadcast.reason.file"},
}

// reason is one in a language; what has no words of ours is said as Telegram says it.
func (b *Bot) reason(language, kept string) string {
	for _, known := range reasonTexts {
		if strings.Contains(kept, known.part) {
			return label(b.texts.in(language, known.text, nil))
		}
	}
	return kept
}

// settleBroadcasts ends the broadcasts of which nothing is left to send, and tells their authors what they came to, and whoever watched.
func (b *Bot) settleBroadcasts(ctx context.Context) error {
	ended, err := b.app.SettleBroadcasts(ctx)
	if err != nil {
		return err
	}
	for _, one := range ended {
		if err := b.reportBroadcast(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bot) reportBroadcast(ctx context.Context, ended app.EndedBroadcast) error {
	author, err := b.app.PersonByTelegram(ctx, ended.TelegramID)
	if domain.KindOf(err) == domain.KindNotFound || author.Role != auth.RoleAdmin {
		return nil
	}
	if err != nil {
		return err
	}
	as := auth.With(ctx, author.Actor)
	found, err := b.app.Client().Broadcast.Get(as, ended.ID)
	if err != nil {
		return err
	}
	text, err := b.broadcastText(as, author.Language, found)
	if err != nil {
		return err
	}
	out := []app.OutgoingInput{{
		Key: ended.Key, Chat: ended.TelegramID, UserID: author.UserID, Priority: app.PriorityNotice, Method: "sendMessage",
		Params: paramsOf(map[string]any{"text": text}),
	}}
	shown, err := b.finalStatus(ctx, found)
	if err != nil {
		return err
	}
	_, err = b.app.Send(ctx, append(out, shown...)...)
	return err
}

// finalStatus puts the end of a broadcast into the messages that show how far it is, without their buttons.
func (b *Bot) finalStatus(ctx context.Context, ended *gen.Broadcast) ([]app.OutgoingInput, error) {
	shown, err := b.app.MessagesWithButton(ctx, ended.ID, press(broadcastDialog, "stop", ended.ID))
	if err != nil {
		return nil, err
	}
	var out []app.OutgoingInput
	for _, m := range shown {
		reader, err := b.app.PersonByTelegram(ctx, m.Chat)
		if domain.KindOf(err) == domain.KindNotFound || err == nil && reader.Role != auth.RoleAdmin {
			continue
		}
		if err != nil {
			return nil, err
		}
		text, err := b.broadcastText(auth.With(ctx, reader.Actor), reader.Language, ended)
		if err != nil {
			return nil, err
		}
		out = append(out, app.OutgoingInput{
			Key: fmt.Sprintf("broadcast:%d:status:%d:%d", ended.ID, m.Chat, m.ID), Chat: m.Chat, UserID: reader.UserID, Priority: app.PriorityNotice,
			Method: "editMessageText", Params: paramsOf(map[string]any{"text": text, "message_id": m.ID}),
		})
	}
	return out, nil
}
