package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/server"
)

type telegramCmd struct {
	Status telegramStatusCmd `cmd:"" help:"Show the bot, how updates come in, and what was put aside."`
	Replay telegramReplayCmd `cmd:"" help:"Handle updates again that were put aside."`
	Drop   telegramDropCmd   `cmd:"" help:"Forget updates that were put aside."`
}

type telegramStatusCmd struct {
	JSON bool `name:"json" help:"Print JSON for scripts."`
}

// asideShown is how many updates put aside are listed.
const asideShown = 100

// telegramReport is what the status prints as JSON.
type telegramReport struct {
	server.TelegramStatus
	Waiting int               `json:"waiting"`
	Oldest  *time.Time        `json:"oldest,omitempty"`
	Aside   int               `json:"aside"`
	Updates []app.AsideUpdate `json:"updates"`
}

// Run asks Telegram and the database. What the database knows is printed also when Telegram does not answer, which fails the command.
func (c *telegramStatusCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		asking, cancel := context.WithTimeout(ctx, 20*time.Second)
		status, away := parts.TelegramStatus(asking)
		cancel()
		out := telegramReport{TelegramStatus: status}
		counts, err := parts.App.UpdateCounts(ctx)
		if err != nil {
			return err
		}
		out.Waiting, out.Oldest, out.Aside = counts.Waiting, counts.Oldest, counts.Aside
		if out.Updates, err = parts.App.AsideUpdates(ctx, asideShown); err != nil {
			return err
		}
		if c.JSON {
			return errors.Join(json.NewEncoder(io.out).Encode(out), away)
		}
		return errors.Join(out.print(io), away)
	})
}

func (r telegramReport) print(io *streams) error {
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	if r.Bot != "" {
		line("bot", "@%s", r.Bot)
	}
	line("updates by", "%s", r.Mode)
	if r.Mode != "off" {
		led := "no process: start finco serve, with the role bot"
		if r.Led {
			led = "a process that runs"
		}
		line("read by", "%s", led)
	}
	if r.Fault != "" {
		line("fault", "%s", r.Fault)
	}
	if r.Differs != "" {
		line("settings", "%s", r.Differs)
	}
	if r.Bot != "" && !r.ReadsGroups {
		line("privacy mode", "on: the bot reads only groups that it administers; /setprivacy at BotFather switches it off, then put the bot into its groups again")
	}
	if r.Webhook.URL != "" {
		line("webhook", "%s", r.Webhook.URL)
		line("waiting there", "%d", r.Webhook.Pending)
	}
	if r.Webhook.LastErrorMessage != "" {
		line("last failure there", "%s %s", time.Unix(r.Webhook.LastErrorDate, 0).UTC().Format(time.RFC3339), r.Webhook.LastErrorMessage)
	}
	since := ""
	if r.Oldest != nil {
		since = ", the oldest since " + r.Oldest.UTC().Format(time.RFC3339)
	}
	line("to be handled", "%d%s", r.Waiting, since)
	line("put aside", "%d", r.Aside)
	if len(r.Updates) > 0 {
		_, _ = fmt.Fprintln(w, "\nid\treceived\tkind\tchat\ttries\tfault")
	}
	for _, u := range r.Updates {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%d\t%s\n", u.ID, u.ReceivedAt.UTC().Format(time.RFC3339), u.Kind, u.Chat, u.Attempts, strings.Join(strings.Fields(u.Fault), " "))
	}
	if r.Aside > len(r.Updates) {
		_, _ = fmt.Fprintf(w, "and %d more\n", r.Aside-len(r.Updates))
	}
	return w.Flush()
}

type telegramReplayCmd struct {
	IDs []int `arg:"" optional:"" name:"id" help:"As finco telegram status lists them."`
	All bool  `help:"All that were put aside."`
}

// Run has them handled by the process that leads, at once if one does.
func (c *telegramReplayCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	if c.All == (len(c.IDs) > 0) {
		return domain.Errorf(domain.KindInvalid, "name the updates to replay, or say --all; finco telegram status lists them")
	}
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		n, err := parts.App.ReplayUpdates(ctx, c.IDs...)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(io.out, "%d to be handled again.\n", n)
		return nil
	})
}

type telegramDropCmd struct {
	IDs []int `arg:"" optional:"" name:"id" help:"As finco telegram status lists them."`
	All bool  `help:"All that were put aside."`
}

// Run forgets them for ever.
func (c *telegramDropCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	if c.All == (len(c.IDs) > 0) {
		return domain.Errorf(domain.KindInvalid, "name the updates to drop, or say --all; finco telegram status lists them")
	}
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		drop := func() (int, error) { return parts.App.DropUpdates(ctx, c.IDs...) }
		if c.All {
			drop = func() (int, error) { return parts.App.DropAllUpdates(ctx) }
		}
		n, err := drop()
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(io.out, "%d dropped.\n", n)
		return nil
	})
}
