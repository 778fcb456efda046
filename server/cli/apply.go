package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/intake/companyfile"
	"github.com/fincokpi/finco/server"
)

type applyCmd struct {
	File   string `arg:"" help:"The company file." type:"path"`
	DryRun bool   `help:"Say what would change and change nothing."`
	Prune  bool   `help:"End what is not in the file: people leave, KPIs and rules stop. Admins and people with messages or slips are never removed."`
}

// Run applies the file and prints what changed.
func (c *applyCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	file, err := readCompany(c.File)
	if err != nil {
		return err
	}
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		if err := parts.RefuseOverDemo(ctx, file); err != nil {
			return err
		}
		if !c.DryRun {
			if err := parts.RegisterBuiltIns(ctx); err != nil {
				return err
			}
		}
		changes, err := parts.App.ApplyCompany(ctx, app.ApplyCompanyInput{Company: *file, DryRun: c.DryRun, Prune: c.Prune})
		if err != nil {
			return err
		}
		printChanges(io, changes, c.DryRun)
		return nil
	})
}

func printChanges(io *streams, changes app.CompanyChanges, dry bool) {
	for _, line := range changes.Changes {
		_, _ = fmt.Fprintln(io.out, line)
	}
	for _, name := range changes.NotInstalled {
		if dry { // the built-in ones may not be registered before something is changed
			_, _ = fmt.Fprintf(io.err, "note: the analyzer %s is not registered yet; what the file says of it will be applied when it is\n", name)
			continue
		}
		_, _ = fmt.Fprintf(io.err, "note: the analyzer %s is not installed; what the file says of it is kept until it is\n", name)
	}
	for _, what := range changes.OtherVersions {
		_, _ = fmt.Fprintf(io.err, "note: %s; what the file says of it is kept until that version is installed\n", what)
	}
	count := fmt.Sprintf("%d changes", len(changes.Changes))
	if len(changes.Changes) == 1 {
		count = "1 change"
	}
	switch {
	case len(changes.Changes) == 0:
		_, _ = fmt.Fprintln(io.out, "Nothing changed.")
	case dry:
		_, _ = fmt.Fprintf(io.out, "%s would be made; nothing was changed.\n", count)
	default:
		_, _ = fmt.Fprintf(io.out, "%s.\n", count)
	}
}

func readCompany(path string) (*app.CompanyInput, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "the company file cannot be read: %w", err)
	}
	file, faults := companyfile.Parse(text)
	if err := faults.Err(); err != nil {
		return nil, fmt.Errorf("%s was not applied:\n%w", path, err)
	}
	return file, nil
}
