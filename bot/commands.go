package bot

import (
	"context"
	"slices"
	"strings"

	"github.com/fincokpi/finco/auth"
)

// command is one that people type or choose from the menu; its description is the text "command.<name>".
type command struct {
	name string
	// roles are those who have it in their menu and may give it; empty: every person of the company.
	roles []string
	// strangers may give it too.
	strangers bool
	// hidden from the menu.
	hidden bool
	run    func(ctx context.Context, t *turn, args string) error
}

var leaders = []string{auth.RoleSupervisor, auth.RoleAdmin}

// commands are all of them, in the order of the menu.
func commands() []command {
	return []command{
		{name: "today", run: today},
		{name: "checkin", run: checkIn},
		{name: "checkout", run: checkOut},
		{name: "kpi", run: kpis},
		{name: "payslip", run: payslips},
		{name: "open", run: open},
		{name: "team", roles: leaders, run: team},
		{name: "review", roles: leaders, run: review},
		{name: "people", roles: []string{auth.RoleAdmin}, run: people},
		{name: "start", strangers: true, run: start},
		{name: "language", run: chooseLanguage},
		{name: "mute", run: chooseMute},
		{name: "invite", roles: []string{auth.RoleAdmin}, run: chooseInvitee},
		{name: "broadcast", roles: []string{auth.RoleAdmin}, run: broadcasts},
		{name: "help", strangers: true, run: help},
		{name: "cancel", hidden: true, run: cancel},
	}
}

// buttons are what pressing one does, by the name that its data begins with.
func buttons() map[string]func(ctx context.Context, t *turn, args []string) error {
	return map[string]func(context.Context, *turn, []string) error{
		"today":     todayPressed,
		"punch":     punchPressed,
		"kpi":       kpiPressed,
		"kres":      kpiResultPressed,
		"kwhy":      kpiWhy,
		"ktrend":    kpiTrend,
		"payslips":  payslipsPressed,
		"slip":      payslipPressed,
		"pline":     payslipLine,
		"pwhy":      payslipRecords,
		"home":      home,
		"do":        doPressed,
		"open":      openPressed,
		"take":      takePressed,
		"review":    reviewPressed,
		"team":      teamPressed,
		"teamwaits": teamWaitsPressed,
		"fresh":     freshPressed,
		"people":    peoplePressed,
		"cancel":    cancelPressed,
		"news":      broadcastPressed,
		"language":  languageChosen,
		"mute":      mutePressed,
		"invites":   invitePage,
		"invite":    inviteePressed,
	}
}

// dialogs are the steps that wait for a message, by the name given to ask. The message is t.update.Message.
func dialogs() map[string]func(ctx context.Context, t *turn) error {
	return map[string]func(context.Context, *turn) error{
		punchDialog:     punchPlace,
		"mute":          muteTyped,
		broadcastDialog: broadcastWritten,
	}
}

// mayGive tells whether a role may give a command.
func (c command) mayGive(role string) bool {
	if role == "" {
		return c.strangers
	}
	return len(c.roles) == 0 || slices.Contains(c.roles, role)
}

// parseCommand takes "/name@bot arguments" apart; false if it is no command, or one for another bot.
func parseCommand(text, username string) (name, args string, ok bool) {
	if !strings.HasPrefix(text, "/") {
		return "", "", false
	}
	name, args, _ = strings.Cut(text[1:], " ")
	name, to, addressed := strings.Cut(name, "@")
	if name == "" || addressed && !strings.EqualFold(to, username) {
		return "", "", false
	}
	return strings.ToLower(name), strings.TrimSpace(args), true
}
