// Package cli is the finco command: one file a command, each of which opens the parts, calls a use case or serves, and prints.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/server"
)

// commands is the command line. Settings stand beside every command: each is a flag, a variable and a key of finco.yml.
type commands struct {
	server.Config

	Serve    serveCmd    `cmd:"" help:"Run the server: HTTP, workers, analyzers, bot."`
	Work     workCmd     `cmd:"" help:"Run a worker alone, for further machines."`
	Apply    applyCmd    `cmd:"" help:"Make the company match a file."`
	Import   importCmd   `cmd:"" help:"Bring conversations in."`
	Kpi      kpiCmd      `cmd:"" help:"Compute KPIs."`
	Payroll  payrollCmd  `cmd:"" help:"Run payrolls."`
	Analyzer analyzerCmd `cmd:"" help:"See and switch the analyzers."`
	Telegram telegramCmd `cmd:"" help:"See how the bot does, and handle again what was put aside."`
	User     userCmd     `cmd:"" help:"Manage people who sign in."`
	Query    queryCmd    `cmd:"" help:"Ask the graph."`
	Files    filesCmd    `cmd:"" help:"See and fetch the files of messages."`
	DB       dbCmd       `cmd:"" name:"db" help:"Migrate, back up and restore the database."`
}

// exit is a code other than 1 with which a command ends; it printed its reason itself.
type exit int

// Error implements error.
func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// Main runs the command line and returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	code := -1
	parser, err := kong.New(&c, kong.Name("finco"), kong.Writers(stdout, stderr), kong.Exit(func(n int) { code = n; panic(stopped{}) }),
		kong.Description("FinCo shows how well a company serves its customers in Telegram, and pays by it."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Help(helpFor), settingsFile("finco.yml"),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(&streams{stdout, stderr}, &c.Config))
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "finco:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parse(parser, args)
	if code >= 0 {
		return code
	}
	if err == nil {
		err = parsed.Run()
	}
	return report(explained(err), stderr)
}

// stopped unwinds the parser after --help, which would go on as if the command line were whole.
type stopped struct{}

func parse(parser *kong.Kong, args []string) (parsed *kong.Context, err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(stopped); !ok {
				panic(r)
			}
		}
	}()
	return parser.Parse(args)
}

// report prints an error as one sentence and gives the exit code.
func report(err error, stderr io.Writer) int {
	var code exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, context.Canceled):
		_, _ = fmt.Fprintln(stderr, "finco: interrupted")
		return 130
	}
	_, _ = fmt.Fprintln(stderr, "finco:", strings.TrimSpace(err.Error()))
	return 1
}

type streams struct{ out, err io.Writer }

// open brings the parts up for one command, which acts as the machine's owner.
func open(ctx context.Context, cfg *server.Config) (context.Context, *server.Parts, error) {
	quiet := *cfg
	if quiet.LogLevel == "info" {
		quiet.LogLevel = "warn" // a command's own lines are its output
	}
	parts, err := server.Open(ctx, quiet, quiet.Logger())
	return auth.With(ctx, auth.System("operator")), parts, err
}

// with opens the parts, runs do and closes them.
func with(ctx context.Context, cfg *server.Config, do func(context.Context, *server.Parts) error) error {
	ctx, parts, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, parts), parts.Close(context.WithoutCancel(ctx)))
}

// person is the context of a person of the company, by e-mail; without an e-mail the machine's owner's.
func person(ctx context.Context, parts *server.Parts, email string) (context.Context, error) {
	if email == "" {
		return ctx, nil
	}
	actor, err := parts.App.ActorByEmail(ctx, email)
	if err != nil {
		return nil, domain.Errorf(domain.KindNotFound, "there is no active person %s", email)
	}
	return auth.With(ctx, actor), nil
}
