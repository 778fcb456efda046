package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/formula"
	"github.com/fincokpi/finco/domain/kpi"
)

// kpiVersion is a KPI as it holds in a month, ready to be computed.
type kpiVersion struct {
	kpi.KPI
	id      int
	title   string
	program *formula.Program
}

// kpiVersions are the KPIs of a period's month, by key: of each the latest version begun by then.
func (t *tx) kpiVersions(ctx context.Context, p domain.Period) ([]kpiVersion, error) {
	const q = `
SELECT id, key, title, value, floor::text, target::text, cap::text, weight::text FROM (
  SELECT DISTINCT ON (key) * FROM kpis WHERE "from" <= $1 ORDER BY key, "from" DESC) k
WHERE NOT removed ORDER BY key`
	var out []kpiVersion
	err := t.each(ctx, q, []any{domain.MonthOf(p.First()).String()}, func(scan scanner) error {
		var k kpiVersion
		var value string
		var n [4]string
		if err := scan(&k.id, &k.Key, &k.title, &value, &n[0], &n[1], &n[2], &n[3]); err != nil {
			return err
		}
		for i, d := range []*decimal.Decimal{&k.Floor, &k.Target, &k.Cap, &k.Weight} {
			var err error
			if *d, err = decimal.Parse(n[i]); err != nil {
				return err
			}
		}
		var err error
		if k.program, err = formula.Compile(value, formula.Metrics); err != nil {
			return domain.Errorf(domain.KindInvalid, "KPI %q: %w", k.Key, err)
		}
		out = append(out, k)
		return nil
	})
	return out, err
}

// kpiResult is one person's result of a period, and what it was computed from.
type kpiResult struct {
	ID       int        `json:"-"`
	User     int        `json:"user_id"`
	Period   string     `json:"period"`
	Total    *string    `json:"total"`
	Coverage string     `json:"coverage"`
	Scores   []kpiScore `json:"scores"`

	figures   *figures
	published kpi.Total
	// emptied says of KPIs without a value what the pay gate kept out of them, by key.
	emptied map[string]string
}

type kpiScore struct {
	KPI      int                  `json:"kpi_id"`
	Position int                  `json:"position"`
	Key      string               `json:"key"`
	Title    string               `json:"title"`
	Value    *string              `json:"value"`
	Score    *string              `json:"score"`
	Note     string               `json:"note"`
	Inputs   []domain.MetricInput `json:"inputs"`
}

// digest is that of all that was computed; the time at which is no part of it.
func (k *kpiResult) digest() (string, error) {
	raw, err := json.Marshal(k)
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), err
}

// computeKPIs computes the results of everybody who worked in the period, or of those of them who are named, in order of
// their ids. Nothing is stored.
func computeKPIs(ctx context.Context, t *tx, r *roster, p domain.Period, at time.Time, people []int) ([]*kpiResult, error) {
	who := r.workedIn(p, people)
	if len(who) == 0 {
		return nil, nil
	}
	versions, err := t.kpiVersions(ctx, p)
	if err != nil {
		return nil, err
	}
	from, to := p.Bounds(r.zone)
	q := factQuery{from: from, to: to, at: at, judged: true}
	if people != nil {
		q.people = who
	}
	f, err := readFacts(ctx, t, r, q)
	if err != nil {
		return nil, err
	}
	waits := f.waitsByPerson()
	out := make([]*kpiResult, len(who))
	for i, id := range who {
		out[i] = &kpiResult{User: id, Period: p.String(), figures: figuresOf(waits[id], f.of(id))}
		if err := out[i].score(versions); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// workedIn are those who worked on any day of a period, in order of their ids; of some people only if not nil.
func (r *roster) workedIn(p domain.Period, some []int) []int {
	var out []int
	for _, id := range slices.Sorted(maps.Keys(r.people)) {
		if some != nil && !slices.Contains(some, id) {
			continue
		}
		one := r.people[id]
		if !one.Joined.After(p.Last()) && (one.Left == nil || !one.Left.Before(p.First()) && !one.Left.Before(one.Joined)) {
			out = append(out, id)
		}
	}
	return out
}

func (k *kpiResult) score(versions []kpiVersion) error {
	values := make([]kpi.Value, len(versions))
	notes := make([]string, len(versions))
	for i, v := range versions {
		values[i].KPI = v.KPI
		n, known, err := v.program.Number(k.figures.lookup)
		switch {
		case err != nil:
			notes[i] = err.Error() // as good as no data: one person's division by zero is nobody else's loss
		default:
			notes[i] = k.figures.note(v.program.Names())
			values[i].Value = decimal.NullDecimal{Decimal: n.Trim(0), Valid: known}
		}
	}
	total, err := kpi.Compute(values)
	if err != nil {
		return err
	}
	k.published, k.Total, k.Coverage = total, text(total.Total), total.Coverage.String()
	k.Scores, k.emptied = make([]kpiScore, len(versions)), map[string]string{}
	for i, v := range versions {
		s := total.Scores[i]
		if said := k.figures.emptied(v.program.Names()); said != "" && !s.Value.Valid {
			k.emptied[v.Key] = said
		}
		k.Scores[i] = kpiScore{KPI: v.id, Position: i, Key: v.Key, Title: v.title, Value: text(s.Value), Score: text(s.Score), Note: notes[i], Inputs: []domain.MetricInput{}}
		for _, name := range v.program.Names() {
			k.Scores[i].Inputs = append(k.Scores[i].Inputs, k.figures.input(name))
		}
	}
	return nil
}

// resultRow and scoreRow are what the statements take.
type resultRow struct {
	User     int       `json:"user_id"`
	At       time.Time `json:"at"`
	Total    *string   `json:"total"`
	Coverage string    `json:"coverage"`
	Digest   string    `json:"digest"`
}

type scoreRow struct {
	Result int `json:"result_id"`
	kpiScore
}

// evaluation is as of when results are computed: a time somebody named, or the now of whoever holds the period's results.
type evaluation struct {
	at    time.Time
	named bool
}

// lockResults is taken before the facts of a period are read: of two that compute it, the second reads after the first has
// stored, so that older facts never come after newer ones.
func (t *tx) lockResults(ctx context.Context, p domain.Period) error {
	_, err := t.sql.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('kpi_results:' || $1, 0))`, p.String())
	return err
}

// storeKPIs stores the results of a period that differ from the last ones before, sets every result's id, and tells
// subscribers of the new ones. The caller holds lockResults.
func storeKPIs(ctx context.Context, t *tx, p domain.Period, when evaluation, results []*kpiResult) error {
	byUser := map[int]*kpiResult{}
	var rows []resultRow
	for _, k := range results {
		digest, err := k.digest()
		if err != nil {
			return err
		}
		byUser[k.User] = k
		rows = append(rows, resultRow{k.User, when.at, k.Total, k.Coverage, digest})
	}
	rows, err := t.changedResults(ctx, p, when, rows, byUser)
	if err != nil || len(rows) == 0 {
		return err
	}
	var fresh []int
	err = t.each(ctx, `
INSERT INTO kpi_results (user_id, period, at, total, coverage, digest)
SELECT user_id, $2, at, total, coverage, digest
FROM jsonb_to_recordset($1) AS x(user_id bigint, at timestamptz, total numeric, coverage numeric, digest text) ORDER BY user_id
ON CONFLICT (user_id, period, at) DO NOTHING
RETURNING id, user_id`, []any{asJSON(rows), p.String()}, func(scan scanner) error {
		var id, user int
		if err := scan(&id, &user); err != nil {
			return err
		}
		byUser[user].ID = id
		fresh = append(fresh, id)
		return nil
	})
	if err != nil {
		return err
	}
	if len(fresh) < len(rows) {
		return domain.Errorf(domain.KindConflict, "too many results of %s are stored for this very time: choose a later time", p)
	}
	t.emit(KpiChanged, fresh...)
	return t.putScores(ctx, rows, byUser)
}

// sameMoment is how far the results of one evaluation time reach: of those that differ each is a microsecond after the last.
const sameMoment = time.Millisecond

// changedResults drops the rows whose last result says the same, and gives those the id of that one. Of results that differ
// and are of one evaluation time (the rules changed, or the clock stood still), each is of the microsecond after the last.
func (t *tx) changedResults(ctx context.Context, p domain.Period, when evaluation, rows []resultRow, byUser map[int]*kpiResult) ([]resultRow, error) {
	const q = `
SELECT id, user_id, digest, at FROM (
  (SELECT DISTINCT ON (user_id) id, user_id, digest, at FROM kpi_results
   WHERE period = $1 AND (NOT $3 OR at <= $2) AND user_id = ANY($4) ORDER BY user_id, at DESC)
  UNION ALL
  SELECT id, user_id, digest, at FROM kpi_results WHERE $3 AND period = $1 AND at > $2 AND at <= $5 AND user_id = ANY($4)) x
ORDER BY user_id, at`
	same, places, last := map[int]bool{}, map[int]int{}, map[int]time.Time{}
	users := make([]int, len(rows))
	for i, row := range rows {
		users[i], places[row.User] = row.User, i
	}
	args := []any{p.String(), when.at, when.named, idArray(users), when.at.Add(sameMoment)}
	err := t.each(ctx, q, args, func(scan scanner) error {
		var id, user int
		var digest string
		var at time.Time
		if err := scan(&id, &user, &digest, &at); err != nil {
			return err
		}
		before, found := last[user]
		if when.named && at.After(when.at) && (!found || before.Before(when.at) || !at.Equal(before.Add(time.Microsecond))) {
			return nil // of another evaluation time
		}
		last[user] = at
		row := &rows[places[user]]
		if same[user] = digest == row.Digest; same[user] {
			byUser[user].ID = id
		} else if !at.Before(row.At) {
			row.At = at.UTC().Add(time.Microsecond)
		}
		return nil
	})
	return slices.DeleteFunc(rows, func(row resultRow) bool { return same[row.User] }), err
}

// scoresPerStatement keeps a statement's argument to some tens of megabytes when scores come from thousands of messages.
const scoresPerStatement = 500

func (t *tx) putScores(ctx context.Context, rows []resultRow, byUser map[int]*kpiResult) error {
	var scores []scoreRow
	for _, row := range rows {
		for _, s := range byUser[row.User].Scores {
			scores = append(scores, scoreRow{byUser[row.User].ID, s})
		}
	}
	slices.SortFunc(scores, func(a, b scoreRow) int {
		return cmp.Or(cmp.Compare(a.Result, b.Result), cmp.Compare(a.Position, b.Position))
	})
	for some := range slices.Chunk(scores, scoresPerStatement) {
		_, err := t.sql.ExecContext(ctx, `
INSERT INTO kpi_scores (result_id, kpi_id, position, key, title, value, score, note, inputs)
SELECT result_id, kpi_id, position, key, title, value, score, note, inputs
FROM jsonb_to_recordset($1) AS x(result_id bigint, kpi_id bigint, position int, key text, title text, value numeric, score numeric, note text, inputs jsonb)
ORDER BY result_id, position`, asJSON(some))
		if err != nil {
			return err
		}
	}
	return nil
}
