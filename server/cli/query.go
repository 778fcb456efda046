package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/graph"
	"github.com/fincokpi/finco/server"
)

type queryCmd struct {
	As    string `help:"E-mail of the person to ask as. The machine's owner if not given."`
	Query string `arg:"" help:"The query, or @FILE."`
	Vars  string `help:"Variables as a JSON object."`
}

// Run asks and prints the answer as JSON; the code is 1 if it has errors.
func (c *queryCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	query := c.Query
	if name, ok := strings.CutPrefix(query, "@"); ok {
		text, err := os.ReadFile(name)
		if err != nil {
			return domain.Errorf(domain.KindInvalid, "the query cannot be read: %w", err)
		}
		query = string(text)
	}
	var vars map[string]any
	if c.Vars != "" {
		decoder := json.NewDecoder(strings.NewReader(c.Vars))
		decoder.UseNumber()
		if err := decoder.Decode(&vars); err != nil {
			return domain.Errorf(domain.KindInvalid, "--vars is no JSON object")
		}
	}
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		ctx, err := person(ctx, parts, c.As)
		if err != nil {
			return err
		}
		answer, failed := graph.Execute(ctx, parts.App, parts.Log, query, vars)
		var out bytes.Buffer
		if err := json.Indent(&out, answer, "", "  "); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(io.out, out.String())
		if failed {
			return exit(1)
		}
		return nil
	})
}
