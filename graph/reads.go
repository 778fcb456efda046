package graph

import (
	"context"
	"encoding/json"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/analysis"
	"github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/ent/gen/kpi"
	"github.com/fincokpi/finco/ent/gen/kpiresult"
	graphgen "github.com/fincokpi/finco/graph/gen"
	"github.com/fincokpi/finco/policies"
)

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// nodes are the records of the ids; what is absent or hidden is null in its place, with an error that says so.
func (r *Resolver) nodes(ctx context.Context, ids []int) ([]gen.Noder, error) {
	if len(ids) != 1 {
		return r.app.Client().Noders(ctx, ids)
	}
	node, err := r.app.Client().Noder(ctx, ids[0])
	if gen.IsNotFound(err) || err != nil && codeOf(err) == codeNotFound {
		graphql.AddError(graphql.WithPathContext(ctx, graphql.NewPathWithIndex(0)), err)
		return []gen.Noder{nil}, nil
	}
	return []gen.Noder{node}, err
}

// settings are an analyzer's, for those whom the access table lets read them: they may name services. Secrets nobody sees again.
func settings(ctx context.Context, a *gen.Analyzer) json.RawMessage {
	actor, _ := auth.From(ctx)
	if !policies.Allows(actor.Role, "analyzer_settings", policies.Read) {
		return nil
	}
	return withoutSecrets(a.Settings)
}

// learned is what came of learning: agreement with the whole company's people, for those who see company totals.
func learned(ctx context.Context, a *gen.Analyzer) json.RawMessage {
	actor, _ := auth.From(ctx)
	if policies.Scope(actor.Role, "agreement", policies.Read) != policies.Company {
		return nil
	}
	return a.Learned
}

func (r *Resolver) responseStats(ctx context.Context, in app.ResponseStatsInput) (*graphgen.ResponseStats, error) {
	if in.Period == "" && in.From == nil && in.To == nil {
		today, err := r.today(ctx)
		if err != nil {
			return nil, err
		}
		in.Period = today[:len("2026-09")]
	}
	s, err := r.app.ResponseStats(ctx, in)
	if err != nil {
		return nil, err
	}
	return &graphgen.ResponseStats{
		Waits: s.Waits, Answered: s.Answered, Unanswered: s.Unanswered, Within: s.Within, Breached: s.Breached,
		MedianBusiness: number(s.MedianBusiness), P90Business: number(s.P90Business),
		MedianWall: number(s.MedianWall), P90Wall: number(s.P90Wall), WithinTargetRate: number(s.WithinTargetRate),
		FirstResponses: s.FirstResponses, FirstResponseMedianBusiness: number(s.FirstResponseMedianBusiness),
		FirstResponseP90Business: number(s.FirstResponseP90Business),
	}, nil
}

// number shows an exact decimal as a Float; nil where there is no data.
func number(d decimal.NullDecimal) *float64 {
	if !d.Valid {
		return nil
	}
	f, ok := d.Decimal.Float64()
	if !ok {
		return nil
	}
	return &f
}

func (r *Resolver) agreement(ctx context.Context, days *int) ([]*graphgen.Agreement, error) {
	window := deref(days)
	if window < 1 || window > 3660 {
		return nil, domain.Errorf(domain.KindInvalid, "days is from 1 to 3660")
	}
	rows, err := r.app.Agreement(ctx, app.AgreementInput{Window: time.Duration(window) * 24 * time.Hour})
	if err != nil || len(rows) == 0 {
		return []*graphgen.Agreement{}, err
	}
	ids := make([]int, len(rows))
	for i, row := range rows {
		ids[i] = row.AnalyzerID
	}
	list, err := r.app.Client().Analyzer.Query().Where(analyzer.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	analyzers := byID(list, func(a *gen.Analyzer) int { return a.ID })
	out := make([]*graphgen.Agreement, 0, len(rows))
	for _, row := range rows {
		if analyzers[row.AnalyzerID] == nil {
			continue
		}
		out = append(out, &graphgen.Agreement{
			Analyzer: analyzers[row.AnalyzerID], Kind: analysis.Kind(row.Kind), Language: row.Language, Labels: row.Labels,
			Agreement: number(row.Agreement), Kappa: number(row.Kappa), GateOpen: row.GateOpen,
		})
	}
	return out, nil
}

// maxPeople bounds the lists that have one entry a person.
const maxPeople = 1000

// latestKpiResults are the newest result of each person that the actor sees, by person.
func (r *Resolver) latestKpiResults(ctx context.Context, period string) ([]*gen.KpiResult, error) {
	newest := func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("NOT EXISTS (SELECT FROM kpi_results later WHERE later.user_id = " + s.C(kpiresult.FieldUserID) +
				" AND later.period = " + s.C(kpiresult.FieldPeriod) + " AND later.at > " + s.C(kpiresult.FieldAt) + ")")
		}))
	}
	query, err := r.app.Client().KpiResult.Query().Where(kpiresult.Period(period), newest).Order(kpiresult.ByUserID()).
		Limit(maxPeople).CollectFields(ctx, "KpiResult")
	if err != nil {
		return nil, err
	}
	return query.All(ctx)
}

// kpiOf is the rule behind a score; nil to whoever may not read the rules.
func (r *Resolver) kpiOf(ctx context.Context, score *gen.KpiScore) (*gen.Kpi, error) {
	rules, err := together(ctx, here(ctx), score, func(scores []*gen.KpiScore) (map[int]*gen.Kpi, error) {
		ids := make([]int, len(scores))
		for i, s := range scores {
			ids[i] = s.KpiID
		}
		query, err := r.app.Client().Kpi.Query().Where(kpi.IDIn(ids...)).CollectFields(ctx, "Kpi")
		if err != nil {
			return nil, err
		}
		found, err := query.Select(kpi.Columns...).All(ctx)
		return byID(found, func(k *gen.Kpi) int { return k.ID }), err
	})
	return rules[score.KpiID], err
}
