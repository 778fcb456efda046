package app

import (
	"context"
	"strings"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/payroll"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/payrollrun"
	"github.com/fincokpi/finco/policies"
)

// ReopenPayroll makes a run that was reviewed a draft again, to be run anew. A draft stays as it is; what was approved is
// corrected, not reopened.
func (a *App) ReopenPayroll(ctx context.Context, runID int) (*gen.PayrollRun, error) {
	if _, err := permit(ctx, "payroll_run", "review"); err != nil {
		return nil, err
	}
	return a.payrollStep(ctx, func(ctx context.Context, t *tx) (int, error) {
		run, err := t.lockRun(ctx, `id = $1`, runID)
		if err != nil || run.State == payrollrun.StateDraft {
			return run.id(), err
		}
		if run.State != payrollrun.StateReview {
			return 0, domain.Errorf(domain.KindConflict, "the run is %s already: correct its lines in a later one", strings.ToLower(string(run.State)))
		}
		if _, err := t.sql.ExecContext(ctx, `UPDATE payroll_runs SET state = 'DRAFT' WHERE id = $1`, run.ID); err != nil {
			return 0, err
		}
		t.emit(PayrollRunChanged, run.ID)
		return run.ID, t.audit(ctx, "reopen_payroll", "payroll_run", run.ID, nil)
	})
}

// ApprovePayroll freezes a run that was reviewed and posts it to the ledger. Whoever created the run or has a slip in it needs
// somebody else to approve it, unless nobody is better placed; that is audited by a verb of its own. Approving twice changes
// nothing.
func (a *App) ApprovePayroll(ctx context.Context, runID int) (*gen.PayrollRun, error) {
	actor, err := permit(ctx, "payroll_run", "approve")
	if err != nil {
		return nil, err
	}
	return a.payrollStep(ctx, func(ctx context.Context, t *tx) (int, error) {
		run, err := t.lockRun(ctx, `id = $1`, runID)
		if err != nil || run.State == payrollrun.StateApproved || run.State == payrollrun.StatePaid {
			return run.id(), err
		}
		if run.State != payrollrun.StateReview {
			return 0, domain.Errorf(domain.KindConflict, "the run is a draft: review it first")
		}
		return run.ID, t.approve(ctx, actor, run)
	})
}

func (t *tx) approve(ctx context.Context, actor auth.Actor, run *runRow) error {
	verb, err := t.approval(ctx, actor, run)
	if err != nil {
		return err
	}
	if err := t.post(ctx, run, "APPROVAL", payroll.Postings); err != nil {
		return err
	}
	_, err = t.sql.ExecContext(ctx, `UPDATE payroll_runs SET state = 'APPROVED', approved_by_id = $2, approved_at = $3 WHERE id = $1`,
		run.ID, optional(actor.UserID), t.at)
	if err != nil {
		return err
	}
	t.emit(PayrollRunChanged, run.ID)
	return t.audit(ctx, verb, "payroll_run", run.ID, nil)
}

// distance is how near a run is to somebody who is to approve it.
type distance int

const (
	apart distance = iota
	ownSlip
	ownRun
)

// approval is the verb under which the actor may approve the run, or who is not let do it. The command line is nobody of the
// company: its use is audited as such.
func (t *tx) approval(ctx context.Context, actor auth.Actor, run *runRow) (string, error) {
	if actor.UserID == 0 {
		return "approve_payroll", nil
	}
	near, err := t.approvers(ctx, run)
	if err != nil {
		return "", err
	}
	own, ok := near[actor.UserID]
	if !ok {
		return "", domain.Errorf(domain.KindDenied, "you do not approve payrolls any more")
	}
	for user, other := range near {
		if user == actor.UserID || other >= own {
			continue
		}
		if own == ownRun {
			return "", domain.Errorf(domain.KindDenied, "you created this run: somebody else has to approve it")
		}
		return "", domain.Errorf(domain.KindDenied, "your own slip is in this run: somebody else has to approve it")
	}
	if own != apart {
		return "approve_own_payroll", nil
	}
	return "approve_payroll", nil
}

// approvers are all who may approve payrolls now, with how near the run is to them.
func (t *tx) approvers(ctx context.Context, run *runRow) (map[int]distance, error) {
	r, err := t.roster(ctx)
	if err != nil {
		return nil, err
	}
	const q = `
SELECT e.user_id, e.role, EXISTS (SELECT 1 FROM payslips p WHERE p.run_id = $1 AND p.user_id = e.user_id)
FROM employments e WHERE e.status = 'ACTIVE'`
	out := map[int]distance{}
	err = t.each(ctx, q, []any{run.ID}, func(scan scanner) error {
		var user int
		var role string
		var inIt bool
		if err := scan(&user, &role, &inIt); err != nil {
			return err
		}
		one := r.people[user]
		if !policies.Allows(strings.ToLower(role), "payroll_run", "approve") || one == nil || !one.works(r.day(t.at)) {
			return nil
		}
		switch {
		case user == deref(run.CreatedBy):
			out[user] = ownRun
		case inIt:
			out[user] = ownSlip
		default:
			out[user] = apart
		}
		return nil
	})
	return out, err
}

// PayPayroll records that an approved run was paid out. Doing it twice changes nothing.
func (a *App) PayPayroll(ctx context.Context, runID int) (*gen.PayrollRun, error) {
	actor, err := permit(ctx, "payroll_run", "pay")
	if err != nil {
		return nil, err
	}
	return a.payrollStep(ctx, func(ctx context.Context, t *tx) (int, error) {
		run, err := t.lockRun(ctx, `id = $1`, runID)
		if err != nil || run.State == payrollrun.StatePaid {
			return run.id(), err
		}
		if run.State != payrollrun.StateApproved {
			return 0, domain.Errorf(domain.KindConflict, "only an approved run can be paid")
		}
		if err := t.post(ctx, run, "PAYMENT", payroll.Payment); err != nil {
			return 0, err
		}
		_, err = t.sql.ExecContext(ctx, `UPDATE payroll_runs SET state = 'PAID', paid_by_id = $2, paid_at = $3 WHERE id = $1`,
			run.ID, optional(actor.UserID), t.at)
		if err != nil {
			return 0, err
		}
		t.emit(PayrollRunChanged, run.ID)
		return run.ID, t.audit(ctx, "pay_payroll", "payroll_run", run.ID, nil)
	})
}
