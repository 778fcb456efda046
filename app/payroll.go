package app

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/payrollrun"
)

// RunPayrollInput names a run; period, currency, kind and number together are its key.
type RunPayrollInput struct {
	// Period is a month.
	Period string
	// Currency is an ISO 4217 code; empty means the company's.
	Currency string
	// Kind is REGULAR (the default), ADVANCE or OFF_CYCLE. Only a regular run pays salaries and by rules; the others pay the
	// adjustments of the month that no other run has taken in.
	Kind string
	// Number tells runs of a kind apart; 0 means 1, which is all that a regular run may have.
	Number int
}

func (in *RunPayrollInput) validate() (domain.Period, error) {
	in.Kind, in.Number = cmp.Or(in.Kind, string(payrollrun.KindRegular)), cmp.Or(in.Number, 1)
	var f domain.Faults
	p, err := domain.ParsePeriod(in.Period)
	f.AddErr("period", err)
	if err == nil && !p.IsMonth() {
		f.Add("period", "payroll is run for months, such as 2026-09")
	}
	if in.Currency != "" && !domain.KnownCurrency(in.Currency) {
		f.Add("currency", "%.10q is not an ISO 4217 currency", in.Currency)
	}
	if payrollrun.KindValidator(payrollrun.Kind(in.Kind)) != nil {
		f.Add("kind", "%.20q is none of REGULAR, ADVANCE, OFF_CYCLE", in.Kind)
	}
	if in.Number < 1 || in.Number > 1000 || in.Kind == string(payrollrun.KindRegular) && in.Number != 1 {
		f.Add("number", "a regular run has number 1, others from 1 to 1000")
	}
	return p, f.Err()
}

// RunPayroll makes the run, or computes its slips anew while it is a draft. With the same facts it changes nothing, and once
// the run is in review it changes nothing whatever the facts. It fails as invalid for a person without working days.
func (a *App) RunPayroll(ctx context.Context, in RunPayrollInput) (*gen.PayrollRun, error) {
	actor, err := permit(ctx, "payroll_run", "run")
	if err != nil {
		return nil, err
	}
	period, err := in.validate()
	if err != nil {
		return nil, err
	}
	return a.payrollStep(ctx, func(ctx context.Context, t *tx) (int, error) {
		r, err := t.roster(ctx)
		if err != nil {
			return 0, err
		}
		in.Currency = cmp.Or(in.Currency, r.currency)
		if t.at, err = t.evaluate(ctx, period); err != nil {
			return 0, err
		}
		run, isNew, err := t.openRun(ctx, actor, in)
		if err != nil || run.State != payrollrun.StateDraft {
			return run.id(), err
		}
		changed, err := t.computeRun(ctx, r, run, period, t.at)
		if err != nil || !changed && !isNew {
			return run.ID, err
		}
		if _, err := t.sql.ExecContext(ctx, `UPDATE payroll_runs SET at = $2 WHERE id = $1`, run.ID, t.at); err != nil {
			return 0, err
		}
		t.emit(PayrollRunChanged, run.ID)
		return run.ID, t.audit(ctx, "run_payroll", "payroll_run", run.ID, nil)
	})
}

// runRow is a run held by this transaction.
type runRow struct {
	ID, Number             int
	Period, Currency, Kind string
	State                  payrollrun.State
	At                     time.Time
	CreatedBy              *int
}

func (r *runRow) id() int {
	if r == nil {
		return 0
	}
	return r.ID
}

// payrollStep runs one step of a run as the payroll system and returns the run. Steps wait for each other, so that two runs
// never take in the same adjustment.
func (a *App) payrollStep(ctx context.Context, step func(context.Context, *tx) (int, error)) (*gen.PayrollRun, error) {
	ctx = as(ctx, "payroll")
	id := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		err := t.lockPayroll(ctx)
		if err != nil {
			return err
		}
		t.at = a.now() // not the time before waiting for the lock
		id, err = step(ctx, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.client.PayrollRun.Get(ctx, id)
}

func (t *tx) lockPayroll(ctx context.Context) error {
	_, err := t.sql.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('payroll', 0))`)
	return err
}

func (t *tx) openRun(ctx context.Context, actor auth.Actor, in RunPayrollInput) (run *runRow, isNew bool, err error) {
	const q = `
INSERT INTO payroll_runs (period, currency, kind, number, state, at, created_by_id) VALUES ($1, $2, $3, $4, 'DRAFT', $5, $6)
ON CONFLICT (period, currency, kind, number) DO NOTHING RETURNING id`
	err = t.each(ctx, q, []any{in.Period, in.Currency, in.Kind, in.Number, t.at, optional(actor.UserID)}, func(scan scanner) error {
		var id int
		isNew = true
		return scan(&id)
	})
	if err != nil {
		return nil, false, err
	}
	run, err = t.lockRun(ctx, `period = $1 AND currency = $2 AND kind = $3 AND number = $4`, in.Period, in.Currency, in.Kind, in.Number)
	return run, isNew, err
}

func (t *tx) lockRun(ctx context.Context, where string, args ...any) (*runRow, error) {
	var run *runRow
	err := t.each(ctx, `SELECT id, period, currency, kind, number, state, at, created_by_id FROM payroll_runs WHERE `+where+` FOR UPDATE`, args,
		func(scan scanner) error {
			run = &runRow{}
			return scan(&run.ID, &run.Period, &run.Currency, &run.Kind, &run.Number, &run.State, &run.At, &run.CreatedBy)
		})
	if err == nil && run == nil {
		err = domain.Errorf(domain.KindNotFound, "there is no such payroll run")
	}
	return run, err
}

// computeRun makes the slips of a run as of a time and stores them where they differ.
func (t *tx) computeRun(ctx context.Context, r *roster, run *runRow, p domain.Period, at time.Time) (changed bool, err error) {
	terms, err := t.readTerms(ctx, r, run, p, at)
	if err != nil {
		return false, err
	}
	slips, err := terms.slips()
	if err != nil {
		return false, err
	}
	return t.putSlips(ctx, run, slips)
}

// ReviewPayroll hands a draft over for review: its evaluation time is fixed, its slips are computed once more as of that
// time, and neither changes unless the run is reopened. A run that is in review already stays as it is.
func (a *App) ReviewPayroll(ctx context.Context, runID int) (*gen.PayrollRun, error) {
	if _, err := permit(ctx, "payroll_run", "review"); err != nil {
		return nil, err
	}
	return a.payrollStep(ctx, func(ctx context.Context, t *tx) (int, error) {
		run, err := t.lockRun(ctx, `id = $1`, runID)
		if err != nil || run.State == payrollrun.StateReview {
			return run.id(), err
		}
		if run.State != payrollrun.StateDraft {
			return 0, domain.Errorf(domain.KindConflict, "the run is %s already", strings.ToLower(string(run.State)))
		}
		return run.ID, t.review(ctx, run)
	})
}

func (t *tx) review(ctx context.Context, run *runRow) error {
	r, err := t.roster(ctx)
	if err != nil {
		return err
	}
	p, err := domain.ParsePeriod(run.Period)
	if err != nil {
		return err
	}
	if t.at, err = t.evaluate(ctx, p); err != nil {
		return err
	}
	if _, err := t.computeRun(ctx, r, run, p, t.at); err != nil {
		return err
	}
	res, err := t.sql.ExecContext(ctx, `
UPDATE payroll_runs SET state = 'REVIEW', at = $2 WHERE id = $1 AND EXISTS (SELECT 1 FROM payslips WHERE run_id = $1)`, run.ID, t.at)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return cmp.Or(err, domain.Errorf(domain.KindConflict, "the run has no slips: nobody has a salary in %s", run.Currency))
	}
	t.emit(PayrollRunChanged, run.ID)
	return t.audit(ctx, "review_payroll", "payroll_run", run.ID, nil)
}
