package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/server"
)

type importCmd struct {
	Telegram importTelegramCmd `cmd:"" help:"Import a Telegram Desktop export (result.json or its folder)."`
}

type importTelegramCmd struct {
	Path    string `arg:"" help:"The export: a JSON file, or the folder it is in." type:"path"`
	Company string `help:"Apply this company file first, so that staff are told from customers." type:"path"`
	Account int64  `help:"Telegram id of the account that exported, where the export does not tell."`
	Wait    bool   `help:"Return only when every analysis is stored; works on them itself."`
}

// damaged is the exit code of an import of which something could not be read.
const damaged = exit(3)

// Run imports; the last line on stdout is one JSON object.
func (c *importTelegramCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		if c.Company != "" {
			file, err := readCompany(c.Company)
			if err != nil {
				return err
			}
			if err := parts.RefuseOverDemo(ctx, file); err != nil {
				return err
			}
			if _, err := parts.App.ApplyCompany(ctx, app.ApplyCompanyInput{Company: *file}); err != nil {
				return err
			}
		}
		result, err := parts.ImportTelegram(auth.With(ctx, auth.System("intake")), server.ImportOptions{
			Path: c.Path, Account: c.Account, Wait: c.Wait, Progress: progress(io),
		})
		if err != nil {
			return err
		}
		return c.tell(io, result)
	})
}

func (c *importTelegramCmd) tell(io *streams, result server.ImportResult) error {
	for _, line := range result.Notes {
		_, _ = fmt.Fprintln(io.err, line)
	}
	if err := json.NewEncoder(io.out).Encode(result); err != nil {
		return err
	}
	if result.Damaged {
		return damaged
	}
	return nil
}

// progress draws a bar with rate and time left where somebody watches.
func progress(io *streams) func(done, total int64) {
	file, ok := io.err.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	var bar *progressbar.ProgressBar
	return func(done, total int64) {
		if bar == nil {
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(file), progressbar.OptionShowBytes(true), progressbar.OptionSetPredictTime(true),
				progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetDescription("importing"), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set64(done)
	}
}
