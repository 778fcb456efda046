package graph

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/adjustment"
	"github.com/fincokpi/finco/ent/gen/kpiresult"
	"github.com/fincokpi/finco/ent/gen/linesource"
	"github.com/fincokpi/finco/ent/gen/payslip"
	"github.com/fincokpi/finco/ent/gen/payslipline"
	"github.com/fincokpi/finco/ent/gen/salary"
	graphgen "github.com/fincokpi/finco/graph/gen"
)

func money(minor int64, currency string) *graphgen.Money {
	return &graphgen.Money{Amount: domain.Money{Minor: minor, Currency: currency}.String(), Currency: currency}
}

// slipOf is the slip that a line is of.
func (r *Resolver) slipOf(ctx context.Context, line *gen.PayslipLine) (*gen.Payslip, error) {
	if line.Edges.Slip != nil && line.Edges.Slip.Currency != "" {
		return line.Edges.Slip, nil
	}
	found, err := together(ctx, fieldKey{name: "slip"}, line, func(nodes []*gen.PayslipLine) (map[int]*gen.Payslip, error) {
		ids := referred(nodes, func(l *gen.PayslipLine) *int { return &l.SlipID })
		rows, err := r.app.Client().Payslip.Query().Where(payslip.IDIn(ids...)).All(ctx)
		return byID(rows, func(s *gen.Payslip) int { return s.ID }), err
	})
	if err == nil && found[line.SlipID] == nil {
		err = domain.Errorf(domain.KindNotFound, "there is no such payslip")
	}
	return found[line.SlipID], err
}

// totals add up the slips of a run that the actor sees.
func (r *Resolver) totals(ctx context.Context, run *gen.PayrollRun) (*graphgen.PayrollTotals, error) {
	type sums struct {
		RunID   int   `json:"run_id"`
		Slips   int   `json:"slips"`
		Net     int64 `json:"net"`
		Payable int64 `json:"payable"`
	}
	found, err := together(ctx, fieldKey{name: "totals"}, run, func(nodes []*gen.PayrollRun) (map[int]sums, error) {
		ids := idOf(nodes, func(r *gen.PayrollRun) int { return r.ID })
		var rows []sums
		err := r.app.Client().Payslip.Query().Where(payslip.RunIDIn(ids...)).GroupBy(payslip.FieldRunID).
			Aggregate(gen.As(gen.Count(), "slips"), sum(payslip.FieldNet), sum(payslip.FieldPayable)).Scan(ctx, &rows)
		out := map[int]sums{}
		for _, row := range rows {
			out[row.RunID] = row
		}
		return out, err
	})
	if err != nil {
		return nil, err
	}
	total := found[run.ID]
	return &graphgen.PayrollTotals{Slips: total.Slips, Net: money(total.Net, run.Currency), Payable: money(total.Payable, run.Currency)}, nil
}

// sum adds up a column of whole numbers; a sum of bigints is numeric, which would not scan into one.
func sum(column string) gen.AggregateFunc {
	return func(s *sql.Selector) string { return sql.As("SUM("+s.C(column)+")::bigint", column) }
}

// sources are the records that a line came from, in order; those hidden from the actor are absent.
func (r *Resolver) sources(ctx context.Context, line *gen.PayslipLine) ([]gen.Noder, error) {
	found, err := together(ctx, here(ctx), line, func(nodes []*gen.PayslipLine) (map[int][]gen.Noder, error) {
		rows, err := r.app.Client().LineSource.Query().Where(linesource.LineIDIn(idOf(nodes, lineID)...)).Order(linesource.ByPosition()).All(ctx)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		records, err := r.sourceRecords(ctx, rows)
		if err != nil {
			return nil, err
		}
		out := map[int][]gen.Noder{}
		for _, row := range rows {
			for _, id := range []*int{row.KpiResultID, row.SalaryID, row.AdjustmentID, row.SourceLineID} {
				if id != nil && records[*id] != nil {
					out[row.LineID] = append(out[row.LineID], records[*id])
				}
			}
		}
		return out, nil
	})
	if list := found[line.ID]; list != nil || err != nil {
		return list, err
	}
	return []gen.Noder{}, nil
}

func lineID(l *gen.PayslipLine) int { return l.ID }

// sourceRecords loads what line sources name. Ids are of the whole database, so one map holds all kinds.
func (r *Resolver) sourceRecords(ctx context.Context, rows []*gen.LineSource) (map[int]gen.Noder, error) {
	out, c := map[int]gen.Noder{}, r.app.Client()
	if ids := referred(rows, func(s *gen.LineSource) *int { return s.KpiResultID }); len(ids) > 0 {
		q, err := c.KpiResult.Query().Where(kpiresult.IDIn(ids...)).CollectFields(ctx, "KpiResult")
		if err := put(ctx, out, q, err, func(n *gen.KpiResult) int { return n.ID }); err != nil {
			return nil, err
		}
	}
	if ids := referred(rows, func(s *gen.LineSource) *int { return s.SalaryID }); len(ids) > 0 {
		q, err := c.Salary.Query().Where(salary.IDIn(ids...)).CollectFields(ctx, "Salary")
		if err := put(ctx, out, q, err, func(n *gen.Salary) int { return n.ID }); err != nil {
			return nil, err
		}
	}
	if ids := referred(rows, func(s *gen.LineSource) *int { return s.AdjustmentID }); len(ids) > 0 {
		q, err := c.Adjustment.Query().Where(adjustment.IDIn(ids...)).CollectFields(ctx, "Adjustment")
		if err := put(ctx, out, q, err, func(n *gen.Adjustment) int { return n.ID }); err != nil {
			return nil, err
		}
	}
	if ids := referred(rows, func(s *gen.LineSource) *int { return s.SourceLineID }); len(ids) > 0 {
		q, err := c.PayslipLine.Query().Where(payslipline.IDIn(ids...)).CollectFields(ctx, "PayslipLine")
		if err := put(ctx, out, q, err, lineID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// put adds the records of a query to out.
func put[N any, P interface {
	*N
	gen.Noder
}](ctx context.Context, out map[int]gen.Noder, q interface {
	All(context.Context) ([]*N, error)
}, err error, id func(*N) int) error {
	if err != nil {
		return err
	}
	rows, err := q.All(ctx)
	for _, row := range rows {
		out[id(row)] = P(row)
	}
	return err
}

// payslipLines are the lines whose KPI results counted the message's waits or analyses.
func (r *Resolver) payslipLines(ctx context.Context, m *gen.Message) ([]*gen.PayslipLine, error) {
	found, err := together(ctx, here(ctx), m, func(nodes []*gen.Message) (map[int][]*gen.PayslipLine, error) {
		traced, err := r.app.PayslipLinesOf(ctx, idOf(nodes, messageID))
		if err != nil || len(traced) == 0 {
			return nil, err
		}
		var ids []int
		for _, list := range traced {
			ids = append(ids, list...)
		}
		slices.Sort(ids)
		q, err := r.app.Client().PayslipLine.Query().Where(among(payslipline.FieldID, slices.Compact(ids))).CollectFields(ctx, "PayslipLine")
		if err != nil {
			return nil, err
		}
		rows, err := q.All(ctx)
		lines := byID(rows, lineID)
		out := map[int][]*gen.PayslipLine{}
		for message, list := range traced {
			for _, id := range list {
				if lines[id] != nil {
					out[message] = append(out[message], lines[id])
				}
			}
		}
		return out, err
	})
	if list := found[m.ID]; list != nil || err != nil {
		return list, err
	}
	return []*gen.PayslipLine{}, nil
}
