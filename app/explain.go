package app

import (
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/analysis"
	"github.com/fincokpi/finco/ent/gen/feedback"
	"github.com/fincokpi/finco/ent/gen/kpiresult"
	"github.com/fincokpi/finco/ent/gen/kpiscore"
	"github.com/fincokpi/finco/ent/gen/predicate"
	"github.com/fincokpi/finco/ent/gen/wait"
	"github.com/fincokpi/finco/policies"
)

// KpiMonth is a person's own KPIs of a month.
type KpiMonth struct {
	Period domain.Period
	// Result is the newest of the month, or the one asked for, with its scores in order; nil without any.
	Result *gen.KpiResult
	// Earlier and Later are the nearest months that have results; zero for none.
	Earlier, Later domain.Period
}

// monthly is true of results of months, whose periods are written 2026-09: weeks and days are longer.
func monthly(s *sql.Selector) {
	s.Where(sql.ExprP("length(" + s.C(kpiresult.FieldPeriod) + ") = 7"))
}

// KpiMonth is the actor's newest result of a month; an empty period is this month. It fails as invalid for what is no month.
func (a *App) KpiMonth(ctx context.Context, period string) (KpiMonth, error) {
	actor, err := permit(ctx, "kpi_result", policies.Read)
	if err != nil {
		return KpiMonth{}, err
	}
	p, err := a.month(ctx, period)
	if err != nil {
		return KpiMonth{}, err
	}
	result, err := a.client.KpiResult.Query().Where(kpiresult.UserID(actor.UserID), kpiresult.Period(p.String())).
		Order(gen.Desc(kpiresult.FieldAt)).WithScores(inOrder).First(ctx)
	if err != nil && !gen.IsNotFound(err) {
		return KpiMonth{}, err
	}
	return a.kpiMonth(ctx, actor, p, result)
}

// KpiResult is one of the actor's own results with its month. It fails as not_found for any other.
func (a *App) KpiResult(ctx context.Context, id int) (KpiMonth, error) {
	actor, err := permit(ctx, "kpi_result", policies.Read)
	if err != nil {
		return KpiMonth{}, err
	}
	result, err := a.client.KpiResult.Query().Where(kpiresult.ID(id), kpiresult.UserID(actor.UserID)).WithScores(inOrder).Only(ctx)
	if err != nil {
		return KpiMonth{}, notFound(err, "there is no such result")
	}
	p, err := domain.ParsePeriod(result.Period)
	if err != nil {
		return KpiMonth{}, err
	}
	return a.kpiMonth(ctx, actor, p, result)
}

func inOrder(q *gen.KpiScoreQuery) { q.Order(gen.Asc(kpiscore.FieldPosition)) }

// month reads a month; an empty text is this one.
func (a *App) month(ctx context.Context, text string) (domain.Period, error) {
	if text == "" {
		zone, err := a.Zone(ctx)
		return domain.MonthOf(domain.DateOf(a.now().In(orUTC(zone)))), err
	}
	p, err := domain.ParsePeriod(text)
	if err == nil && !p.IsMonth() {
		err = domain.Errorf(domain.KindInvalid, "%s is no month", p)
	}
	return p, err
}

func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}

func (a *App) kpiMonth(ctx context.Context, actor auth.Actor, p domain.Period, result *gen.KpiResult) (KpiMonth, error) {
	out := KpiMonth{Period: p, Result: result}
	var err error
	if out.Earlier, err = a.nearest(ctx, actor, kpiresult.PeriodLT(p.String()), gen.Desc(kpiresult.FieldPeriod)); err != nil {
		return KpiMonth{}, err
	}
	out.Later, err = a.nearest(ctx, actor, kpiresult.PeriodGT(p.String()), gen.Asc(kpiresult.FieldPeriod))
	return out, err
}

func (a *App) nearest(ctx context.Context, actor auth.Actor, where predicate.KpiResult, order kpiresult.OrderOption) (domain.Period, error) {
	found, err := a.client.KpiResult.Query().Where(kpiresult.UserID(actor.UserID), where, monthly).Order(order).First(ctx)
	if gen.IsNotFound(err) {
		return domain.Period{}, nil
	}
	if err != nil {
		return domain.Period{}, err
	}
	return domain.ParsePeriod(found.Period)
}

// trendMonths is how many months a trend goes back.
const trendMonths = 6

// KpiTrend are the actor's results that have a total, with their scores, earliest first: the newest of each of the last months up to one. If that is fewer
// than two, it is the newest of each day of that month. Days tells which.
func (a *App) KpiTrend(ctx context.Context, period string) (results []*gen.KpiResult, days bool, err error) {
	actor, err := permit(ctx, "kpi_result", policies.Read)
	if err != nil {
		return nil, false, err
	}
	p, err := a.month(ctx, period)
	if err != nil {
		return nil, false, err
	}
	for month, i := p, 0; i < trendMonths; month, i = month.Prev(), i+1 {
		found, err := a.client.KpiResult.Query().Where(kpiresult.UserID(actor.UserID), kpiresult.Period(month.String()), kpiresult.TotalNotNil()).
			Order(gen.Desc(kpiresult.FieldAt)).WithScores(inOrder).First(ctx)
		if gen.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		results = append(results, found)
	}
	slices.Reverse(results)
	if len(results) > 1 {
		return results, false, nil
	}
	results, err = a.dailyResults(ctx, actor, p)
	return results, true, err
}

// dailyResults are the last results of each day on which there was one of a month.
func (a *App) dailyResults(ctx context.Context, actor auth.Actor, p domain.Period) ([]*gen.KpiResult, error) {
	zone, err := a.Zone(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := a.client.KpiResult.Query().Where(kpiresult.UserID(actor.UserID), kpiresult.Period(p.String()), kpiresult.TotalNotNil()).
		Order(gen.Asc(kpiresult.FieldAt)).Select(kpiresult.FieldID, kpiresult.FieldAt).All(ctx)
	if err != nil {
		return nil, err
	}
	var ids []int
	for i, row := range rows {
		if i+1 == len(rows) || domain.DateOf(rows[i+1].At.In(zone)) != domain.DateOf(row.At.In(zone)) {
			ids = append(ids, row.ID)
		}
	}
	if len(ids) > 31 { // a month that was computed again long after it
		ids = ids[len(ids)-31:]
	}
	return a.client.KpiResult.Query().Where(kpiresult.IDIn(ids...)).Order(gen.Asc(kpiresult.FieldAt)).WithScores(inOrder).All(ctx)
}

// Evidence is one record that a figure was counted from, as whoever asks may see it: a wait or a judgement.
type Evidence struct {
	// Wait comes with its chat, the messages that open and close it, and who answered; nil for a judgement.
	Wait *gen.Wait
	// Analysis comes with its message and chat; nil for a wait.
	Analysis *gen.Analysis
	// Feedback is a person's newest word on the analysis by the time asked for; nil: none.
	Feedback *gen.Feedback
	// Words are what the message says that opens the wait or is judged; none for whoever does not see content.
	Words Words
}

// EvidenceInput names records.
type EvidenceInput struct {
	Waits, Analyses []int
	// At is the evaluation time: later feedback did not count.
	At time.Time
}

// mostEvidence is how many records are read at once.
const mostEvidence = 100

// Evidence reads records as the actor, in the order named, waits first; those that are hidden are absent.
func (a *App) Evidence(ctx context.Context, in EvidenceInput) ([]Evidence, error) {
	if _, err := permit(ctx, "wait", policies.Read); err != nil {
		return nil, err
	}
	if len(in.Waits)+len(in.Analyses) > mostEvidence {
		return nil, domain.Errorf(domain.KindInvalid, "at most %d records are read at once", mostEvidence)
	}
	waits, err := a.client.Wait.Query().Where(wait.IDIn(in.Waits...)).WithChat().WithOpensWith().WithClosesWith().WithResponder().All(ctx)
	if err != nil {
		return nil, err
	}
	analyses, err := a.client.Analysis.Query().Where(analysis.IDIn(in.Analyses...)).WithMessage(func(q *gen.MessageQuery) { q.WithChat() }).
		WithFeedback(func(q *gen.FeedbackQuery) {
			q.Where(feedback.CreatedAtLTE(in.At)).Order(gen.Desc(feedback.FieldCreatedAt, feedback.FieldID))
		}).All(ctx)
	if err != nil {
		return nil, err
	}
	byID, messages := map[int]Evidence{}, []*gen.Message{}
	for _, w := range waits {
		byID[w.ID] = Evidence{Wait: w}
		if w.Edges.OpensWith != nil {
			messages = append(messages, w.Edges.OpensWith)
		}
	}
	for _, n := range analyses {
		one := Evidence{Analysis: n}
		if len(n.Edges.Feedback) > 0 {
			one.Feedback = n.Edges.Feedback[0]
		}
		byID[n.ID] = one
		if n.Edges.Message != nil {
			messages = append(messages, n.Edges.Message)
		}
	}
	words, err := a.wordsOf(ctx, messages)
	if err != nil {
		return nil, err
	}
	return inTheOrder(in, byID, words), nil
}

// inTheOrder gives each record its words. Ids are of the whole database, so one map holds both kinds.
func inTheOrder(in EvidenceInput, byID map[int]Evidence, words map[int]Words) []Evidence {
	var out []Evidence
	for _, id := range append(slices.Clone(in.Waits), in.Analyses...) {
		one, seen := byID[id]
		if !seen {
			continue
		}
		if one.Wait != nil {
			one.Words = words[one.Wait.OpensWithID]
		} else {
			one.Words = words[one.Analysis.MessageID]
		}
		out = append(out, one)
	}
	return out
}

// KpiScore is one score of one of the actor's own results, with its month. It fails as not_found for any other.
func (a *App) KpiScore(ctx context.Context, id int) (KpiMonth, *gen.KpiScore, error) {
	actor, err := permit(ctx, "kpi_result", policies.Read)
	if err != nil {
		return KpiMonth{}, nil, err
	}
	score, err := a.client.KpiScore.Query().Where(kpiscore.ID(id), kpiscore.HasResultWith(kpiresult.UserID(actor.UserID))).WithResult().Only(ctx)
	if err != nil {
		return KpiMonth{}, nil, notFound(err, "there is no such score")
	}
	p, err := domain.ParsePeriod(score.Edges.Result.Period)
	return KpiMonth{Period: p, Result: score.Edges.Result}, score, err
}
