package app

import (
	"context"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/message"
	"github.com/fincokpi/finco/ent/gen/payslipline"
)

// traceSQL finds the lines that come from KPI results, or from rules of their own, which counted a wait that one of the messages ($1) is part of, opens or
// closes, or an analysis of it. Results name the ids they counted; only those are looked at of people who can have counted the
// message, and of the months that it or its wait may be of in any time zone.
const traceSQL = `
WITH m AS (SELECT id, chat_id, thread, wait_id, side, sent_at FROM messages WHERE id = ANY($1)),
ids AS (
  SELECT m.id AS message, 'waits' AS kind, w.id, w.opened_at AS at FROM waits w JOIN m ON w.id = m.wait_id
  UNION SELECT m.id, 'waits', w.id, w.opened_at FROM waits w
    JOIN m ON m.side = 'STAFF' AND w.chat_id = m.chat_id AND w.thread = m.thread AND w.closes_with_id = m.id
  UNION SELECT m.id, 'analyses', a.id, m.sent_at FROM analyses a JOIN m ON a.message_id = m.id AND NOT a.shadow),
people AS (
  SELECT s.sender_id AS id FROM messages s WHERE s.chat_id IN (SELECT chat_id FROM m) AND s.sender_id IS NOT NULL
  UNION SELECT w.assignee_id FROM waits w JOIN ids ON ids.kind = 'waits' AND w.id = ids.id WHERE w.assignee_id IS NOT NULL),
months AS (
  SELECT DISTINCT to_char((at + side) AT TIME ZONE 'UTC', 'YYYY-MM') AS period FROM ids, (VALUES (interval '-1 day'), (interval '1 day')) AS v(side)),
results AS (
  SELECT r.id FROM people p JOIN kpi_results r ON r.user_id = p.id JOIN months USING (period)
  WHERE EXISTS (SELECT 1 FROM line_sources l WHERE l.kpi_result_id = r.id)),
counted AS (
  SELECT DISTINCT s.result_id, k.kind, x.id::bigint AS id
  FROM results r JOIN kpi_scores s ON s.result_id = r.id, jsonb_array_elements(s.inputs) i, (VALUES ('waits'), ('analyses')) AS k(kind),
    jsonb_array_elements_text(COALESCE(i->k.kind, '[]')) AS x(id)),
byKPI AS (
  SELECT ids.message, l.line_id FROM ids JOIN counted USING (kind, id) JOIN line_sources l ON l.kpi_result_id = counted.result_id),
byRule AS (
  SELECT ids.message, l.id AS line_id FROM results r JOIN line_sources s ON s.kpi_result_id = r.id JOIN payslip_lines l ON l.id = s.line_id
  CROSS JOIN jsonb_array_elements(COALESCE(l.inputs, '[]')) i CROSS JOIN ids WHERE i->ids.kind @> to_jsonb(ids.id))
SELECT message, line_id FROM byKPI UNION SELECT message, line_id FROM byRule ORDER BY message, line_id`

// MessagePayslipLines walks from a message to the payslip lines that it had a part in, as far as the actor sees them, and
// returns the lines' ids. It fails as not_found for a message that the actor does not see.
func (a *App) MessagePayslipLines(ctx context.Context, messageID int) ([]int, error) {
	if _, err := permit(ctx, "payslip", "read"); err != nil {
		return nil, err
	}
	if seen, err := a.client.Message.Query().Where(message.ID(messageID)).Exist(ctx); err != nil || !seen {
		if err == nil {
			err = domain.Errorf(domain.KindNotFound, "there is no such message")
		}
		return nil, err
	}
	found, err := a.PayslipLinesOf(ctx, []int{messageID})
	if err != nil || len(found[messageID]) == 0 {
		return nil, err
	}
	return a.client.PayslipLine.Query().Where(payslipline.IDIn(found[messageID]...)).Order(payslipline.ByID()).IDs(ctx)
}

// PayslipLinesOf walks from messages, which the caller saw, to the ids of the payslip lines that each had a part in. Whether
// the actor sees the lines shows when they are read.
func (a *App) PayslipLinesOf(ctx context.Context, messageIDs []int) (map[int][]int, error) {
	if _, err := permit(ctx, "payslip", "read"); err != nil {
		return nil, err
	}
	var lines map[int][]int
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		lines = map[int][]int{}
		return t.each(ctx, traceSQL, []any{idArray(messageIDs)}, func(scan scanner) error {
			var id, line int
			err := scan(&id, &line)
			lines[id] = append(lines[id], line)
			return err
		})
	})
	return lines, err
}
