package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/analysis"
	"github.com/fincokpi/finco/ent/gen/feedback"
	"github.com/fincokpi/finco/ent/gen/message"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/policies"
)

const (
	// reviewSpan is how old a message may be that is worth a review: its month's KPIs are still computed anew.
	reviewSpan = 31 * 24 * time.Hour
	// reviewPage is how many judgements are looked at together, and the most that are counted.
	reviewPage = 100
	// reviewContext is how many messages before are shown with one.
	reviewContext = 2
)

// NextReviewInput says where in the queue to look.
type NextReviewInput struct {
	// After is the analysis after which to go on; 0: at the beginning.
	After int
}

// NextReview is the judgement to review next, and how many there are.
type NextReview struct {
	// Card is nil if nothing is left after the one asked for.
	Card *ReviewCard
	// Left counts those from the card on; More tells that there are more than were counted.
	Left int
	More bool
}

// ReviewCard is a machine's judgement with what a person needs to judge it.
type ReviewCard struct {
	Analysis *gen.Analysis
	// Labels are those that may be given instead; empty for scores.
	Labels []string
	Chat   *gen.Chat
	// Message is what was judged, Before what was written before, earliest first.
	Message ReviewLine
	Before  []ReviewLine
	Why     ReviewReason
}

// ReviewLine is one message of a conversation.
type ReviewLine struct {
	*gen.Message
	Words
	// Sender is the name of who wrote; empty where it is not known.
	Sender string
}

// ReviewReason is what the machine gave as reasons.
type ReviewReason struct {
	// Weak are the keys of the criteria that cost points.
	Weak []string
	// Evidence are its quotes from the message.
	Evidence []string
	Text     string
}

// reviewQueueSQL finds judgements that count in pay, that nobody has reviewed and that are of a message as it stands now, least sure
// first. $1 kinds, $2 since, $3 whether of all teams, $4 teams, $5 who asks, $6 after which, $7 how many.
const reviewQueueSQL = `
SELECT a.id, a.message_id, m.side = 'CUSTOMER', a.kind = 'SENTIMENT' FROM analyses a
JOIN messages m ON m.id = a.message_id JOIN message_contents s ON s.id = a.content_id AND s.version = m.version
JOIN chats c ON c.id = m.chat_id JOIN analyzers v ON v.id = a.analyzer_id AND ` + worksSQL + `
WHERE a.kind = ANY($1) AND NOT a.shadow AND m.sent_at >= $2 AND m.deleted_at IS NULL AND (COALESCE(a.label, '') <> '' OR a.score IS NOT NULL)
  AND ($3 OR c.team_id = ANY($4)) AND m.sender_id IS DISTINCT FROM $5
  AND ($6::bigint = 0 OR (a.confidence, a.id) > (SELECT x.confidence, x.id FROM analyses x WHERE x.id = $6::bigint))
  AND NOT EXISTS (SELECT 1 FROM analyses o JOIN feedbacks f ON f.analysis_id = o.id JOIN analyzers n ON n.id = o.analyzer_id AND n.name = v.name
    WHERE o.content_id = a.content_id AND o.kind = a.kind)
ORDER BY a.confidence, a.id LIMIT $7`

// queued is a judgement of the queue.
type queued struct {
	ID      int `json:"id"`
	Message int `json:"message"`
	// Customer tells that it is of a customer's words, and Mood that it is of how they feel.
	Customer bool `json:"customer"`
	Mood     bool `json:"mood"`
	Place    int  `json:"place"`
}

// NextReview is the judgement most useful to review that the actor may review: nothing that concerns themselves. For supervisors, of
// their teams' chats, and admins.
func (a *App) NextReview(ctx context.Context, in NextReviewInput) (NextReview, error) {
	actor, err := permit(ctx, "feedback", "give")
	if err != nil {
		return NextReview{}, err
	}
	var out NextReview
	var ids []int
	var known *roster
	err = a.inTx(as(ctx, "reviewer"), func(ctx context.Context, t *tx) error {
		if known, err = t.roster(ctx); err != nil {
			return err
		}
		ids, out.More, err = t.reviewQueue(ctx, known, actor, in.After)
		return err
	})
	if domain.KindOf(err) == domain.KindConflict { // no company yet
		return NextReview{}, nil
	}
	if err != nil {
		return NextReview{}, err
	}
	out.Left = len(ids)
	for _, id := range ids {
		out.Card, err = a.reviewCard(ctx, id)
		if !gen.IsNotFound(err) {
			break
		}
		out.Left--
	}
	if err != nil || out.Card == nil {
		return NextReview{}, notFoundIsNone(err)
	}
	found := out.Card.Analysis
	out.Card.Labels = reviewLabels(found, known.labels(found.AnalyzerID, string(found.Kind)))
	return out, nil
}

func notFoundIsNone(err error) error {
	if gen.IsNotFound(err) {
		return nil
	}
	return err
}

// reviewQueue are the next judgements that the actor may review, at most reviewPage, and whether there are more.
func (t *tx) reviewQueue(ctx context.Context, r *roster, actor auth.Actor, after int) (ids []int, more bool, err error) {
	all := policies.Scope(actor.Role, "feedback", "give") == policies.Company
	for {
		var page []queued
		args := []any{countedKinds, t.at.Add(-reviewSpan), all, idArray(actor.TeamIDs), actor.UserID, after, reviewPage}
		err := t.each(ctx, reviewQueueSQL, args, func(scan scanner) error {
			var q queued
			q.Place = len(page)
			err := scan(&q.ID, &q.Message, &q.Customer, &q.Mood)
			page = append(page, q)
			return err
		})
		if err != nil {
			return nil, false, err
		}
		if ids, err = t.notOwn(ctx, r, actor, page); err != nil {
			return nil, false, err
		}
		if len(ids) > 0 || len(page) < reviewPage {
			return ids, len(page) == reviewPage, nil
		}
		after = page[len(page)-1].ID
	}
}

// notOwnSQL leaves out of judgements (x) those that enter a person's ($2) own figures: GiveFeedback refuses them.
var notOwnSQL = `
SELECT x.id FROM jsonb_to_recordset($1) AS x(id bigint, message bigint, customer boolean, mood boolean, place bigint)
WHERE NOT x.customer OR NOT (` + strings.NewReplacer("$1", "x.message", "$4", "x.mood").Replace(concernsSQL) + `) ORDER BY x.place`

// notOwn are those of a page that the actor may review, in order.
func (t *tx) notOwn(ctx context.Context, r *roster, actor auth.Actor, page []queued) ([]int, error) {
	return t.ids(ctx, notOwnSQL, asJSON(page), actor.UserID, r.gap.Seconds())
}

// reviewLabels are the labels that a person may choose from, what the machine said first; none for scores.
func reviewLabels(a *gen.Analysis, known []string) []string {
	if _, greatest := analyzer.Kind(a.Kind).ScoreRange(); greatest > 1 {
		return nil
	}
	if len(known) == 0 {
		known = map[analysis.Kind][]string{
			analysis.KindNeedsReply: {"yes", "no"}, analysis.KindSentiment: {"positive", "neutral", "negative"},
		}[a.Kind]
	}
	out := []string{a.Label}
	for _, l := range known {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// reviewCard reads a judgement as the actor; not found if it is hidden from them.
func (a *App) reviewCard(ctx context.Context, id int) (*ReviewCard, error) {
	found, err := a.client.Analysis.Query().Where(analysis.ID(id)).WithDetail().
		WithMessage(func(q *gen.MessageQuery) { q.WithChat().WithSender().WithCustomer() }).Only(ctx)
	if err != nil {
		return nil, err
	}
	m := found.Edges.Message
	before, err := a.client.Message.Query().
		Where(message.ChatID(m.ChatID), message.Thread(m.Thread), message.SideNEQ(message.SideNone), message.Or(
			message.SentAtLT(m.SentAt), message.And(message.SentAt(m.SentAt), message.TelegramIDLT(m.TelegramID)))).
		Order(gen.Desc(message.FieldSentAt, message.FieldTelegramID)).Limit(reviewContext).WithSender().WithCustomer().All(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(before)
	said, err := a.wordsOf(ctx, append(slices.Clone(before), m))
	if err != nil {
		return nil, err
	}
	out := &ReviewCard{Analysis: found, Chat: m.Edges.Chat, Message: reviewLine(m, said), Why: reasonOf(found.Edges.Detail)}
	for _, b := range before {
		out.Before = append(out.Before, reviewLine(b, said))
	}
	return out, nil
}

func reviewLine(m *gen.Message, said map[int]Words) ReviewLine {
	out := ReviewLine{Message: m, Words: said[m.ID]}
	switch {
	case m.Edges.Sender != nil:
		out.Sender = m.Edges.Sender.Name
	case m.Edges.Customer != nil:
		out.Sender = m.Edges.Customer.Name
	}
	return out
}

// reasonOf reads what analyzers usually give as details; what is not of that shape says nothing.
func reasonOf(d *gen.AnalysisDetail) ReviewReason {
	var given analyzer.Details
	if d == nil || json.Unmarshal(d.Details, &given) != nil {
		return ReviewReason{}
	}
	out := ReviewReason{Text: strings.TrimSpace(given.Reason), Evidence: given.Evidence}
	for _, c := range given.Criteria {
		if c.Score != nil && *c.Score < 100 {
			out.Weak = append(out.Weak, c.Key)
		}
	}
	return out
}

// Review is GiveFeedback with one tap: the same word of the same person again, such as of an impatient finger or of an update that is
// handled again, is one word. What somebody else has reviewed meanwhile is a conflict.
func (a *App) Review(ctx context.Context, in GiveFeedbackInput) (*gen.Feedback, error) {
	actor, err := permit(ctx, "feedback", "give")
	if err != nil {
		return nil, err
	}
	var out *gen.Feedback
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.writeFacts(ctx); err != nil {
			return err
		}
		if _, err := t.sql.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('review', $1))`, in.AnalysisID); err != nil {
			return err
		}
		found, err := t.Analysis.Query().Where(analysis.ID(in.AnalysisID)).WithMessage().Only(ctx)
		if err != nil {
			return notFound(err, "there is no such analysis")
		}
		last, err := t.Feedback.Query().Where(feedback.AnalysisID(found.ID)).Order(gen.Desc(feedback.FieldCreatedAt, feedback.FieldID)).First(ctx)
		switch {
		case gen.IsNotFound(err):
		case err != nil:
			return err
		case last.AuthorID != actor.UserID:
			return domain.Errorf(domain.KindConflict, "somebody else has reviewed this already")
		case last.Label == deref(in.Label) && equal(last.Score, in.Score):
			out = last
			return nil
		}
		out, err = t.putFeedback(ctx, actor, found, in)
		return err
	})
	return out, err
}
