package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/ent/gen"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/server"
)

type analyzerListCmd struct{}

// Run lists the versions with how far people agree with them, then what promoting the candidates would need, and how much each
// could not judge.
func (c *analyzerListCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	return with(ctx, cfg, func(ctx context.Context, parts *server.Parts) error {
		list, err := parts.App.Client().Analyzer.Query().Order(entanalyzer.ByName(), entanalyzer.ByID()).All(ctx)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			_, _ = fmt.Fprintln(io.out, "No analyzers yet: finco apply, import and serve register the built-in ones.")
			return nil
		}
		rows, err := parts.App.Agreement(ctx, app.AgreementInput{})
		if err != nil {
			return err
		}
		candidates, err := parts.App.Candidates(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "name\tversion\tstate\tkinds\tlanguages\tagreement")
		for _, a := range list {
			state := strings.ToLower(string(a.State))
			if a.Share > 0 {
				state += fmt.Sprintf(" %d %%", a.Share)
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", a.Name, a.Version, state, strings.Join(a.Kinds, " "), strings.Join(a.Languages, " "), agreementOf(a.ID, rows))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, c := range candidates {
			tellCandidacy(io.out, c, list)
		}
		failed, err := parts.App.FailureCounts(ctx, time.Time{})
		for _, f := range failed {
			_, _ = fmt.Fprintf(io.out, "%s put aside %d: %s\n", f.Analyzer, f.Count, f.Reason)
		}
		return err
	})
}

// agreementOf is the share of its judgements that people agree with, by kind over all languages, and of how many.
func agreementOf(id int, rows []app.AgreementRow) string {
	type kind struct {
		agreed float64
		labels int
	}
	kinds := map[string]kind{}
	for _, r := range rows {
		if r.AnalyzerID != id {
			continue
		}
		share, _ := r.Agreement.Decimal.Float64()
		k := kinds[r.Kind]
		kinds[r.Kind] = kind{k.agreed + share*float64(r.Labels), k.labels + r.Labels}
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		out = append(out, fmt.Sprintf("%s %.2f of %d", strings.ToLower(name), kinds[name].agreed/float64(kinds[name].labels), kinds[name].labels))
	}
	return strings.Join(out, ", ")
}

// tellCandidacy says how a candidate compares and what promoting it needs.
func tellCandidacy(out io.Writer, c app.Candidacy, list []*gen.Analyzer) {
	version := func(id int) string {
		for _, a := range list {
			if a.ID == id {
				return a.Version
			}
		}
		return ""
	}
	beside := "no enabled version"
	if c.Current != 0 {
		beside = version(c.Current)
	}
	var said []string
	for _, k := range c.Trial.Comparisons {
		said = append(said, fmt.Sprintf("%s %s against %s of %d labels", strings.ToLower(k.Kind), k.Candidate.Decimal.Round(2), k.Current.Decimal.Round(2), k.Labels))
	}
	figures := ""
	if len(said) > 0 {
		figures = " (" + strings.Join(said, ", ") + ")"
	}
	verdict := "finco analyzer promote " + c.Name + " lets it work"
	if c.Refusal != "" {
		verdict = "not to be promoted yet: " + c.Refusal
	}
	_, _ = fmt.Fprintf(out, "%s %s is tried beside %s%s; %s.\n", c.Name, version(c.Candidate), beside, figures, verdict)
}
