package app

import (
	"context"
	"encoding/json"
	"slices"
)

// putSlips makes the run's slips be these: it writes those that differ, and takes away what is stale. Only drafts get here;
// the database itself refuses for runs that are approved.
func (t *tx) putSlips(ctx context.Context, run *runRow, slips []slipDraft) (changed bool, err error) {
	stored, ids, err := t.readSlips(ctx, run.ID)
	if err != nil {
		return false, err
	}
	var stale []int
	fresh := make([]slipDraft, 0, len(slips))
	for _, slip := range slips {
		old, known := stored[slip.User]
		if known {
			same, err := sameSlip(*old, slip)
			if err != nil {
				return false, err
			}
			delete(stored, slip.User)
			if same {
				continue
			}
			stale = append(stale, ids[slip.User])
		}
		fresh = append(fresh, slip)
	}
	for user := range stored {
		stale = append(stale, ids[user])
	}
	if len(stale) == 0 && len(fresh) == 0 {
		return false, nil
	}
	if err := t.dropSlips(ctx, stale); err != nil {
		return false, err
	}
	return true, t.insertSlips(ctx, run, fresh)
}

func sameSlip(a, b slipDraft) (bool, error) {
	x, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	y, err := json.Marshal(b)
	return string(x) == string(y), err
}

// readSlips are the stored slips of a run and their ids, by person.
func (t *tx) readSlips(ctx context.Context, run int) (map[int]*slipDraft, map[int]int, error) {
	out, ids, byID := map[int]*slipDraft{}, map[int]int{}, map[int]*slipDraft{}
	err := t.each(ctx, `SELECT id, user_id, net, payable, carried_over, COALESCE(flags, '[]') FROM payslips WHERE run_id = $1`, []any{run}, func(scan scanner) error {
		var id int
		var flags []byte
		s := &slipDraft{}
		if err := scan(&id, &s.User, &s.Net, &s.Payable, &s.CarriedOver, &flags); err != nil {
			return err
		}
		out[s.User], ids[s.User], byID[id] = s, id, s
		return json.Unmarshal(flags, &s.Flags)
	})
	if err != nil {
		return nil, nil, err
	}
	return out, ids, t.readLines(ctx, run, byID)
}

func (t *tx) readLines(ctx context.Context, run int, slips map[int]*slipDraft) error {
	lines := map[int]linePlace{}
	const ofRun = ` JOIN payslips p ON p.id = l.slip_id WHERE p.run_id = $1 `
	err := t.each(ctx, `SELECT l.id, l.slip_id, l.kind, COALESCE(l.key, ''), l.amount, l.after_tax, l.reason, COALESCE(l.inputs, 'null') FROM payslip_lines l`+ofRun+`ORDER BY l.slip_id, l.position`,
		[]any{run}, func(scan scanner) error {
			var id, slip int
			l := lineDraft{Sources: []sourceDraft{}}
			var inputs []byte
			if err := scan(&id, &slip, &l.Kind, &l.Key, &l.Amount, &l.AfterTax, &l.Reason, &inputs); err != nil {
				return err
			}
			if err := json.Unmarshal(inputs, &l.Inputs); err != nil {
				return err
			}
			lines[id] = linePlace{slip, len(slips[slip].Lines)}
			slips[slip].Lines = append(slips[slip].Lines, l)
			return nil
		})
	if err != nil {
		return err
	}
	return t.each(ctx, `SELECT s.line_id, s.kpi_result_id, s.salary_id, s.adjustment_id, s.source_line_id
FROM line_sources s JOIN payslip_lines l ON l.id = s.line_id`+ofRun+`ORDER BY s.line_id, s.position`, []any{run}, func(scan scanner) error {
		var id int
		var s sourceDraft
		if err := scan(&id, &s.KPIResult, &s.Salary, &s.Adjustment, &s.Line); err != nil {
			return err
		}
		at := lines[id]
		if own, ok := lines[deref(s.Line)]; ok && own.slip == at.slip {
			s.Line, s.Own = nil, &own.position
		}
		line := &slips[at.slip].Lines[at.position]
		line.Sources = append(line.Sources, s)
		return nil
	})
}

func (t *tx) dropSlips(ctx context.Context, slips []int) error {
	slices.Sort(slips)
	for _, q := range []string{
		`DELETE FROM line_sources s USING payslip_lines l WHERE l.id = s.line_id AND l.slip_id = ANY($1)`,
		`DELETE FROM payslip_lines WHERE slip_id = ANY($1)`,
		`DELETE FROM payslips WHERE id = ANY($1)`,
	} {
		if _, err := t.sql.ExecContext(ctx, q, idArray(slips)); err != nil {
			return err
		}
	}
	return nil
}

// linePlace is a line's slip and place, by which the statements find its id.
type linePlace struct{ slip, position int }

func (t *tx) insertSlips(ctx context.Context, run *runRow, slips []slipDraft) error {
	ids := map[int]int{}
	err := t.each(ctx, `
INSERT INTO payslips (run_id, user_id, net, payable, carried_over, currency, flags)
SELECT $2, user_id, net, payable, carried_over, $3, flags
FROM jsonb_to_recordset($1) AS x(user_id bigint, net bigint, payable bigint, carried_over bigint, flags jsonb) ORDER BY user_id
RETURNING id, user_id`, []any{asJSON(slips), run.ID, run.Currency}, func(scan scanner) error {
		var id, user int
		err := scan(&id, &user)
		ids[user] = id
		return err
	})
	if err != nil {
		return err
	}
	lines, err := t.insertLines(ctx, slips, ids)
	if err != nil {
		return err
	}
	return t.insertSources(ctx, slips, ids, lines)
}

func (t *tx) insertLines(ctx context.Context, slips []slipDraft, ids map[int]int) (map[linePlace]int, error) {
	type row struct {
		Slip     int `json:"slip_id"`
		Position int `json:"position"`
		lineDraft
	}
	var rows []row
	for _, slip := range slips {
		for i, l := range slip.Lines {
			rows = append(rows, row{ids[slip.User], i, l})
		}
	}
	out := map[linePlace]int{}
	err := t.each(ctx, `
INSERT INTO payslip_lines (slip_id, position, kind, key, amount, after_tax, reason, inputs)
SELECT slip_id, position, kind, key, amount, after_tax, reason, NULLIF(inputs, 'null')
FROM jsonb_to_recordset($1) AS x(slip_id bigint, position int, kind text, key text, amount bigint, after_tax boolean, reason text, inputs jsonb) ORDER BY slip_id, position
RETURNING id, slip_id, position`, []any{asJSON(rows)}, func(scan scanner) error {
		var id int
		var at linePlace
		err := scan(&id, &at.slip, &at.position)
		out[at] = id
		return err
	})
	return out, err
}

func (t *tx) insertSources(ctx context.Context, slips []slipDraft, ids map[int]int, lines map[linePlace]int) error {
	type row struct {
		LineID   int `json:"line_id"`
		Position int `json:"position"`
		sourceDraft
	}
	var rows []row
	for _, slip := range slips {
		for i, l := range slip.Lines {
			for position, s := range l.Sources {
				if s.Own != nil {
					own := lines[linePlace{ids[slip.User], *s.Own}]
					s.Line = &own
				}
				rows = append(rows, row{lines[linePlace{ids[slip.User], i}], position, s})
			}
		}
	}
	_, err := t.sql.ExecContext(ctx, `
INSERT INTO line_sources (line_id, position, kpi_result_id, salary_id, adjustment_id, source_line_id)
SELECT line_id, position, kpi_result_id, salary_id, adjustment_id, source_line_id
FROM jsonb_to_recordset($1) AS x(line_id bigint, position int, kpi_result_id bigint, salary_id bigint, adjustment_id bigint, source_line_id bigint)
ORDER BY line_id, position`, asJSON(rows))
	return err
}
