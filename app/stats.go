package app

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/agreement"
	"github.com/fincokpi/finco/domain/response"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/policies"
)

// ResponseStatsInput says whose response times of what time to add up: a person's, a team's, or with neither the company's.
type ResponseStatsInput struct {
	Person, Team *int
	// Period is a month, a week or a day; or else From ≤ t < To, at most 400 days.
	Period   string
	From, To *time.Time
}

// longestSpan is a year and some: one question reads every message of its span.
const longestSpan = 400 * 24 * time.Hour

func (in ResponseStatsInput) span(r *roster) (from, to time.Time, err error) {
	switch {
	case in.Period != "" && (in.From != nil || in.To != nil):
		return from, to, domain.Errorf(domain.KindInvalid, "give a period, or from and to, not both")
	case in.Period != "":
		p, err := domain.ParsePeriod(in.Period)
		if err != nil {
			return from, to, err
		}
		from, to = p.Bounds(r.zone)
		return from, to, nil
	case in.From == nil || in.To == nil:
		return from, to, domain.Errorf(domain.KindInvalid, "give a period, or from and to")
	case !in.To.After(*in.From) || in.From.Before(earliest) || in.To.After(latest):
		return from, to, domain.Errorf(domain.KindInvalid, "from must lie before to, and both between %d and %d", earliest.Year(), latest.Year())
	}
	if in.To.Sub(*in.From) > longestSpan {
		return from, to, domain.Errorf(domain.KindInvalid, "from and to are at most 400 days apart")
	}
	return *in.From, *in.To, nil
}

// ResponseStats adds up the waits that opened in a span of time, as they stand now. A person sees their own figures, a
// supervisor those of their teams, accountants and admins all; what is hidden is not_found.
func (a *App) ResponseStats(ctx context.Context, in ResponseStatsInput) (response.Stats, error) {
	actor, err := permit(ctx, "statistics", policies.Read)
	if err != nil {
		return response.Stats{}, err
	}
	if in.Person != nil && in.Team != nil {
		return response.Stats{}, domain.Errorf(domain.KindInvalid, "give a person or a team, not both")
	}
	var out response.Stats
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		if err := in.visible(actor, r, r.day(t.at)); err != nil {
			return err
		}
		from, to, err := in.span(r)
		if err != nil {
			return err
		}
		q := factQuery{from: from, to: to, at: t.at, team: deref(in.Team)}
		if in.Person != nil {
			q.people = []int{*in.Person}
		}
		f, err := readFacts(ctx, t, r, q)
		if err == nil {
			out = response.Aggregate(in.pick(f))
		}
		return err
	})
	return out, err
}

func (in ResponseStatsInput) visible(actor auth.Actor, r *roster, today domain.Date) error {
	scope := policies.Scope(actor.Role, "statistics", policies.Read)
	switch {
	case in.Person != nil:
		p := r.people[*in.Person]
		mine := p != nil && (p.ID == actor.UserID || scope == policies.Team && actor.Supervises(p.teamAt(today)))
		if p == nil || scope != policies.Company && !mine {
			return domain.Errorf(domain.KindNotFound, "there is no such person")
		}
	case in.Team != nil:
		if r.teams[*in.Team] == nil || scope != policies.Company && (scope != policies.Team || !actor.Supervises(*in.Team)) {
			return domain.Errorf(domain.KindNotFound, "there is no such team")
		}
	case scope != policies.Company:
		return domain.Errorf(domain.KindDenied, "your role sees no company totals: name a person or a team")
	}
	return nil
}

func (in ResponseStatsInput) pick(f *facts) []response.Wait {
	if in.Person != nil {
		return f.waitsByPerson()[*in.Person]
	}
	var out []response.Wait
	for i := range f.waits {
		if in.Team == nil || f.waits[i].team == *in.Team {
			out = append(out, f.waits[i].Wait)
		}
	}
	return out
}

// AgreementInput says over which time to compare machines with people.
type AgreementInput struct {
	// Window is how far back feedback counts; 0 means the 90 days of the pay gate.
	Window time.Duration
}

// AgreementRow is the agreement of one analyzer version with people in one kind and language.
type AgreementRow struct {
	AnalyzerID     int
	Kind, Language string
	agreement.Stats
	// GateOpen tells whether its analyses enter pay unreviewed now, whatever the window asked for.
	GateOpen bool
}

// Agreement compares the analyzers with the newest feedback on what the actor may see: their own messages, their teams'
// chats, or everything.
func (a *App) Agreement(ctx context.Context, in AgreementInput) ([]AgreementRow, error) {
	actor, err := permit(ctx, "agreement", policies.Read)
	if err != nil {
		return nil, err
	}
	if in.Window < 0 {
		return nil, domain.Errorf(domain.KindInvalid, "a window cannot be negative")
	}
	window := cmp.Or(in.Window, gateWindow)
	var out []AgreementRow
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		open, err := t.readGates(ctx, t.at, "")
		if err != nil {
			return err
		}
		pairs, err := t.readPairs(ctx, t.at.Add(-window), t.at, "", scopeOf(actor, "agreement"))
		if err != nil {
			return err
		}
		for _, key := range slices.SortedFunc(maps.Keys(pairs), gateKey.compare) {
			stats, err := agreement.Compute(pairs[key])
			if err != nil {
				return err
			}
			out = append(out, AgreementRow{key.analyzer, key.kind, key.language, stats, open[key]})
		}
		return nil
	})
	return out, err
}

func (k gateKey) compare(o gateKey) int {
	return cmp.Or(cmp.Compare(k.analyzer, o.analyzer), cmp.Compare(k.kind, o.kind), cmp.Compare(k.language, o.language))
}

// pairScope narrows the pairs to what a sender wrote or to teams' chats; the zero value does not.
type pairScope struct {
	narrow bool
	sender int
	teams  []int
}

// saidSQL finds the newest words of people since $1 by $2 on what analyzers said of one kind ($3; empty: all).
const saidSQL = `
WITH said AS (
  SELECT DISTINCT ON (a.content_id, a.kind, n.name) a.content_id, a.kind, n.name, f.label, f.score, f.created_at
  FROM feedbacks f JOIN analyses a ON a.id = f.analysis_id JOIN analyzers n ON n.id = a.analyzer_id
  WHERE f.created_at > $1 AND f.created_at <= $2 AND ($3 = '' OR a.kind = $3)
  ORDER BY a.content_id, a.kind, n.name, f.created_at DESC, f.id DESC)`

// untaughtSQL is true of an analysis (a) of an analyzer version (n) that can be measured by a person's word (f): the version was
// there before the word, and if it was learnt, from no earlier word on the same: also of other analyzers it may have learnt.
const untaughtSQL = `n.created_at <= f.created_at AND (n.learned IS NULL OR NOT EXISTS (
  SELECT 1 FROM analyses t JOIN feedbacks e ON e.analysis_id = t.id
  WHERE t.content_id = a.content_id AND t.kind = a.kind AND e.created_at < n.created_at))`

// pairsSQL finds what each version of an analyzer said first, by $2 and in shadow too, beside what a person said of the same.
const pairsSQL = saidSQL + `
SELECT DISTINCT ON (a.content_id, a.kind, a.analyzer_id) a.analyzer_id, a.kind, COALESCE(a.language, ''), COALESCE(a.label, ''), (a.score * 1000000000)::bigint, COALESCE(f.label, ''),
  (f.score * 1000000000)::bigint
FROM said f JOIN analyses a ON a.content_id = f.content_id AND a.kind = f.kind AND a.created_at <= $2
JOIN analyzers n ON n.id = a.analyzer_id AND n.name = f.name AND ` + untaughtSQL + `
WHERE NOT $4 OR EXISTS (SELECT 1 FROM messages m JOIN chats c ON c.id = m.chat_id
  WHERE m.id = a.message_id AND (m.sender_id = $5 OR c.team_id = ANY($6)))
ORDER BY a.content_id, a.kind, a.analyzer_id, a.created_at, a.id`

// readPairs finds what machines said beside what people said: scores of the kinds that are scores, labels of the others. A
// person's word that lacks what the kind is about says nothing about the machine.
func (t *tx) readPairs(ctx context.Context, since, by time.Time, kind string, scope pairScope) (map[gateKey][]agreement.Pair, error) {
	pairs := map[gateKey][]agreement.Pair{}
	args := []any{since, by, kind, scope.narrow, scope.sender, idArray(scope.teams)}
	err := t.each(ctx, pairsSQL, args, func(scan scanner) error {
		var key gateKey
		var machine, human said
		if err := scan(&key.analyzer, &key.kind, &key.language, &machine.label, &machine.score, &human.label, &human.score); err != nil {
			return err
		}
		if p, ok := pair(key.kind, machine, human); ok {
			pairs[key] = append(pairs[key], p)
		}
		return nil
	})
	return pairs, err
}

// said is a label, a score in nano-units, or both.
type said struct {
	label string
	score sql.NullInt64
}

// pair is what is compared of a kind; false if the person's word says nothing of it.
func pair(kind string, machine, human said) (agreement.Pair, bool) {
	if _, greatest := analyzer.Kind(kind).ScoreRange(); greatest > 1 {
		p := agreement.Pair{MachineScore: points(machine.score), HumanScore: points(human.score)}
		return p, p.MachineScore.Valid && p.HumanScore.Valid
	}
	return agreement.Pair{MachineLabel: machine.label, HumanLabel: human.label}, human.label != ""
}

// points is a score from nano-units.
func points(n sql.NullInt64) decimal.NullDecimal {
	d, err := decimal.New(n.Int64, 9)
	return decimal.NullDecimal{Decimal: d, Valid: n.Valid && err == nil}
}
