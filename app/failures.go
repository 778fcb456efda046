package app

import (
	"context"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/message"
	"github.com/fincokpi/finco/policies"
)

// failuresMost is how many failures one question may have.
const failuresMost = 200

// AnalysisFailuresInput says of which analyzer how many of the newest failures are wanted.
type AnalysisFailuresInput struct {
	// Analyzer is a name; empty means all.
	Analyzer string
	// First is from 1 to 200; 0 means 50.
	First int
}

// AnalysisFailure is a message that an analyzer could not judge, put aside with the reason.
type AnalysisFailure struct {
	Analyzer, Reason string
	FailedAt         time.Time
	Message          *gen.Message
}

// AnalysisFailures are the newest failures that no later judgement made up for, newest first. For admins: reasons may name what
// settings are about.
func (a *App) AnalysisFailures(ctx context.Context, in AnalysisFailuresInput) ([]AnalysisFailure, error) {
	if err := mayReadFailures(ctx); err != nil {
		return nil, err
	}
	if in.First == 0 {
		in.First = 50
	}
	if in.First < 1 || in.First > failuresMost {
		return nil, domain.Errorf(domain.KindInvalid, "first is from 1 to %d", failuresMost)
	}
	const q = `
SELECT f.analyzer, f.reason, f.failed_at, c.message_id FROM analysis_failures f JOIN message_contents c ON c.id = f.content_id
WHERE $1 IN ('', f.analyzer) ORDER BY f.failed_at DESC, f.id DESC LIMIT $2`
	var out []AnalysisFailure
	var ids []int
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out, ids = nil, nil
		return t.each(ctx, q, []any{in.Analyzer, in.First}, func(scan scanner) error {
			var f AnalysisFailure
			var id int
			err := scan(&f.Analyzer, &f.Reason, &f.FailedAt, &id)
			out, ids = append(out, f), append(ids, id)
			return err
		})
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	list, err := a.client.Message.Query().Where(message.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	messages := make(map[int]*gen.Message, len(list))
	for _, m := range list {
		messages[m.ID] = m
	}
	for i, id := range ids {
		out[i].Message = messages[id]
	}
	return out, nil
}

// FailureCount is how many messages an analyzer could not judge, and why not the newest of them.
type FailureCount struct {
	Analyzer string
	Count    int
	Reason   string
}

// FailureCounts counts what was put aside since a moment and not judged later, by analyzer. For admins, as AnalysisFailures.
func (a *App) FailureCounts(ctx context.Context, since time.Time) ([]FailureCount, error) {
	if err := mayReadFailures(ctx); err != nil {
		return nil, err
	}
	const q = `
SELECT analyzer, count(*), (array_agg(reason ORDER BY failed_at DESC, id DESC))[1] FROM analysis_failures WHERE failed_at >= $1 GROUP BY 1 ORDER BY 1`
	var out []FailureCount
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		return t.each(ctx, q, []any{since}, func(scan scanner) error {
			var f FailureCount
			err := scan(&f.Analyzer, &f.Count, &f.Reason)
			out = append(out, f)
			return err
		})
	})
	return out, err
}

func mayReadFailures(ctx context.Context) error {
	actor, err := permit(ctx, "analyzer", policies.Read)
	if err == nil && policies.Scope(actor.Role, "analyzer", policies.Read) != policies.Company {
		err = domain.Errorf(domain.KindDenied, "your role does not see what analyzers failed on: ask an admin")
	}
	return err
}
