package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/fincokpi/finco/domain"
)

// ComputeKpisInput says whose results of which period to compute.
type ComputeKpisInput struct {
	// Period is a month, a week or a day.
	Period string
	// At is the evaluation time: what was received later does not count. Nil means now.
	At *time.Time
	// People are those to compute; nil means everybody who worked in the period.
	People []int
}

// ComputeKpis computes the KPI results of a period from the facts and returns the ids of the results in order of the people's
// ids. A result that says the same as the last one before is that one. It fails as invalid for a period or time that is none,
// and as not_found for people who did not work in the period.
func (a *App) ComputeKpis(ctx context.Context, in ComputeKpisInput) ([]int, error) {
	if _, err := permit(ctx, "kpi_result", "compute"); err != nil {
		return nil, err
	}
	period, err := domain.ParsePeriod(in.Period)
	if err != nil {
		return nil, err
	}
	var when evaluation
	if in.At != nil {
		if in.At.After(a.now()) {
			return nil, domain.Errorf(domain.KindInvalid, "the evaluation time lies in the future: nobody knows yet what will be received by then")
		}
		when = evaluation{in.At.UTC().Truncate(time.Microsecond), true}
	}
	ctx = as(ctx, "scheduler")
	var out []int
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		if worked := r.workedIn(period, in.People); in.People != nil && len(worked) < len(slices.Compact(slices.Sorted(slices.Values(in.People)))) {
			return domain.Errorf(domain.KindNotFound, "not all of these people worked in %s", period)
		}
		out, err = makeKPIs(ctx, t, r, period, when, in.People)
		return err
	})
	return out, err
}

// makeKPIs computes and stores, as of the time named or else of now, and returns the results' ids.
func makeKPIs(ctx context.Context, t *tx, r *roster, p domain.Period, when evaluation, people []int) ([]int, error) {
	now, err := t.evaluate(ctx, p)
	if err != nil {
		return nil, err
	}
	if !when.named {
		when.at = now
	}
	results, err := computeKPIs(ctx, t, r, p, when.at, people)
	if err != nil {
		return nil, err
	}
	if err := storeKPIs(ctx, t, p, when, results); err != nil {
		return nil, err
	}
	ids := make([]int, len(results))
	for i, k := range results {
		ids[i] = k.ID
	}
	return ids, nil
}

// refreshBatch is how many marks one transaction takes: whoever marks the same people again waits for it.
const refreshBatch = 16

// RefreshKpis computes anew the results whose facts changed, until no marks are left that nobody else is at, and returns how
// many. Every mark is taken and answered in one transaction, so none is lost.
func (a *App) RefreshKpis(ctx context.Context) (int, error) {
	if _, err := permit(ctx, "kpi_result", "write"); err != nil {
		return 0, err
	}
	done := 0
	for {
		n := 0
		err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
			marks, err := t.takeMarks(ctx)
			if n = len(marks); err != nil || n == 0 {
				return err
			}
			return t.refreshMarks(ctx, marks)
		})
		if err != nil || n == 0 {
			return done, err
		}
		done += n
	}
}

func (t *tx) takeMarks(ctx context.Context) ([]staleKey, error) {
	const q = `
DELETE FROM kpi_refreshes k USING (SELECT DISTINCT user_id, period FROM kpi_refreshes ORDER BY period, user_id LIMIT $1) taken
WHERE k.user_id = taken.user_id AND k.period = taken.period
RETURNING k.user_id, k.period`
	var marks []staleKey
	err := t.each(ctx, q, []any{refreshBatch}, func(scan scanner) error {
		var m staleKey
		err := scan(&m.User, &m.Period)
		marks = append(marks, m)
		return err
	})
	slices.SortFunc(marks, func(a, b staleKey) int { return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.User, b.User)) })
	return slices.Compact(marks), err
}

// refreshMarks computes the marks of one period after the other; who did not work in it has no result. Its evaluation times
// are after the marks were taken, so that no fact is left out whose mark is gone.
func (t *tx) refreshMarks(ctx context.Context, marks []staleKey) error {
	r, err := t.roster(ctx)
	if err != nil {
		return err
	}
	people := map[string][]int{}
	var periods []string
	for _, m := range marks {
		if people[m.Period] == nil {
			periods = append(periods, m.Period)
		}
		people[m.Period] = append(people[m.Period], m.User)
	}
	for _, period := range periods {
		p, err := domain.ParsePeriod(period)
		if err != nil {
			return err
		}
		if _, err := makeKPIs(ctx, t, r, p, evaluation{}, people[period]); err != nil {
			return err
		}
	}
	return nil
}
