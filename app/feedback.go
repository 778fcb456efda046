package app

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/analysis"
	"github.com/fincokpi/finco/ent/gen/message"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// GiveFeedbackInput is a person's judgement in place of a machine's.
type GiveFeedbackInput struct {
	AnalysisID int
	// Label, for kinds that have labels; Score, for those that have scores. At least one.
	Label   *string
	Score   *float64
	Comment string
	// Demo marks feedback made up for the demo company.
	Demo bool
}

func (in GiveFeedbackInput) validate(a *gen.Analysis, labels []string) error {
	var list []string
	if in.Label == nil && in.Score == nil {
		list = append(list, "give a label or a score")
	}
	least, greatest := analyzer.Kind(a.Kind).ScoreRange()
	scored := greatest > 1 // points: the kind has no labels
	if in.Label != nil && scored {
		list = append(list, fmt.Sprintf("%s has a score and no labels", a.Kind))
	}
	if in.Label != nil && !scored && (len(labels) > 0 && !slices.Contains(labels, *in.Label) || *in.Label == "" || len(*in.Label) > 64) {
		list = append(list, fmt.Sprintf("%s is no label of %s, which has: %s", clip(*in.Label, 64), a.Kind, strings.Join(labels, ", ")))
	}
	if in.Score != nil && (math.IsNaN(*in.Score) || *in.Score < least || *in.Score > greatest) {
		list = append(list, fmt.Sprintf("a score of %s is from %g to %g", a.Kind, least, greatest))
	}
	if len(in.Comment) > 2000 {
		list = append(list, "a comment has at most 2000 bytes")
	}
	return faults(list)
}

// GiveFeedback sets a person's judgement beside a machine's. The newest feedback is the one that counts. Supervisors judge
// what their teams wrote, never what they wrote themselves or what their own figures are made of.
func (a *App) GiveFeedback(ctx context.Context, in GiveFeedbackInput) (*gen.Feedback, error) {
	actor, err := permit(ctx, "feedback", "give")
	if err != nil {
		return nil, err
	}
	var out *gen.Feedback
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.writeFacts(ctx); err != nil {
			return err
		}
		found, err := t.Analysis.Query().Where(analysis.ID(in.AnalysisID)).WithMessage().Only(ctx)
		if err != nil {
			return notFound(err, "there is no such analysis")
		}
		out, err = t.putFeedback(ctx, actor, found, in)
		return err
	})
	return out, err
}

// concernsSQL tells whether what is said of a customer's message ($1) enters a person's ($2) figures: the wait that it belongs
// to is theirs, or they wrote next before or after it, not further away than a conversation lasts without a word ($3 seconds).
// How the customer feels ($4) counts for everybody who wrote that near.
const concernsSQL = `
SELECT EXISTS (SELECT 1 FROM waits w WHERE w.id = m.wait_id AND (w.responder_id = $2 OR w.assignee_id = $2))
  OR ($4 AND EXISTS (SELECT 1 FROM messages x WHERE x.chat_id = m.chat_id AND x.thread = m.thread AND x.side = 'STAFF' AND x.sender_id = $2
    AND x.sent_at BETWEEN m.sent_at - make_interval(secs => $3) AND m.sent_at + make_interval(secs => $3)))
  OR COALESCE(before.sender_id = $2 AND before.sent_at >= m.sent_at - make_interval(secs => $3), false)
  OR COALESCE(after.sender_id = $2 AND after.sent_at <= m.sent_at + make_interval(secs => $3), false)
FROM messages m
LEFT JOIN LATERAL (SELECT x.sender_id, x.sent_at FROM messages x WHERE x.chat_id = m.chat_id AND x.thread = m.thread AND x.side = 'STAFF'
  AND (x.sent_at, x.telegram_id) < (m.sent_at, m.telegram_id) ORDER BY x.sent_at DESC, x.telegram_id DESC LIMIT 1) before ON true
LEFT JOIN LATERAL (SELECT x.sender_id, x.sent_at FROM messages x WHERE x.chat_id = m.chat_id AND x.thread = m.thread AND x.side = 'STAFF'
  AND (x.sent_at, x.telegram_id) > (m.sent_at, m.telegram_id) ORDER BY x.sent_at, x.telegram_id LIMIT 1) after ON true
WHERE m.id = $1`

// refuseOwn keeps people from judging what concerns themselves.
func (t *tx) refuseOwn(ctx context.Context, r *roster, actor auth.Actor, found *gen.Analysis) error {
	m := found.Edges.Message
	if sender := m.SenderID; sender != nil && *sender == actor.UserID {
		return domain.Errorf(domain.KindDenied, "nobody reviews what they wrote themselves")
	}
	if m.Side != message.SideCustomer || actor.UserID == 0 {
		return nil
	}
	own := false
	args := []any{m.ID, actor.UserID, r.gap.Seconds(), found.Kind == analysis.KindSentiment}
	if err := t.each(ctx, concernsSQL, args, func(scan scanner) error { return scan(&own) }); err != nil {
		return err
	}
	if own {
		return domain.Errorf(domain.KindDenied, "nobody reviews what concerns themselves: you took part in this conversation")
	}
	return nil
}

func (t *tx) putFeedback(ctx context.Context, actor auth.Actor, found *gen.Analysis, in GiveFeedbackInput) (*gen.Feedback, error) {
	r, err := t.roster(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.refuseOwn(ctx, r, actor, found); err != nil {
		return nil, err
	}
	if err := in.validate(found, r.labels(found.AnalyzerID, string(found.Kind))); err != nil {
		return nil, err
	}
	create := t.Feedback.Create().SetAnalysisID(found.ID).SetAuthorID(actor.UserID).SetCreatedAt(t.at).SetComment(cleanText(in.Comment)).
		SetDemo(in.Demo).SetNillableScore(in.Score).SetNillableLabel(in.Label)
	out, err := create.Save(as(ctx, "reviewer"))
	if err != nil {
		return nil, err
	}
	m := found.Edges.Message
	if err := t.emitCorrected(ctx, found); err != nil {
		return nil, err
	}
	if err := t.audit(ctx, "give_feedback", "analysis", found.ID, nil); err != nil {
		return nil, err
	}
	if err := t.staleAbout(ctx, r, m); err != nil {
		return nil, err
	}
	t.urgent = true
	if found.Kind != analysis.KindNeedsReply {
		return out, nil
	}
	return out, settle(ctx, t, r, touched{{chat: m.ChatID, thread: m.Thread, at: m.SentAt, telegramID: m.TelegramID}})
}

// emitCorrected tells of every judgement whose effective value a person's word changes: what any version of the analyzer said of
// the same words.
func (t *tx) emitCorrected(ctx context.Context, found *gen.Analysis) error {
	const q = `
SELECT o.id FROM analyses o JOIN analyzers v ON v.id = o.analyzer_id JOIN analyzers n ON n.id = $3 AND n.name = v.name
WHERE o.content_id = $1 AND o.kind = $2 AND NOT o.shadow ORDER BY o.id`
	ids, err := t.ids(ctx, q, found.ContentID, string(found.Kind), found.AnalyzerID)
	t.emit(AnalysisCompleted, ids...)
	return err
}

// staleAbout marks everybody whose figures a message's judgement may enter: its sender and the staff who wrote in its chat
// around it.
func (t *tx) staleAbout(ctx context.Context, r *roster, m *gen.Message) error {
	const q = `
SELECT DISTINCT sender_id FROM messages WHERE chat_id = $1 AND side = 'STAFF' AND sender_id IS NOT NULL
  AND sent_at BETWEEN $2::timestamptz - interval '31 days' AND $2::timestamptz + interval '31 days'`
	return t.each(ctx, q, []any{m.ChatID, m.SentAt}, func(scan scanner) error {
		var id int
		err := scan(&id)
		t.stale(r, m.SentAt, id)
		return err
	})
}

// labels are those that an analyzer may give of a kind; empty if it did not say.
func (r *roster) labels(analyzerID int, kind string) []string {
	for _, a := range r.analyzers {
		if a.ID == analyzerID {
			return a.Labels[kind]
		}
	}
	return nil
}

// notFound says that a record is absent, or hidden, which is the same to whoever asks.
func notFound(err error, message string) error {
	if gen.IsNotFound(err) {
		return domain.Errorf(domain.KindNotFound, "%s", message)
	}
	return err
}
