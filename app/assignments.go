package app

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/jobs/args"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// errand is what a version is to do in one job.
type errand struct {
	// again: what other versions said does not stand in the way.
	again bool
	// rivals are the versions whose word stands: what they judged is not judged a second time.
	rivals []int
	// standing is which versions worked when the errand was given.
	standing string
}

// assignment is a version's part of a job.
type assignment struct {
	who      analyzerRow
	contents []int
	inputs   []analyzer.Input
	later    error // why some of the contents are not among the inputs yet
}

func (a analyzerRow) inShadow() bool { return a.State == string(entanalyzer.StateShadow) }

// asked are the analyzers that are told of new messages: each that works, and the versions in shadow beside it. A version with a
// share is not told: which messages are its own shows when the job runs.
func (r *roster) asked(audio bool) []analyzerRow {
	var out []analyzerRow
	for _, a := range r.analyzers {
		switch {
		case a.Audio != audio:
		case a.inShadow():
			out = append(out, a)
		case a.State == string(entanalyzer.StateEnabled):
			if split, ok := r.inState(a.Name, entanalyzer.StateSplit); ok {
				a.Sides = slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.Sides, split.Sides))))
				a.MaxBatch = smallest(a.MaxBatch, split.MaxBatch)
			}
			out = append(out, a)
		}
	}
	return out
}

// smallest is the narrower of two limits, of which 0 is none.
func smallest(a, b int) int {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

func (r *roster) inState(name string, state entanalyzer.State) (analyzerRow, bool) {
	for _, a := range r.analyzers {
		if a.Name == name && a.State == string(state) {
			return a, true
		}
	}
	return analyzerRow{}, false
}

// enabled is the version of an analyzer that works now.
func (r *roster) enabled(name string) (analyzerRow, error) {
	if a, ok := r.inState(name, entanalyzer.StateEnabled); ok {
		return a, nil
	}
	return analyzerRow{}, domain.Errorf(domain.KindInvalid, "the analyzer %s is not enabled", name)
}

// splits tells whether a message falls to the version that has a share of it. It is the same every time, and has nothing to do
// with how the messages of other analyzers fall.
func (a analyzerRow) splits(message int) bool {
	sum := fnv.New64a()
	_, _ = fmt.Fprintf(sum, "%s %d", a.Name, message)
	// The lower bits of FNV are the worse ones.
	return int(sum.Sum64()>>32%100) < a.Share
}

// assign finds who is to judge what of a job, and loads it, in a transaction of its own that ends before a plugin is asked.
func (a *App) assign(ctx context.Context, job args.AnalyzeMessages) ([]assignment, error) {
	var out []assignment
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		standing, err := t.standing(ctx, job.Analyzer) // before the roster, which is not older then
		if err != nil {
			return err
		}
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		if out, err = t.share(ctx, r, job); err != nil {
			return err
		}
		for i := range out {
			part := &out[i]
			part.who.standing = standing
			if part.who.again = job.Again; !job.Again && job.Version == "" {
				part.who.rivals = r.rivals(part.who)
			}
			if err := t.loadPart(ctx, r, part); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// rivals are the other versions of an analyzer.
func (r *roster) rivals(who analyzerRow) []int {
	var out []int
	for _, a := range r.analyzers {
		if a.Name == who.Name && a.ID != who.ID {
			out = append(out, a.ID)
		}
	}
	return out
}

// share divides a job among the versions that work.
func (t *tx) share(ctx context.Context, r *roster, job args.AnalyzeMessages) ([]assignment, error) {
	if job.Version != "" {
		who, ok := r.inState(job.Analyzer, entanalyzer.StateShadow)
		if !ok || who.Version != job.Version {
			return nil, nil
		}
		return []assignment{{who: who, contents: job.ContentIDs}}, nil
	}
	enabled, err := r.enabled(job.Analyzer)
	if err != nil {
		return nil, err
	}
	split, ok := r.inState(job.Analyzer, entanalyzer.StateSplit)
	if !ok {
		return []assignment{{who: enabled, contents: job.ContentIDs}}, nil
	}
	theirs, rest := assignment{who: split}, assignment{who: enabled}
	const q = `
SELECT id, message_id FROM message_contents WHERE id = ANY($1) ORDER BY id`
	err = t.each(ctx, q, []any{idArray(job.ContentIDs)}, func(scan scanner) error {
		var content, message int
		err := scan(&content, &message)
		part := &rest
		if split.splits(message) {
			part = &theirs
		}
		part.contents = append(part.contents, content)
		return err
	})
	return []assignment{rest, theirs}, err
}

// loadPart loads what a part has to judge.
func (t *tx) loadPart(ctx context.Context, r *roster, part *assignment) error {
	who := part.who
	if who.Audio || len(part.contents) == 0 {
		return nil
	}
	with := []any{idArray(part.contents), who.ID, who.wantsContext(), contextTurns, r.gap.Seconds(), idArray(who.rivals), who.inShadow(), t.at.Add(-unheardFor), pq.StringArray(who.Sides)}
	return t.each(ctx, inputsSQL, with, func(scan scanner) error {
		in, ready, err := scanInput(scan)
		if ready {
			part.inputs = append(part.inputs, in)
		} else {
			part.later = errUnheard
		}
		return err
	})
}

// standing says which versions of an analyzer work and how the work is shared. It stays so until commit: whoever changes it
// waits, and nobody else waits for it.
func (t *tx) standing(ctx context.Context, name string) (string, error) {
	var list []string
	err := t.each(ctx, `SELECT id, state, share FROM analyzers WHERE name = $1 ORDER BY id FOR SHARE`, []any{name}, func(scan scanner) error {
		var id, share int
		var state string
		err := scan(&id, &state, &share)
		if state != string(entanalyzer.StateDisabled) {
			list = append(list, fmt.Sprint(id, state, share))
		}
		return err
	})
	return strings.Join(list, " "), err
}

// errSwapped is why a job is to be tried again at once: another version has its work now.
func errSwapped(name string) error {
	return domain.Errorf(domain.KindUnavailable, "another version of %s took over", name)
}

// analyzer is a version as the registry has it now.
func (t *tx) analyzer(ctx context.Context, id int) (analyzerRow, error) {
	var row analyzerRow
	const q = `SELECT id, name, version, kinds, sides, labels, state, audio, share, max_batch FROM analyzers WHERE id = $1`
	err := t.each(ctx, q, []any{id}, func(scan scanner) error {
		var kinds, sides, labels []byte
		if err := scan(&row.ID, &row.Name, &row.Version, &kinds, &sides, &labels, &row.State, &row.Audio, &row.Share, &row.MaxBatch); err != nil {
			return err
		}
		for raw, out := range map[*[]byte]any{&kinds: &row.Kinds, &sides: &row.Sides, &labels: &row.Labels} {
			if err := unmarshalIfAny(*raw, out); err != nil {
				return err
			}
		}
		return nil
	})
	return row, err
}
