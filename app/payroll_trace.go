package app

import (
	"context"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/message"
	"github.com/fincokpi/finco/ent/gen/payslipline"
)

// traceSQL finds the lines that come from KPI results which counted a wait that message $1 is part of, opens or closes, or an
// analysis of it. Results name the ids they counted; only those of people who can have counted the message are looked at.
const traceSQL = `
WITH m AS (SELECT id, chat_id, thread, wait_id, side FROM messages WHERE id = $1),
ids AS (
  SELECT 'waits' AS kind, w.id FROM waits w JOIN m ON w.id = m.wait_id
  UNION SELECT 'waits', w.id FROM waits w JOIN m ON m.side = 'STAFF' AND w.chat_id = m.chat_id AND w.thread = m.thread AND w.closes_with_id = m.id
  UNION SELECT 'analyses', a.id FROM analyses a JOIN m ON a.message_id = m.id),
people AS (
  SELECT DISTINCT s.sender_id AS id FROM messages s JOIN m USING (chat_id) WHERE s.sender_id IS NOT NULL
  UNION SELECT w.assignee_id FROM waits w JOIN ids ON ids.kind = 'waits' AND w.id = ids.id WHERE w.assignee_id IS NOT NULL),
results AS (
  SELECT DISTINCT r.id FROM people p JOIN kpi_results r ON r.user_id = p.id JOIN line_sources l ON l.kpi_result_id = r.id)
SELECT DISTINCT l.line_id FROM results r JOIN kpi_scores s ON s.result_id = r.id JOIN line_sources l ON l.kpi_result_id = r.id
WHERE EXISTS (SELECT 1 FROM ids WHERE s.inputs @> jsonb_build_array(jsonb_build_object(ids.kind, jsonb_build_array(ids.id))))
ORDER BY l.line_id`

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
	var lines []int
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		lines = nil
		return t.each(ctx, traceSQL, []any{messageID}, func(scan scanner) error {
			var id int
			err := scan(&id)
			lines = append(lines, id)
			return err
		})
	})
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	return a.client.PayslipLine.Query().Where(payslipline.IDIn(lines...)).Order(payslipline.ByID()).IDs(ctx)
}
