package bot

import (
	"context"
	"html"
	"strings"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/employment"
)

// people lists the people of the company and how they stand with the bot.
func people(ctx context.Context, t *turn, _ string) error { return t.peoplePage(ctx, 0) }

// peoplePressed is "people:<page>", "people:see:<person>:<page>", "people:ask:<person>:<page>" before blocking somebody and
// "people:part:<person>:<page>" before disconnecting their account, or "people:block:<person>:<page>", and likewise unblock and disconnect.
func peoplePressed(ctx context.Context, t *turn, args []string) error {
	if len(args) == 1 {
		page, err := number(args, 0)
		if err != nil {
			return err
		}
		return t.peoplePage(ctx, page)
	}
	id, err := number(args, 1)
	if err != nil {
		return err
	}
	page, err := number(args, 2)
	if err != nil {
		return err
	}
	found, err := t.bot.app.Client().Employment.Query().Where(employment.UserID(id)).WithUser(func(q *gen.UserQuery) { q.WithTeam() }).Only(t.as(ctx))
	if gen.IsNotFound(err) {
		return domain.Errorf(domain.KindNotFound, "there is no such person")
	}
	if err != nil {
		return err
	}
	switch args[0] {
	case "see":
		t.personCard(found, page)
		return nil
	case "ask":
		t.askFirst(found, "block", page)
		return nil
	case "part":
		t.askFirst(found, "disconnect", page)
		return nil
	case "block":
		err = t.bot.app.BlockUser(t.as(ctx), found.Email)
	case "unblock":
		err = t.bot.app.UnblockUser(t.as(ctx), found.Email)
	case "disconnect":
		if found.TelegramID != nil { // it may be pressed twice
			_, err = t.bot.app.DisconnectTelegram(t.as(ctx), app.DisconnectInput{Email: found.Email})
		}
	default:
		return t.refuse("error.old_button")
	}
	if domain.KindOf(err) == domain.KindDenied && found.UserID == t.person.UserID {
		return t.refuse("admin.not_yourself")
	}
	if err != nil {
		return err
	}
	t.toast = plain(t.text("admin.done_" + args[0]))
	return t.peoplePage(ctx, page)
}

func (t *turn) peoplePage(ctx context.Context, page int) error {
	query := t.bot.app.Client().Employment.Query()
	total, err := query.Clone().Count(t.as(ctx))
	if err != nil {
		return err
	}
	page = max(0, min(page, (total-1)/perPage))
	list, err := query.Order(gen.Asc(employment.FieldEmail)).Offset(page * perPage).Limit(perPage).WithUser().All(t.as(ctx))
	if err != nil {
		return err
	}
	lines := []string{t.text("admin.title", "Count", total), ""}
	var out rows
	for _, e := range list {
		name := clip(e.Edges.User.Name, titleLength)
		lines = append(lines, t.text("admin.line", "Name", name, "Role", markup(t.text("admin.role."+string(e.Role))), "State", markup(t.text(personState(e)))))
		out = append(out, []button{{Text: name, Data: press("people", "see", e.UserID, page)}})
	}
	t.show(strings.Join(lines, "\n"), append(out, t.pages("people", page, total)...))
	return nil
}

// personState is the text that says how somebody stands.
func personState(e *gen.Employment) string {
	switch {
	case e.Status == employment.StatusLeft:
		return "admin.state.left"
	case e.Status == employment.StatusBlocked:
		return "admin.state.blocked"
	case e.TelegramID == nil:
		return "admin.state.unlinked"
	case menuChat(e.Menu) != *e.TelegramID: // Telegram refuses a menu for somebody who has no chat with the bot
		return "admin.state.unstarted"
	case e.UnreachableAt != nil:
		return "admin.state.unreachable"
	}
	return "admin.state.linked"
}

func (t *turn) personCard(e *gen.Employment, page int) {
	lines := []string{
		"<b>" + html.EscapeString(clip(e.Edges.User.Name, titleLength)) + "</b>", html.EscapeString(clip(e.Email, titleLength)),
		t.text("admin.role." + string(e.Role)), t.text(personState(e)),
	}
	if g := e.Edges.User.Edges.Team; g != nil {
		lines = append(lines, t.text("admin.team", "Team", clip(g.Name, titleLength)))
	}
	if e.Left != nil {
		if day, err := domain.ParseDate(*e.Left); err == nil {
			lines = append(lines, t.text("admin.last_day", "Day", formatDate(t.person.Language, day)))
		}
	}
	var out rows
	switch {
	case e.UserID == t.person.UserID:
	case e.Status == employment.StatusActive:
		out = append(out, []button{{Text: label(t.text("admin.button.block")), Data: press("people", "ask", e.UserID, page)}})
	case e.Status == employment.StatusBlocked:
		out = append(out, []button{{Text: label(t.text("admin.button.unblock")), Data: press("people", "unblock", e.UserID, page)}})
	}
	if e.TelegramID != nil && e.UserID != t.person.UserID {
		out = append(out, []button{{Text: label(t.text("admin.button.disconnect")), Data: press("people", "part", e.UserID, page)}})
	}
	t.show(strings.Join(lines, "\n"), append(out, []button{{Text: label(t.text("back")), Data: press("people", page)}}))
}

// askFirst asks before a person is blocked or disconnected.
func (t *turn) askFirst(e *gen.Employment, what string, page int) {
	t.show(t.text("admin.ask_"+what, "Name", clip(e.Edges.User.Name, titleLength)), rows{
		{{Text: label(t.text("admin.button." + what + "_now")), Data: press("people", what, e.UserID, page)}},
		{{Text: label(t.text("cancel")), Data: press("people", "see", e.UserID, page)}},
	})
}
