package bot

import (
	"context"
	"html"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/ent/gen"
	entbroadcast "github.com/fincokpi/finco/ent/gen/broadcast"
	entteam "github.com/fincokpi/finco/ent/gen/team"
)

// newsletter is what a talk about a new broadcast has come to. While By is set, the audience is still being chosen by it.
type newsletter struct {
	Teams []int    `json:"teams,omitempty"`
	Roles []string `json:"roles,omitempty"`
	By    string   `json:"by,omitempty"`
}

const (
	byTeams = "teams"
	byRoles = "roles"
	// byNothing is before anything has been chosen.
	byNothing = "nothing"
	// broadcastDialog is the dialog's name, and what the buttons' data begins with.
	broadcastDialog = "news"
)

// broadcasts begins a new one, and offers those that are under way.
func broadcasts(ctx context.Context, t *turn, _ string) error {
	going, err := t.bot.app.Client().Broadcast.Query().Where(entbroadcast.StateIn(entbroadcast.StateRunning, entbroadcast.StatePaused)).
		Order(gen.Desc(entbroadcast.FieldID)).Limit(5).All(t.as(ctx))
	if err != nil {
		return err
	}
	out := rows{
		{{Text: t.text("broadcast.everybody"), Data: press(broadcastDialog, "all")}},
		{{Text: t.text("broadcast.by_team"), Data: press(broadcastDialog, "by", byTeams)}, {Text: t.text("broadcast.by_role"), Data: press(broadcastDialog, "by", byRoles)}},
	}
	for _, b := range going {
		out = append(out, []button{{Text: label(t.text("broadcast.going", "Begins", clip(b.Text, 25))), Data: press(broadcastDialog, "status", b.ID)}})
	}
	t.show(t.text("broadcast.whom"), append(out, t.cancelRow()))
	return t.ask(broadcastDialog, newsletter{By: byNothing})
}

// broadcastPressed does what a button of a broadcast says.
func broadcastPressed(ctx context.Context, t *turn, args []string) error {
	if len(args) == 0 {
		return t.refuse("error.old_button")
	}
	switch args[0] {
	case "new":
		return broadcasts(ctx, t, "")
	case "all":
		return t.askBroadcast(newsletter{})
	case "by":
		return t.chooseAudience(ctx, newsletter{By: strings.Join(args[1:], "")})
	case "with":
		return t.audienceToggled(ctx, args[1:])
	case "chosen":
		return t.audienceChosen()
	}
	id, err := number(args, 1)
	if err != nil {
		return t.refuse("error.old_button")
	}
	if args[0] == "drop" {
		return t.dropped(ctx, id)
	}
	steps := map[string]func(context.Context, int) (*gen.Broadcast, error){
		"send": t.bot.app.StartBroadcast, "pause": t.bot.app.PauseBroadcast, "resume": t.bot.app.ResumeBroadcast, "stop": t.bot.app.CancelBroadcast,
		"status": t.bot.app.Client().Broadcast.Get,
	}
	step := steps[args[0]]
	if step == nil {
		return t.refuse("error.old_button")
	}
	b, err := step(t.as(ctx), id)
	if err != nil {
		return err
	}
	if n, err := t.newsletter(); err == nil && n.By == byNothing { // the question has gone from the screen
		t.forget()
	}
	return t.showBroadcast(ctx, b)
}

// chooseAudience shows the teams or roles, with those that are chosen ticked.
func (t *turn) chooseAudience(ctx context.Context, n newsletter) error {
	var out rows
	add := func(text string, chosen bool, what any) {
		if chosen {
			text = "✅ " + text
		}
		out = append(out, []button{{Text: text, Data: press(broadcastDialog, "with", what)}})
	}
	switch n.By {
	case byTeams:
		teams, err := t.bot.app.Client().Team.Query().Order(gen.Asc(entteam.FieldName)).Limit(90).All(t.as(ctx))
		if err != nil {
			return err
		}
		for _, team := range teams {
			add(team.Name, slices.Contains(n.Teams, team.ID), team.ID)
		}
	case byRoles:
		for _, role := range auth.Roles() {
			add(t.text("broadcast.role."+role), slices.Contains(n.Roles, role), role)
		}
	default:
		return t.refuse("error.old_button")
	}
	out = append(out, []button{{Text: t.text("broadcast.next"), Data: press(broadcastDialog, "chosen")}}, []button{
		{Text: t.text("back"), Data: press(broadcastDialog, "new")}, t.cancelRow()[0],
	})
	t.show(t.text("broadcast.choose"), out)
	return t.ask(broadcastDialog, n)
}

// newsletter is what the talk has come to; refused if it is about something else now.
func (t *turn) newsletter() (newsletter, error) {
	var n newsletter
	if t.dialog.Name != broadcastDialog {
		return n, t.refuse("error.old_button")
	}
	return n, t.asked(&n)
}

func (t *turn) audienceToggled(ctx context.Context, args []string) error {
	n, err := t.newsletter()
	if err != nil {
		return err
	}
	switch {
	case n.By == byTeams:
		id, err := number(args, 0)
		if err != nil {
			return t.refuse("error.old_button")
		}
		n.Teams = toggled(n.Teams, id)
	case n.By == byRoles && len(args) == 1 && slices.Contains(auth.Roles(), args[0]):
		n.Roles = toggled(n.Roles, args[0])
	default:
		return t.refuse("error.old_button")
	}
	return t.chooseAudience(ctx, n)
}

func toggled[T comparable](list []T, one T) []T {
	if i := slices.Index(list, one); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return append(list, one)
}

func (t *turn) audienceChosen() error {
	n, err := t.newsletter()
	if err != nil {
		return err
	}
	if len(n.Teams)+len(n.Roles) == 0 {
		return t.refuse("broadcast.choose_one")
	}
	n.By = ""
	return t.askBroadcast(n)
}

// askBroadcast asks for the text or file.
func (t *turn) askBroadcast(n newsletter) error {
	t.show(t.text("broadcast.write"), rows{t.cancelRow()})
	return t.ask(broadcastDialog, n)
}

// broadcastWritten takes the text or file, and shows exactly what people will get and how many they are.
func broadcastWritten(ctx context.Context, t *turn) error {
	n, err := t.newsletter()
	if err != nil {
		return err
	}
	switch n.By {
	case "":
	case byNothing:
		return t.refuse("broadcast.choose_whom")
	default:
		return t.refuse("broadcast.choose_first")
	}
	in, err := t.broadcastInput(ctx, t.update.Message)
	if err != nil {
		return err
	}
	in.Audience = app.Audience{Teams: n.Teams, Roles: n.Roles}
	made, err := t.bot.app.PrepareBroadcast(t.as(ctx), in)
	if err != nil {
		return err
	}
	t.preview(made.Broadcast, in)
	below := rows{{{Text: t.text("broadcast.send", "Recipients", made.Recipients), Data: press(broadcastDialog, "send", made.ID)}}}
	if made.Recipients == 0 {
		below = nil
	}
	below = append(below, []button{{Text: t.text("cancel"), Data: press(broadcastDialog, "drop", made.ID)}})
	t.say(t.text("broadcast.preview", "Recipients", made.Recipients, "Unlinked", made.Unlinked, "Unreachable", made.Unreachable), below)
	t.forget()
	return nil
}

// preview says what people will get, as they will get it.
func (t *turn) preview(b *gen.Broadcast, in app.BroadcastInput) {
	text := html.EscapeString(b.Text)
	switch {
	case in.File == nil:
		t.say(text, nil)
		return
	case in.FileName == "":
		t.put("sendPhoto", map[string]any{"caption": text})
	default:
		t.put("sendDocument", map[string]any{"caption": text})
	}
	last := &t.out[len(t.out)-1]
	last.File, last.FileField, last.FileName = in.File, strings.ToLower(strings.TrimPrefix(last.Method, "send")), in.FileName
}

// broadcastInput reads a message; its file is kept.
func (t *turn) broadcastInput(ctx context.Context, m *models.Message) (app.BroadcastInput, error) {
	in := app.BroadcastInput{Text: m.Text}
	var source string
	var size int64
	switch {
	case len(m.Photo) > 0:
		largest := m.Photo[len(m.Photo)-1]
		source, size = largest.FileID, int64(largest.FileSize)
	case m.Document != nil:
		source, size = m.Document.FileID, m.Document.FileSize
		in.FileName = m.Document.FileName
		if in.FileName == "" {
			in.FileName = "file"
		}
	case strings.TrimSpace(m.Text) == "":
		return in, t.refuse("broadcast.only")
	}
	if source == "" {
		return in, nil
	}
	in.Text = m.Caption
	if len(utf16.Encode([]rune(in.Text))) > 1024 {
		return in, t.refuse("broadcast.long_caption")
	}
	kept, err := t.bot.app.KeepSent(t.as(ctx), source, size)
	if err != nil {
		return in, t.refuseFile(err)
	}
	in.File = &kept
	return in, nil
}
