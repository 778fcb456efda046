package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/intake/demo"
	"github.com/fincokpi/finco/server"
)

type serveCmd struct {
	Role []string `help:"What this process does: api, worker, bot. All by default." default:"api,worker,bot"`
	Demo bool     `help:"Fill an empty database with the demo company and let its customers write."`
}

// Run serves until it is told to stop.
func (c *serveCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	for _, role := range c.Role {
		if !slices.Contains([]string{"api", "worker", "bot"}, role) {
			return domain.Errorf(domain.KindInvalid, "--role %s is none of: api, worker, bot", role)
		}
	}
	return server.Serve(ctx, *cfg, server.ServeOptions{
		API: slices.Contains(c.Role, "api"), Worker: slices.Contains(c.Role, "worker"), Bot: slices.Contains(c.Role, "bot"), Demo: c.Demo,
		Ready: func(address string) { c.greet(address, io) },
	}, cfg.Logger())
}

func (c *serveCmd) greet(address string, io *streams) {
	_, _ = fmt.Fprintf(io.out, "FinCo answers on %s\n", address)
	if !c.Demo {
		_, _ = fmt.Fprintln(io.out, "The page there says what is running. A new company begins with: finco apply company.yml, finco user password EMAIL, finco import telegram PATH.")
		return
	}
	_, _ = fmt.Fprintln(io.out, "The demo company's sign-ins:")
	for _, p := range demo.SignIns() {
		_, _ = fmt.Fprintf(io.out, "  %-22s %-22s %s\n", p.Email, p.Password, p.Role)
	}
}

type workCmd struct{}

// Run works until it is told to stop.
func (c *workCmd) Run(ctx context.Context, cfg *server.Config) error {
	return server.Serve(ctx, *cfg, server.ServeOptions{Worker: true}, cfg.Logger())
}
