package app

import (
	"context"
	"strings"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/payroll"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/adjustment"
)

// AddAdjustmentInput is an amount that a person decides.
type AddAdjustmentInput struct {
	UserID int
	// Period is the month whose run takes it in: the regular one, or once that has been reviewed another.
	Period string
	// Kind is BONUS, FINE or CORRECTION.
	Kind string
	// Key names it among the person's of the month; the same again is the same adjustment.
	Key string
	// AfterTax, of a fine, makes it a deduction. A correction is before or after tax as the line it corrects.
	AfterTax bool
	// Amount is above 0; of a correction it may be below.
	Amount domain.Money
	Reason string
	// CorrectsID is the line that a correction corrects; nil for the others.
	CorrectsID *int
}

func (in *AddAdjustmentInput) validate() error {
	var f domain.Faults
	p, err := domain.ParsePeriod(in.Period)
	f.AddErr("period", err)
	if err == nil && !p.IsMonth() {
		f.Add("period", "payroll is run for months, such as 2026-09")
	}
	kind := adjustment.Kind(in.Kind)
	if adjustment.KindValidator(kind) != nil {
		f.Add("kind", "%.20q is none of BONUS, FINE, CORRECTION", in.Kind)
	}
	if in.Key = strings.TrimSpace(cleanText(in.Key)); in.Key == "" || len(in.Key) > 64 || in.Key == payroll.KeyCarriedOver {
		f.Add("key", "use 1 to 64 bytes, and not %q", payroll.KeyCarriedOver)
	}
	if in.Reason = strings.TrimSpace(cleanText(in.Reason)); in.Reason == "" || len(in.Reason) > 1000 {
		f.Add("reason", "give one, of at most 1000 bytes")
	}
	if !domain.KnownCurrency(in.Amount.Currency) {
		f.Add("amount", "%.10q is not an ISO 4217 currency", in.Amount.Currency)
	}
	const most = 1_000_000_000_000_000 // as in package payroll
	if in.Amount.Minor == 0 || in.Amount.Minor > most || in.Amount.Minor < -most || in.Amount.Minor < 0 && kind != adjustment.KindCorrection {
		f.Add("amount", "it must be above 0, or of a correction not 0, and of a believable size")
	}
	if in.AfterTax && kind != adjustment.KindFine {
		f.Add("afterTax", "only a fine can be put after tax")
	}
	if (in.CorrectsID != nil) != (kind == adjustment.KindCorrection) {
		f.Add("corrects", "a correction names the line it corrects, and nothing else does")
	}
	return f.Err()
}

// AddAdjustment adds an amount to a person's slip of a month. Nobody adjusts themselves. The same adjustment again is that
// one; another under the same key is a conflict.
func (a *App) AddAdjustment(ctx context.Context, in AddAdjustmentInput) (*gen.Adjustment, error) {
	actor, err := permit(ctx, "adjustment", "adjust")
	if err != nil {
		return nil, err
	}
	if actor.UserID == 0 {
		return nil, domain.Errorf(domain.KindDenied, "an adjustment has an author: sign in as somebody")
	}
	if in.UserID == actor.UserID {
		return nil, domain.Errorf(domain.KindDenied, "nobody adjusts what concerns themselves")
	}
	if err := in.validate(); err != nil {
		return nil, err
	}
	ctx = as(ctx, "payroll")
	id := 0
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockPayroll(ctx); err != nil {
			return err
		}
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		if r.people[in.UserID] == nil {
			return domain.Errorf(domain.KindNotFound, "there is no such person")
		}
		if err := t.checkCorrection(ctx, &in); err != nil {
			return err
		}
		id, err = t.putAdjustment(ctx, actor.UserID, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.client.Adjustment.Get(ctx, id)
}

// checkCorrection makes sure that a correction is of a frozen line of the same person and currency, in a later run.
func (t *tx) checkCorrection(ctx context.Context, in *AddAdjustmentInput) error {
	if in.CorrectsID == nil {
		return nil
	}
	const q = `
SELECT p.user_id, p.currency, r.period, r.state IN ('APPROVED', 'PAID'), l.after_tax
FROM payslip_lines l JOIN payslips p ON p.id = l.slip_id JOIN payroll_runs r ON r.id = p.run_id WHERE l.id = $1`
	var user int
	var currency, period string
	var frozen bool
	err := t.each(ctx, q, []any{*in.CorrectsID}, func(scan scanner) error { return scan(&user, &currency, &period, &frozen, &in.AfterTax) })
	switch {
	case err != nil:
		return err
	case user != in.UserID:
		return domain.Errorf(domain.KindNotFound, "the person has no such line")
	case !frozen:
		return domain.Errorf(domain.KindConflict, "the line's run is not approved yet: run it again instead of correcting it, and if it is in review reopen it first")
	case currency != in.Amount.Currency:
		return domain.Errorf(domain.KindInvalid, "the line is in %s", currency)
	case period > in.Period:
		return domain.Errorf(domain.KindInvalid, "a line of %s is corrected in that month or a later one", period)
	}
	return nil
}

func (t *tx) putAdjustment(ctx context.Context, author int, in AddAdjustmentInput) (int, error) {
	id := 0
	find := func(q string, args ...any) error {
		return t.each(ctx, q, args, func(scan scanner) error { return scan(&id) })
	}
	err := find(`
INSERT INTO adjustments (user_id, author_id, period, kind, key, after_tax, amount, currency, reason, corrects_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (period, user_id, key) DO NOTHING RETURNING id`,
		in.UserID, author, in.Period, in.Kind, in.Key, in.AfterTax, in.Amount.Minor, in.Amount.Currency, in.Reason, in.CorrectsID, t.at)
	if err != nil {
		return 0, err
	}
	if id != 0 {
		return id, t.audit(ctx, "add_adjustment", "adjustment", id, nil)
	}
	err = find(`
SELECT id FROM adjustments WHERE user_id = $1 AND author_id = $2 AND period = $3 AND kind = $4 AND key = $5 AND after_tax = $6 AND amount = $7
  AND currency = $8 AND reason = $9 AND corrects_id IS NOT DISTINCT FROM $10`,
		in.UserID, author, in.Period, in.Kind, in.Key, in.AfterTax, in.Amount.Minor, in.Amount.Currency, in.Reason, in.CorrectsID)
	if err == nil && id == 0 {
		err = domain.Errorf(domain.KindConflict, "the person has another adjustment with the key %s in %s", in.Key, in.Period)
	}
	return id, err
}
