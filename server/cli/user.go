package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/server"
)

type userCmd struct {
	Add      userAddCmd      `cmd:"" help:"Add a person who signs in."`
	Password userPasswordCmd `cmd:"" help:"Set a person's password, read from the terminal or from standard input."`
	Block    userBlockCmd    `cmd:"" help:"Block a person: every session of theirs ends at once."`
	Unblock  userUnblockCmd  `cmd:"" help:"Let a blocked person in again."`

	Invite     userInviteCmd     `cmd:"" help:"Make a link that connects a person's Telegram account to the bot, once."`
	Disconnect userDisconnectCmd `cmd:"" help:"Take a person's Telegram account from them: it is a stranger's at once, and what it wrote until now stays theirs."`
}

type userAddCmd struct {
	Email string `arg:"" help:"The e-mail to sign in with."`
	Name  string `help:"The person's name; the e-mail's first part if not given."`
	Role  string `required:"" enum:"employee,supervisor,accountant,admin" help:"employee, supervisor, accountant or admin."`
}

// Run adds the person.
func (c *userAddCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		name := c.Name
		if name == "" {
			name, _, _ = strings.Cut(c.Email, "@")
		}
		if _, err := parts.App.AddUser(ctx, app.AddUserInput{Email: c.Email, Name: name, Role: c.Role}); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(io.out, "Added. Next: finco user password %s\n", c.Email)
		return nil
	})
}

type userPasswordCmd struct {
	Email string `arg:"" help:"Whose password."`
}

// Run sets the password.
func (c *userPasswordCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	password, err := readPassword(io)
	if err != nil {
		return err
	}
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		if err := parts.App.SetPassword(ctx, c.Email, password); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(io.out, "The password is set; other sessions of this person have ended.")
		return nil
	})
}

// readPassword asks twice on a terminal; elsewhere it takes the first line of standard input.
func readPassword(io *streams) (string, error) {
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && line == "" {
			return "", domain.Errorf(domain.KindInvalid, "give the password on standard input")
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, prompt := range []string{"New password: ", "Once more: "} {
		_, _ = fmt.Fprint(io.err, prompt)
		raw, err := term.ReadPassword(fd)
		_, _ = fmt.Fprintln(io.err)
		if err != nil {
			return "", err
		}
		typed[i] = string(raw)
	}
	if typed[0] != typed[1] {
		return "", domain.Errorf(domain.KindInvalid, "the two passwords differ; nothing was changed")
	}
	return typed[0], nil
}

type userBlockCmd struct {
	Email string `arg:"" help:"Whom."`
}

// Run blocks.
func (c *userBlockCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		if err := parts.App.BlockUser(ctx, c.Email); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(io.out, "Blocked; every session of this person has ended.")
		return nil
	})
}

type userUnblockCmd struct {
	Email string `arg:"" help:"Whom."`
}

// Run lets in again.
func (c *userUnblockCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		if err := parts.App.UnblockUser(ctx, c.Email); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(io.out, "This person may sign in again.")
		return nil
	})
}

type userInviteCmd struct {
	Email string `arg:"" help:"Whom."`
}

// Run makes the link and prints it.
func (c *userInviteCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		zone, err := parts.App.Zone(ctx)
		if domain.KindOf(err) == domain.KindConflict { // no company yet
			zone, err = time.UTC, nil
		}
		if err != nil {
			return err
		}
		made, err := parts.App.InviteUser(ctx, app.InviteUserInput{Email: c.Email})
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintln(io.out, made.Link)
		_, _ = fmt.Fprintf(io.err, "Send it to %s. It works once, until %s (%s); links made before are void.\n", made.Name, made.ExpiresAt.In(zone).Format("2006-01-02 15:04"), zone)
		return nil
	})
}

type userDisconnectCmd struct {
	Email       string `arg:"" help:"Whose account."`
	NeverTheirs bool   `help:"The account was connected by mistake: what it wrote was never this person's and becomes a customer's, and the waits of this month and the last are settled anew."`
}

// Run takes the account away.
func (c *userDisconnectCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		done, err := parts.App.DisconnectTelegram(ctx, app.DisconnectInput{Email: c.Email, NeverTheirs: c.NeverTheirs})
		if err != nil {
			return err
		}
		what := fmt.Sprintf("Earlier messages that stay theirs: %d.", done.Kept)
		if c.NeverTheirs {
			what = fmt.Sprintf("Earlier messages that are a customer's now: %d.", done.Moved)
		}
		_, _ = fmt.Fprintf(io.out, "Disconnected: the account is a stranger's from now on. %s\nNext: finco user invite %s\n", what, c.Email)
		return nil
	})
}
