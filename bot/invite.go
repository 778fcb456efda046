package bot

import (
	"context"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/employment"
)

// inviteesAtOnce is how many people a screen has buttons for.
const inviteesAtOnce = 8

// chooseInvitee offers the people without a Telegram account.
func chooseInvitee(ctx context.Context, t *turn, _ string) error { return t.invitees(ctx, 0) }

// invitePage is another page of them.
func invitePage(ctx context.Context, t *turn, args []string) error {
	page, err := number(args, 0)
	if err != nil || page < 0 {
		return t.refuse("error.old_button")
	}
	return t.invitees(ctx, page)
}

func (t *turn) invitees(ctx context.Context, page int) error {
	ctx = t.as(ctx)
	without := t.bot.app.Client().Employment.Query().Where(employment.TelegramIDIsNil(), employment.StatusEQ(employment.StatusActive))
	n, err := without.Clone().Count(ctx)
	if err != nil {
		return err
	}
	if n == 0 {
		t.show(t.text("invite.nobody"), nil)
		return nil
	}
	page = min(page, (n-1)/inviteesAtOnce)
	found, err := without.WithUser().Order(gen.Asc(employment.FieldEmail)).Offset(page * inviteesAtOnce).Limit(inviteesAtOnce).All(ctx)
	if err != nil {
		return err
	}
	var out rows
	for _, e := range found {
		out = append(out, []button{{Text: e.Edges.User.Name, Data: press("invite", e.UserID)}})
	}
	var turnPage []button
	if page > 0 {
		turnPage = append(turnPage, button{Text: "←", Data: press("invites", page-1)})
	}
	if (page+1)*inviteesAtOnce < n {
		turnPage = append(turnPage, button{Text: "→", Data: press("invites", page+1)})
	}
	if len(turnPage) > 0 {
		out = append(out, turnPage)
	}
	t.show(t.text("invite.ask", "Count", n), append(out, t.cancelRow()))
	return nil
}

// inviteePressed makes the link, in a message of its own that can be forwarded as it is.
func inviteePressed(ctx context.Context, t *turn, args []string) error {
	id, err := number(args, 0)
	if err != nil {
		return t.refuse("error.old_button")
	}
	made, err := t.bot.app.InviteUser(t.as(ctx), app.InviteUserInput{UserID: id})
	if err != nil {
		return t.refuseConnecting(err)
	}
	zone, err := t.bot.app.Zone(ctx)
	if err != nil {
		return err
	}
	until := formatDay(t.person.Language, zone, made.ExpiresAt) + ", " + formatClock(zone, made.ExpiresAt)
	t.show(t.text("invite.made", "Name", made.Name, "Until", until), rows{{{Text: t.text("back"), Data: press("invites", 0)}}})
	t.say(t.text("invite.forward", "Name", made.Name, "Link", made.Link), nil)
	return nil
}
