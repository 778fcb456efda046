package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/payrollrun"
	"github.com/fincokpi/finco/server"
)

type payrollCmd struct {
	Run     payrollRunCmd     `cmd:"" help:"Make the run of a period, or make its draft anew."`
	Review  payrollReviewCmd  `cmd:"" help:"Fix the run's evaluation time and put it up for approval."`
	Reopen  payrollReopenCmd  `cmd:"" help:"Make a run that is up for approval a draft again."`
	Approve payrollApproveCmd `cmd:"" help:"Freeze the slips and post them to the ledger."`
	Pay     payrollPayCmd     `cmd:"" help:"Mark an approved run as paid."`
	Show    payrollShowCmd    `cmd:"" help:"Show a run and its slips."`
}

// payrollFlags name a run.
type payrollFlags struct {
	Period   string `required:"" help:"The month, 2026-09."`
	Currency string `help:"The company's if not given."`
	Kind     string `help:"regular, advance or off_cycle." default:"regular" enum:"regular,advance,off_cycle"`
	Number   int    `default:"1" help:"Which of the period's runs of this kind."`
	As       string `help:"E-mail of the person who does it. The machine's owner if not given."`
	JSON     bool   `name:"json" help:"Print JSON for scripts."`
}

func (f payrollFlags) kind() string { return strings.ToUpper(f.Kind) }

// do opens the parts, does one step as the person named, and shows the run.
func (f payrollFlags) do(ctx context.Context, cfg *server.Config, io *streams, step func(context.Context, *app.App) (*gen.PayrollRun, error)) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		ctx, err := person(ctx, parts, f.As)
		if err != nil {
			return err
		}
		run, err := step(ctx, parts.App)
		if err != nil {
			return err
		}
		return f.print(ctx, io, run)
	})
}

// find is the run that the flags name.
func (f payrollFlags) find(ctx context.Context, a *app.App) (*gen.PayrollRun, error) {
	if _, err := domain.ParsePeriod(f.Period); err != nil {
		return nil, err
	}
	query := a.Client().PayrollRun.Query().Where(payrollrun.Period(f.Period), payrollrun.KindEQ(payrollrun.Kind(f.kind())), payrollrun.Number(f.Number))
	if f.Currency != "" {
		query = query.Where(payrollrun.Currency(f.Currency))
	}
	run, err := query.Only(ctx)
	if gen.IsNotFound(err) {
		return nil, domain.Errorf(domain.KindNotFound, "there is no such run; finco payroll run --period %s makes it", f.Period)
	}
	return run, err
}

// advance does a step on the run that the flags name.
func (f payrollFlags) advance(ctx context.Context, cfg *server.Config, io *streams, verb func(*app.App, context.Context, int) (*gen.PayrollRun, error)) error {
	return f.do(ctx, cfg, io, func(ctx context.Context, a *app.App) (*gen.PayrollRun, error) {
		run, err := f.find(ctx, a)
		if err != nil {
			return nil, err
		}
		after, err := verb(a, ctx, run.ID)
		if err == nil && after.State == run.State {
			io.unchanged(run)
		}
		return after, err
	})
}

func (f payrollFlags) print(ctx context.Context, io *streams, run *gen.PayrollRun) error {
	slips, err := run.QuerySlips().WithUser().WithLines().All(ctx)
	if err != nil {
		return err
	}
	f.flagged(io, run, slips)
	if f.JSON {
		return json.NewEncoder(io.out).Encode(map[string]any{"run": run, "slips": slips})
	}
	_, _ = fmt.Fprintf(io.out, "%s %s run %d of %s: %s\n", run.Period, run.Kind, run.Number, run.Currency, run.State)
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, s := range slips {
		_, _ = fmt.Fprintf(w, "%s\tnet %s\tpayable %s\t\n", s.Edges.User.Name, money(s.Net, s.Currency), money(s.Payable, s.Currency))
		for _, l := range s.Edges.Lines {
			_, _ = fmt.Fprintf(w, "%s %s\t%s\t%s\t\n", l.Kind, l.Key, money(l.Amount, s.Currency), l.Reason)
		}
		for _, flag := range s.Flags {
			_, _ = fmt.Fprintf(w, "FLAG\t\t%s\t\n", flag)
		}
	}
	return w.Flush()
}

// flagged words the slips' flags as the run's state has it, and says on stderr how many slips have one.
func (f payrollFlags) flagged(io *streams, run *gen.PayrollRun, slips []*gen.Payslip) {
	n, first := 0, ""
	for _, s := range slips {
		if s.Flags = app.SlipFlags(s, run.State); len(s.Flags) == 0 {
			continue
		}
		if n++; first == "" {
			first = s.Flags[0]
		}
	}
	if n > 0 {
		_, _ = fmt.Fprintf(io.err, "Look at the flags of %d of %d slips, such as: %s.\n", n, len(slips), first)
	}
}

// unchanged tells that a step found nothing to do.
func (s *streams) unchanged(run *gen.PayrollRun) {
	_, _ = fmt.Fprintf(s.err, "The run is %s already; nothing changed.\n", strings.ToLower(string(run.State)))
}

func money(minor int64, currency string) string {
	return domain.Money{Minor: minor, Currency: currency}.String()
}

type payrollRunCmd struct{ payrollFlags }

// Run makes the run.
func (c *payrollRunCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return c.do(ctx, cfg, io, func(ctx context.Context, a *app.App) (*gen.PayrollRun, error) {
		run, err := a.RunPayroll(ctx, app.RunPayrollInput{Period: c.Period, Currency: c.Currency, Kind: c.kind(), Number: c.Number})
		if err == nil && run.State != payrollrun.StateDraft {
			io.unchanged(run)
		}
		return run, err
	})
}

type payrollReviewCmd struct{ payrollFlags }

// Run puts the run up for approval.
func (c *payrollReviewCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return c.advance(ctx, cfg, io, (*app.App).ReviewPayroll)
}

type payrollReopenCmd struct{ payrollFlags }

// Run makes the run a draft again.
func (c *payrollReopenCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return c.advance(ctx, cfg, io, (*app.App).ReopenPayroll)
}

type payrollApproveCmd struct{ payrollFlags }

// Run approves the run.
func (c *payrollApproveCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return c.advance(ctx, cfg, io, (*app.App).ApprovePayroll)
}

type payrollPayCmd struct{ payrollFlags }

// Run marks the run as paid.
func (c *payrollPayCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return c.advance(ctx, cfg, io, (*app.App).PayPayroll)
}

type payrollShowCmd struct{ payrollFlags }

// Run shows the run.
func (c *payrollShowCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return c.do(ctx, cfg, io, c.find)
}
