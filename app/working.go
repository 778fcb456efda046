package app

import (
	"context"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// worksSQL is true of a version (v) that judges now, and counts.
const worksSQL = `v.state IN ('ENABLED', 'SPLIT')`

// analyzerNames are the names of all versions, by id.
func (r *roster) analyzerNames() map[int]string {
	out := make(map[int]string, len(r.analyzers))
	for _, a := range r.analyzers {
		out[a.ID] = a.Name
	}
	return out
}

// idleNames are the analyzers of which no version judged and counted at a moment. It is read from when they were switched, not
// from how they stand: what counted then is the same whenever it is asked.
func (t *tx) idleNames(ctx context.Context, at time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	const q = `SELECT DISTINCT ON (name) name, works FROM analyzer_switches WHERE at <= $1 ORDER BY name, at DESC, id DESC`
	err := t.each(ctx, q, []any{at}, func(scan scanner) error {
		var name string
		var works bool
		err := scan(&name, &works)
		out[name] = !works
		return err
	})
	return out, err
}

// countedKinds are those that KPIs and waits are made of.
var countedKinds = pq.StringArray{string(analyzer.NeedsReply), string(analyzer.Quality), string(analyzer.Sentiment)}

// sharedKindsSQL finds the kinds ($2) that an analyzer ($1) and another one are for.
const sharedKindsSQL = `
SELECT DISTINCT k FROM analyzers v CROSS JOIN unnest($2::text[]) AS k
WHERE v.name = $1 AND v.kinds @> to_jsonb(k) AND EXISTS (SELECT 1 FROM analyzers o WHERE o.name <> $1 AND o.kinds @> to_jsonb(k))`

// rivalledSQL finds the kinds ($2) of which an analyzer ($1) and another one judged the same message since $3.
const rivalledSQL = `
SELECT k FROM unnest($2::text[]) AS k WHERE EXISTS (
  SELECT 1 FROM messages m JOIN analyses a ON a.message_id = m.id JOIN analyzers n ON n.id = a.analyzer_id
  WHERE m.sent_at >= $3 AND a.kind = k AND NOT a.shadow AND n.name = $1 AND EXISTS (
    SELECT 1 FROM analyses o JOIN analyzers y ON y.id = o.analyzer_id
    WHERE o.message_id = a.message_id AND o.kind = a.kind AND NOT o.shadow AND y.name <> $1))`

// reweighing changes the states of an analyzer's versions. If it works then and did not, or the other way round, its judgements
// weigh otherwise beside those of others: the KPIs of this month and the last and, if it is about replies, the waits are made anew.
func (t *tx) reweighing(ctx context.Context, name string, change func() error) error {
	before, err := t.works(ctx, name)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := t.works(ctx, name)
	if err != nil || after == before {
		return err
	}
	if err := t.writeFacts(ctx); err != nil {
		return err
	}
	if _, err := t.sql.ExecContext(ctx, `INSERT INTO analyzer_switches (name, works, at) VALUES ($1, $2, $3)`, name, after, t.at); err != nil {
		return err
	}
	shared, err := t.texts(ctx, sharedKindsSQL, name, countedKinds)
	if err != nil || len(shared) == 0 {
		return err
	}
	since := t.at.AddDate(0, -2, 0)
	kinds, err := t.texts(ctx, rivalledSQL, name, pq.StringArray(shared), since)
	if err != nil || len(kinds) == 0 {
		return err
	}
	r, err := t.loadRoster(ctx) // as it is in this transaction, and not for the cache
	if err != nil {
		return err
	}
	month, _ := domain.MonthOf(r.day(t.at)).Bounds(r.zone)
	last, _ := domain.MonthOf(r.day(t.at)).Prev().Bounds(r.zone)
	for id := range r.people {
		t.stale(r, month, id)
		t.stale(r, last, id)
	}
	for _, kind := range kinds {
		if kind == string(analyzer.NeedsReply) {
			return t.resettle(ctx, since)
		}
	}
	return nil
}

// works tells whether a version of an analyzer judges now, and counts.
func (t *tx) works(ctx context.Context, name string) (works bool, err error) {
	err = t.sql.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM analyzers v WHERE v.name = $1 AND `+worksSQL+`)`, name).Scan(&works)
	return works, err
}

// texts are what a query finds.
func (t *tx) texts(ctx context.Context, query string, with ...any) ([]string, error) {
	var out []string
	err := t.each(ctx, query, with, func(scan scanner) error {
		var one string
		err := scan(&one)
		out = append(out, one)
		return err
	})
	return out, err
}
