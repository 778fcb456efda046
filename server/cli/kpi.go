package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/kpiresult"
	"github.com/fincokpi/finco/server"
)

type kpiCmd struct {
	Compute kpiComputeCmd `cmd:"" help:"Compute everybody's KPIs of a period."`
}

type kpiComputeCmd struct {
	Period string `required:"" help:"A month 2026-09, a week 2026-W36 or a day 2026-09-02."`
	At     string `help:"Count only what was known at this time, such as 2026-09-30T18:00:00+05:00. Now if not given."`
	JSON   bool   `name:"json" help:"Print JSON for scripts."`
}

// Run computes and prints the results as a table.
func (c *kpiComputeCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		in := app.ComputeKpisInput{Period: c.Period}
		if c.At != "" {
			at, err := time.Parse(time.RFC3339, c.At)
			if err != nil {
				return domain.Errorf(domain.KindInvalid, "--at %s is no time such as 2026-09-30T18:00:00+05:00", c.At)
			}
			in.At = &at
		}
		ids, err := parts.App.ComputeKpis(ctx, in)
		if err != nil {
			return err
		}
		results, err := parts.App.Client().KpiResult.Query().Where(kpiresult.IDIn(ids...)).WithUser().WithScores().All(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(io.out).Encode(results)
		}
		slices.SortFunc(results, func(a, b *gen.KpiResult) int { return strings.Compare(a.Edges.User.Name, b.Edges.User.Name) })
		return printResults(io, results)
	})
}

func printResults(io *streams, results []*gen.KpiResult) error {
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "person\ttotal\tcoverage\tscores")
	for _, r := range results {
		var list []string
		for _, s := range r.Edges.Scores {
			list = append(list, s.Key+" "+orDash(s.Score))
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Edges.User.Name, orDash(r.Total), r.Coverage, strings.Join(list, "  "))
	}
	if len(results) == 0 {
		_, _ = fmt.Fprintln(w, "nobody worked in this period, or there are no KPIs yet")
	}
	return w.Flush()
}

func orDash(s *string) string {
	if s == nil {
		return "–"
	}
	return *s
}
