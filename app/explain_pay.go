package app

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/linesource"
	"github.com/fincokpi/finco/ent/gen/payrollrun"
	"github.com/fincokpi/finco/ent/gen/payslip"
	"github.com/fincokpi/finco/ent/gen/payslipline"
	"github.com/fincokpi/finco/policies"
)

// MyPayslips are the actor's own slips with their runs, the latest period first, one page of so many, and how many there are.
func (a *App) MyPayslips(ctx context.Context, page, each int) ([]*gen.Payslip, int, error) {
	actor, err := permit(ctx, "payslip", policies.Read)
	if err != nil {
		return nil, 0, err
	}
	if page < 0 || page > 10000 || each < 1 || each > 100 {
		return nil, 0, domain.Errorf(domain.KindInvalid, "there is no such page")
	}
	query := a.client.Payslip.Query().Where(payslip.UserID(actor.UserID))
	total, err := query.Clone().Count(ctx)
	if err != nil || total == 0 {
		return nil, 0, err
	}
	list, err := query.Order(payslip.ByRunField(payrollrun.FieldPeriod, sql.OrderDesc()), payslip.ByID(sql.OrderDesc())).
		Offset(page * each).Limit(each).WithRun().All(ctx)
	return list, total, err
}

// MyPayslip is one of the actor's own slips with its run and its lines in order. It fails as not_found for any other.
func (a *App) MyPayslip(ctx context.Context, id int) (*gen.Payslip, error) {
	actor, err := permit(ctx, "payslip", policies.Read)
	if err != nil {
		return nil, err
	}
	slip, err := a.client.Payslip.Query().Where(payslip.ID(id), payslip.UserID(actor.UserID)).WithRun().
		WithLines(func(q *gen.PayslipLineQuery) { q.Order(gen.Asc(payslipline.FieldPosition)) }).Only(ctx)
	return slip, notFound(err, "there is no such payslip")
}

// LineWhy is a line of a slip and what it came from.
type LineWhy struct {
	// Line comes with its slip and the slip's run.
	Line *gen.PayslipLine
	// Result is the KPI result that its rule read, Salary the version of the salary, Adjustment what a person decided, with its
	// author; nil: none.
	Result     *gen.KpiResult
	Salary     *gen.Salary
	Adjustment *gen.Adjustment
	// Lines are those it is made of, corrects or deducts, each with its slip and run.
	Lines []*gen.PayslipLine
}

// PayslipWhy says where a line of one of the actor's own slips comes from. It fails as not_found for any other line.
func (a *App) PayslipWhy(ctx context.Context, lineID int) (LineWhy, error) {
	actor, err := permit(ctx, "payslip", policies.Read)
	if err != nil {
		return LineWhy{}, err
	}
	withRun := func(q *gen.PayslipQuery) { q.WithRun() }
	line, err := a.client.PayslipLine.Query().Where(payslipline.ID(lineID), payslipline.HasSlipWith(payslip.UserID(actor.UserID))).
		WithSlip(withRun).Only(ctx)
	if err != nil {
		return LineWhy{}, notFound(err, "there is no such line")
	}
	sources, err := a.client.LineSource.Query().Where(linesource.LineID(line.ID)).Order(gen.Asc(linesource.FieldPosition)).
		WithKpiResult().WithSalary().WithAdjustment(func(q *gen.AdjustmentQuery) { q.WithAuthor() }).
		WithSourceLine(func(q *gen.PayslipLineQuery) { q.WithSlip(withRun) }).All(ctx)
	if err != nil {
		return LineWhy{}, err
	}
	out := LineWhy{Line: line}
	for _, s := range sources {
		switch e := s.Edges; {
		case e.KpiResult != nil:
			out.Result = e.KpiResult
		case e.Salary != nil:
			out.Salary = e.Salary
		case e.Adjustment != nil:
			out.Adjustment = e.Adjustment
		case e.SourceLine != nil:
			out.Lines = append(out.Lines, e.SourceLine)
		}
	}
	return out, nil
}

// PayslipNotice is a slip of which its person should hear now.
type PayslipNotice struct {
	// Key is what it is told under, once.
	Key        string
	SlipID     int
	UserID     int
	TelegramID int64
	Language   string
	Period     domain.Period
	Kind       payrollrun.Kind
	State      payrollrun.State
}

// payslipNoticesAtOnce bounds what one look finds; the next one finds more.
const payslipNoticesAtOnce = 5000

// untoldSlipsSQL finds the slips of runs approved or paid since $1 of which nothing was put into the outbox yet, of active people whom
// the bot can write to.
const untoldSlipsSQL = `
SELECT 'payslip:' || p.id || ':' || r.state, p.id, p.user_id, e.telegram_id, COALESCE(NULLIF(e.language, ''), lower(c.language)), COALESCE(e.mute, ''),
  r.period, r.kind, r.state
FROM payroll_runs r JOIN payslips p ON p.run_id = r.id JOIN employments e ON e.user_id = p.user_id CROSS JOIN companies c
WHERE (r.state = 'APPROVED' AND r.approved_at >= $1 OR r.state = 'PAID' AND r.paid_at >= $1)
  AND e.status = 'ACTIVE' AND e.telegram_id IS NOT NULL AND e.unreachable_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM outgoings o WHERE o.key = 'payslip:' || p.id || ':' || r.state)
ORDER BY p.id LIMIT $2`

// PayslipNotices are what people should hear of their slips of runs approved or paid since a time, but for those who have their hours
// without notices now. For the bot.
func (a *App) PayslipNotices(ctx context.Context, since time.Time) ([]PayslipNotice, error) {
	if _, err := permit(ctx, "telegram", policies.Read); err != nil {
		return nil, err
	}
	var out []PayslipNotice
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		r, err := t.roster(ctx)
		if domain.KindOf(err) == domain.KindConflict { // there is no company yet
			return nil
		}
		if err != nil {
			return err
		}
		return t.each(ctx, untoldSlipsSQL, []any{since, payslipNoticesAtOnce}, func(scan scanner) error {
			var n PayslipNotice
			var mute, period string
			err := scan(&n.Key, &n.SlipID, &n.UserID, &n.TelegramID, &n.Language, &mute, &period, &n.Kind, &n.State)
			if err != nil || resting(mute, r.zone, t.at) {
				return err
			}
			n.Period, err = domain.ParsePeriod(period)
			out = append(out, n)
			return err
		})
	})
	return out, err
}
