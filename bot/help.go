package bot

import (
	"context"
	"slices"
	"strings"

	"github.com/fincokpi/finco/auth"
)

// help lists what the person may ask for, and says whom to ask for more.
func help(ctx context.Context, t *turn, _ string) error {
	if t.stranger() {
		t.greet()
		return nil
	}
	var lines []string
	for _, c := range menuOf(t.person.Role) {
		lines = append(lines, "/"+c.name+" — "+t.text("command."+c.name))
	}
	admins, err := t.bot.app.AdminNames(auth.With(ctx, system))
	if err != nil {
		return err
	}
	if i := slices.Index(admins, t.person.Name); i >= 0 && t.person.Role == auth.RoleAdmin { // nobody asks themselves
		admins = slices.Delete(admins, i, i+1)
	}
	t.show(t.text("people.help", "Commands", markup(strings.Join(lines, "\n")), "Admins", strings.Join(admins, ", ")), homeButtons(t))
	return nil
}

// menuOf are the commands that a role finds in its menu; those of strangers for an empty one.
func menuOf(role string) []command {
	var out []command
	for _, c := range commands() {
		if !c.hidden && c.mayGive(role) {
			out = append(out, c)
		}
	}
	return out
}
