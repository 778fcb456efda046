package graph

import (
	"context"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/analysis"
	"github.com/fincokpi/finco/ent/gen/analyzer"
	graphgen "github.com/fincokpi/finco/graph/gen"
)

// switchAnalyzer does one of the verbs that change which versions work.
func (r *Resolver) switchAnalyzer(ctx context.Context, in graphgen.SwitchAnalyzerInput, verb func(context.Context, app.AnalyzerChoice) (int, error)) (*graphgen.SwitchAnalyzerPayload, error) {
	if in.Share != nil {
		return nil, domain.Errorf(domain.KindInvalid, "only splitAnalyzer takes a share")
	}
	id, err := verb(ctx, app.AnalyzerChoice{Name: in.Analyzer, Version: deref(in.Version)})
	return r.switched(ctx, id, err)
}

func (r *Resolver) split(ctx context.Context, in graphgen.SwitchAnalyzerInput) (*graphgen.SwitchAnalyzerPayload, error) {
	id, err := r.app.SplitAnalyzer(ctx, app.AnalyzerChoice{Name: in.Analyzer, Version: deref(in.Version)}, deref(in.Share))
	return r.switched(ctx, id, err)
}

// switched reads a version again as the actor.
func (r *Resolver) switched(ctx context.Context, id int, err error) (*graphgen.SwitchAnalyzerPayload, error) {
	if err != nil {
		return nil, err
	}
	version, err := r.app.Client().Analyzer.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return &graphgen.SwitchAnalyzerPayload{Analyzer: version}, nil
}

// candidates are the versions that are tried, with what people say of each.
func (r *Resolver) candidates(ctx context.Context) ([]*graphgen.Candidate, error) {
	rows, err := r.app.Candidates(ctx)
	if err != nil || len(rows) == 0 {
		return []*graphgen.Candidate{}, err
	}
	var ids []int
	for _, row := range rows {
		ids = append(ids, row.Candidate, row.Current)
	}
	list, err := r.app.Client().Analyzer.Query().Where(analyzer.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	versions := byID(list, func(a *gen.Analyzer) int { return a.ID })
	out := make([]*graphgen.Candidate, 0, len(rows))
	for _, row := range rows {
		if versions[row.Candidate] == nil {
			continue
		}
		one := &graphgen.Candidate{
			Analyzer: versions[row.Candidate], Current: versions[row.Current], Comparisons: []*graphgen.AgreementComparison{},
			Labels: row.Trial.Labels(), Missing: row.Missing,
		}
		if row.Refusal != "" {
			one.Refusal = &row.Refusal
		}
		for _, c := range row.Trial.Comparisons {
			one.Comparisons = append(one.Comparisons, &graphgen.AgreementComparison{
				Kind: analysis.Kind(c.Kind), Labels: c.Labels, Candidate: number(c.Candidate), Current: number(c.Current),
			})
		}
		out = append(out, one)
	}
	return out, nil
}

// drift compares what analyzers say this week with the weeks before.
func (r *Resolver) drift(ctx context.Context, weeks *int) ([]*graphgen.Drift, error) {
	if weeks == nil || *weeks < 1 {
		return nil, domain.Errorf(domain.KindInvalid, "weeks is from 1 to 52")
	}
	rows, err := r.app.Drift(ctx, app.DriftInput{Weeks: *weeks})
	out := make([]*graphgen.Drift, 0, len(rows))
	for _, row := range rows {
		one := &graphgen.Drift{
			Analyzer: row.Analyzer, Kind: analysis.Kind(row.Kind), Language: row.Language, Now: row.Now, Before: row.Before,
			Labels: []*graphgen.LabelDrift{}, ConfidenceNow: row.ConfidenceNow, ConfidenceBefore: row.ConfidenceBefore,
			Index: row.Index, Drifted: row.Drifted(),
		}
		for _, s := range row.Shares {
			one.Labels = append(one.Labels, &graphgen.LabelDrift{Label: s.Label, Now: s.Now, Before: s.Before})
		}
		out = append(out, one)
	}
	return out, err
}

// analysisFailures are the newest messages that analyzers could not judge.
func (r *Resolver) analysisFailures(ctx context.Context, name *string, first *int) ([]*app.AnalysisFailure, error) {
	if first == nil || *first < 1 {
		return nil, domain.Errorf(domain.KindInvalid, "first is from 1 to 200")
	}
	rows, err := r.app.AnalysisFailures(ctx, app.AnalysisFailuresInput{Analyzer: deref(name), First: *first})
	out := make([]*app.AnalysisFailure, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	return out, err
}
