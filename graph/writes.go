package graph

import (
	"context"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/kpiresult"
	"github.com/fincokpi/finco/ent/gen/payrollrun"
	graphgen "github.com/fincokpi/finco/graph/gen"
)

// session answers with new tokens. What is selected of the person is read as that person.
func (r *Resolver) session(ctx context.Context, signed app.Signed, err error) (*graphgen.SessionPayload, error) {
	if err != nil {
		return nil, err
	}
	actor, _, err := r.app.Authenticate(ctx, signed.AccessToken)
	if err != nil {
		return nil, err
	}
	become(ctx, actor)
	user, err := r.app.Client().User.Get(auth.With(ctx, actor), signed.UserID)
	if err != nil {
		return nil, err
	}
	return &graphgen.SessionPayload{
		AccessToken: signed.AccessToken, ExpiresAt: signed.ExpiresAt, RefreshToken: signed.RefreshToken, User: user,
	}, nil
}

// computed are the results of a computation, in the order of its ids.
func (r *Resolver) computed(ctx context.Context, ids []int) (*graphgen.ComputeKpisPayload, error) {
	rows, err := r.app.Client().KpiResult.Query().Where(kpiresult.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	results := byID(rows, func(k *gen.KpiResult) int { return k.ID })
	out := &graphgen.ComputeKpisPayload{Results: []*gen.KpiResult{}}
	for _, id := range ids {
		if results[id] != nil {
			out.Results = append(out.Results, results[id])
		}
	}
	return out, nil
}

// step takes the run that the input names one step further.
func (r *Resolver) step(ctx context.Context, in graphgen.PayrollInput, verb func(context.Context, int) (*gen.PayrollRun, error)) (*graphgen.PayrollPayload, error) {
	currency, err := r.currency(ctx, in.Currency)
	if err != nil {
		return nil, err
	}
	kind, number := payrollrun.KindRegular, 1
	if in.Kind != nil {
		kind = *in.Kind
	}
	if in.Number != nil {
		number = *in.Number
	}
	id, err := r.app.Client().PayrollRun.Query().Where(payrollrun.Period(in.Period), payrollrun.Currency(currency),
		payrollrun.KindEQ(kind), payrollrun.Number(number)).OnlyID(ctx)
	if gen.IsNotFound(err) {
		return nil, domain.Errorf(domain.KindNotFound, "there is no such payroll run")
	}
	if err != nil {
		return nil, err
	}
	run, err := verb(ctx, id)
	return r.paid(ctx, run, err)
}

// paid reads a run again as the actor.
func (r *Resolver) paid(ctx context.Context, run *gen.PayrollRun, err error) (*graphgen.PayrollPayload, error) {
	if err != nil {
		return nil, err
	}
	run, err = r.app.Client().PayrollRun.Get(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	return &graphgen.PayrollPayload{Run: run}, nil
}

// reanalyze asks for judgements by the analyzer's version of today.
func (r *Resolver) reanalyze(ctx context.Context, in graphgen.ReanalyzeInput) (*graphgen.ReanalyzePayload, error) {
	asked, err := r.app.Reanalyze(ctx, app.ReanalyzeInput{Analyzer: in.Analyzer, Messages: in.Messages})
	if err != nil {
		return nil, err
	}
	return &graphgen.ReanalyzePayload{Requested: asked}, nil
}

func (r *Resolver) addAdjustment(ctx context.Context, in graphgen.AddAdjustmentInput) (*graphgen.AddAdjustmentPayload, error) {
	currency, err := r.currency(ctx, in.Currency)
	if err != nil {
		return nil, err
	}
	amount, err := domain.ParseMoney(in.Amount, currency)
	if err != nil {
		return nil, err
	}
	made, err := r.app.AddAdjustment(ctx, app.AddAdjustmentInput{
		UserID: in.User, Period: in.Period, Kind: string(in.Kind), Key: in.Key, Amount: amount,
		AfterTax: deref(in.AfterTax), Reason: in.Reason, CorrectsID: in.Corrects,
	})
	if err != nil {
		return nil, err
	}
	return &graphgen.AddAdjustmentPayload{Adjustment: made}, nil
}

// currency is the one given, else the company's.
func (r *Resolver) currency(ctx context.Context, given *string) (string, error) {
	if given != nil && *given != "" {
		return *given, nil
	}
	company, err := r.company(ctx)
	if err != nil {
		return "", err
	}
	return company.Currency, nil
}
