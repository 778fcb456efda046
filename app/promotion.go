package app

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/agreement"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/policies"
)

// Candidacy is a version that is tried beside the enabled one, and what would come of promoting it.
type Candidacy struct {
	Name      string
	Candidate int
	// Current is the version in whose place it would come; 0 if none is enabled.
	Current int
	Trial   agreement.Trial
	// Missing is how many labels the comparison lacks; Refusal why it would not be promoted now, empty if it would.
	Missing int
	Refusal string
}

// Candidates are the versions that are tried now, by name, with how far people agree with each and with the enabled version. Its
// figures are the whole company's, so they are for those who see all of it.
func (a *App) Candidates(ctx context.Context) ([]Candidacy, error) {
	actor, err := permit(ctx, "agreement", policies.Read)
	if err != nil {
		return nil, err
	}
	if policies.Scope(actor.Role, "agreement", policies.Read) != policies.Company {
		return nil, domain.Errorf(domain.KindDenied, "your role sees no company totals")
	}
	var out []Candidacy
	err = a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		byName := map[string][]analyzerVersion{}
		const q = `SELECT name, id, version, state, learned, created_at FROM analyzers ORDER BY name, id`
		err := t.each(ctx, q, nil, func(scan scanner) error {
			var name string
			var v analyzerVersion
			var learned []byte
			err := scan(&name, &v.ID, &v.Version, &v.State, &learned, &v.Since)
			v.Learned = learned
			byName[name] = append(byName[name], v)
			return err
		})
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			found, err := t.candidacy(ctx, name, byName[name])
			if err != nil {
				return err
			}
			if found != nil {
				out = append(out, *found)
			}
		}
		return nil
	})
	return out, err
}

// candidacy weighs an analyzer's candidate; nil if it has none.
func (t *tx) candidacy(ctx context.Context, name string, versions []analyzerVersion) (*Candidacy, error) {
	candidate := find(versions, func(v analyzerVersion) bool { return isCandidate(v.State) })
	if candidate == nil {
		return nil, nil
	}
	out := &Candidacy{Name: name, Candidate: candidate.ID}
	current := find(versions, inState(entanalyzer.StateEnabled))
	if current == nil {
		return out, nil // it would take nobody's place
	}
	out.Current = current.ID
	var err error
	if out.Trial.Comparisons, err = t.compare(ctx, name, *candidate, *current); err != nil {
		return nil, err
	}
	if len(candidate.Learned) > 0 {
		var lesson Lesson
		if err := json.Unmarshal(candidate.Learned, &lesson); err != nil {
			return nil, err
		}
		if lesson.Base == current.Version { // else what it was measured beside is not what it would replace
			out.Trial.HeldOut = &agreement.HeldOut{Labels: lesson.HeldOut, Before: lesson.AgreementBefore, After: lesson.AgreementAfter}
		}
	}
	out.Missing = out.Trial.Missing(agreement.DefaultGate)
	out.Refusal = out.Trial.Refusal(agreement.DefaultGate)
	return out, nil
}

// rivalsSQL finds what a candidate ($4) and the current version ($5) of an analyzer ($6) first said of what people labelled since $1.
const rivalsSQL = saidSQL + `
SELECT DISTINCT ON (a.content_id, a.kind) a.kind, COALESCE(a.label, ''), (a.score * 1000000000)::bigint, COALESCE(b.label, ''), (b.score * 1000000000)::bigint,
  COALESCE(f.label, ''), (f.score * 1000000000)::bigint
FROM said f JOIN analyses a ON a.content_id = f.content_id AND a.kind = f.kind AND a.analyzer_id = $4
JOIN analyses b ON b.content_id = f.content_id AND b.kind = f.kind AND b.analyzer_id = $5
JOIN analyzers n ON n.id = a.analyzer_id AND ` + untaughtSQL + `
WHERE f.name = $6
ORDER BY a.content_id, a.kind, a.created_at, a.id, b.created_at, b.id`

// compare sets a candidate beside the current version by what people labelled since the candidate is there, by kind.
func (t *tx) compare(ctx context.Context, name string, candidate, current analyzerVersion) ([]agreement.Comparison, error) {
	type rivals struct{ candidate, current []agreement.Pair }
	kinds := map[string]*rivals{}
	with := []any{candidate.Since.Add(-time.Microsecond), t.at, "", candidate.ID, current.ID, name}
	err := t.each(ctx, rivalsSQL, with, func(scan scanner) error {
		var kind string
		var theirs, own, human said
		if err := scan(&kind, &theirs.label, &theirs.score, &own.label, &own.score, &human.label, &human.score); err != nil {
			return err
		}
		a, ok := pair(kind, theirs, human)
		b, also := pair(kind, own, human)
		if !ok || !also {
			return nil
		}
		if kinds[kind] == nil {
			kinds[kind] = &rivals{}
		}
		kinds[kind].candidate, kinds[kind].current = append(kinds[kind].candidate, a), append(kinds[kind].current, b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []agreement.Comparison
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		c, err := agreement.Compare(kind, kinds[kind].candidate, kinds[kind].current)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// PromoteAnalyzer has the candidate of an analyzer take the place of the enabled version, and returns its id. A version, if
// given, must be the candidate's. It is refused, with the figures, where people agree with it less, or where too little is known to tell (agreement.Trial): then EnableAnalyzer
// is the explicit way. The audit has the figures.
func (a *App) PromoteAnalyzer(ctx context.Context, c AnalyzerChoice) (int, error) {
	name := c.Name
	return a.switchAnalyzer(ctx, c, "promote", func(ctx context.Context, t *tx, versions []analyzerVersion) (change, error) {
		if len(versions) == 0 {
			return change{}, c.absent(versions)
		}
		candidate := find(versions, func(v analyzerVersion) bool { return isCandidate(v.State) })
		if candidate == nil {
			return change{}, domain.Errorf(domain.KindConflict, "no version of %s is tried: finco analyzer shadow %s VERSION has one judge beside the enabled one", name, name)
		}
		if c.Version != "" && c.Version != candidate.Version {
			return change{}, domain.Errorf(domain.KindConflict, "not %s of %s is tried but %s", clip(c.Version, 64), name, candidate.Version)
		}
		said, err := t.wishes(ctx)
		if err != nil {
			return change{}, err
		}
		if !said.allows(name, candidate.Version) {
			return change{}, domain.Errorf(domain.KindConflict, "the company file wants another version of %s than %s: change it there", name, candidate.Version)
		}
		found, err := t.candidacy(ctx, name, versions)
		if err != nil {
			return change{}, err
		}
		if found.Refusal != "" {
			return change{}, domain.Errorf(domain.KindConflict, "%s %s is not promoted: %s. finco analyzer enable %s %s, or enableAnalyzer, lets it work all the same",
				name, candidate.Version, found.Refusal, name, candidate.Version)
		}
		return change{candidate.ID, true, promoted(found)}, t.enableVersion(ctx, name, candidate.ID)
	})
}

// promoted are the figures for the audit.
func promoted(c *Candidacy) any {
	type kind struct {
		Kind      string  `json:"kind"`
		Labels    int     `json:"labels"`
		Candidate float64 `json:"candidate"`
		Current   float64 `json:"current"`
	}
	out := struct {
		Current int                `json:"current,omitempty"`
		Kinds   []kind             `json:"kinds,omitempty"`
		HeldOut *agreement.HeldOut `json:"held_out,omitempty"`
	}{Current: c.Current, HeldOut: c.Trial.HeldOut}
	for _, k := range c.Trial.Comparisons {
		theirs, _ := k.Candidate.Decimal.Float64()
		own, _ := k.Current.Decimal.Float64()
		out.Kinds = append(out.Kinds, kind{k.Kind, k.Labels, theirs, own})
	}
	return out
}
