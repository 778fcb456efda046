package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/drift"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/policies"
)

// DriftInput says what this week is compared with.
type DriftInput struct {
	// Weeks are how many weeks before this one, 1 to 52; 0 means 4.
	Weeks int
}

// DriftRow compares what an analyzer, in whichever version, says this week of a kind in a language with what it said before. The
// labels of kinds that have points are tens of points: "0–10" to "90–100". LANGUAGE is compared over all languages (""): by its own
// it always says the same.
type DriftRow struct {
	Analyzer, Kind, Language string
	drift.Report
}

const week = 7 * 24 * time.Hour

// driftSQL counts what counts of the messages from $1 to before $3, apart for those before $2 and after. Scores of points ($4: the
// kinds that have them) are counted by tens.
const driftSQL = `
SELECT n.name, a.kind, CASE WHEN a.kind = 'LANGUAGE' THEN '' ELSE COALESCE(a.language, '') END, m.sent_at >= $2,
  CASE WHEN a.kind = ANY($4) THEN (LEAST(GREATEST(floor(a.score / 10), 0), 9) * 10)::int::text || '–' || (LEAST(GREATEST(floor(a.score / 10), 0), 9) * 10 + 10)::int::text
    ELSE COALESCE(a.label, '') END AS said, count(*), sum(a.confidence)
FROM messages m JOIN analyses a ON a.message_id = m.id JOIN analyzers n ON n.id = a.analyzer_id
WHERE m.sent_at >= $1 AND m.sent_at < $3 AND NOT a.shadow AND (a.kind <> ALL($4) OR a.score IS NOT NULL)
  AND (NOT $5 OR m.sender_id = $6 OR EXISTS (SELECT 1 FROM chats c WHERE c.id = m.chat_id AND c.team_id = ANY($7)))
GROUP BY 1, 2, 3, 4, 5`

// Drift compares the judgements of the last seven days' messages with those of the weeks before, as far as the actor may see
// them: their own messages, their teams' chats, or everything. What was said in shadow is not in it.
func (a *App) Drift(ctx context.Context, in DriftInput) ([]DriftRow, error) {
	actor, err := permit(ctx, "drift", policies.Read)
	if err != nil {
		return nil, err
	}
	weeks := cmp.Or(in.Weeks, 4)
	if weeks < 1 || weeks > 52 {
		return nil, domain.Errorf(domain.KindInvalid, "weeks is from 1 to 52")
	}
	var out []DriftRow
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out, err = t.drift(ctx, weeks, scopeOf(actor, "drift"))
		return err
	})
	return out, err
}

// pointKinds are the kinds whose scores are points, which have no labels.
func pointKinds() pq.StringArray {
	out := pq.StringArray{}
	for _, k := range analyzer.Kinds() {
		if _, greatest := k.ScoreRange(); greatest > 1 {
			out = append(out, string(k))
		}
	}
	return out
}

// driftKey is what is compared with itself.
type driftKey struct{ analyzer, kind, language string }

func (k driftKey) compare(o driftKey) int {
	return cmp.Or(cmp.Compare(k.analyzer, o.analyzer), cmp.Compare(k.kind, o.kind), cmp.Compare(k.language, o.language))
}

func (t *tx) drift(ctx context.Context, weeks int, scope pairScope) ([]DriftRow, error) {
	type spans struct{ now, before map[string]drift.Count }
	found := map[driftKey]spans{}
	since := t.at.Add(-week)
	with := []any{since.Add(-time.Duration(weeks) * week), since, t.at, pointKinds(), scope.narrow, scope.sender, idArray(scope.teams)}
	err := t.each(ctx, driftSQL, with, func(scan scanner) error {
		var key driftKey
		var now bool
		var label string
		var count drift.Count
		if err := scan(&key.analyzer, &key.kind, &key.language, &now, &label, &count.N, &count.Confidence); err != nil {
			return err
		}
		if found[key].now == nil {
			found[key] = spans{map[string]drift.Count{}, map[string]drift.Count{}}
		}
		if now {
			found[key].now[label] = count
		} else {
			found[key].before[label] = count
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []DriftRow
	for _, key := range slices.SortedFunc(maps.Keys(found), driftKey.compare) {
		out = append(out, DriftRow{key.analyzer, key.kind, key.language, drift.Compare(found[key].now, found[key].before)})
	}
	return out, nil
}

// scopeOf is how far an actor sees into a figure that is made of messages.
func scopeOf(actor auth.Actor, object string) pairScope {
	switch policies.Scope(actor.Role, object, policies.Read) {
	case policies.Company:
		return pairScope{}
	case policies.Team:
		return pairScope{true, actor.UserID, actor.TeamIDs}
	}
	return pairScope{true, actor.UserID, nil}
}
