package app

import (
	"context"
	"strings"

	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
)

// isCandidate tells whether a state is one of a version that is tried beside the enabled one.
func isCandidate(s entanalyzer.State) bool {
	return s == entanalyzer.StateShadow || s == entanalyzer.StateSplit
}

// proposed tells whether the version is not to be taken unless somebody names or promotes it: it is tried still, or was learnt.
func (v analyzerVersion) proposed() bool { return isCandidate(v.State) || len(v.Learned) > 0 }

func checkShare(state entanalyzer.State, share int) error {
	switch {
	case state == entanalyzer.StateSplit && (share < 1 || share > 99):
		return domain.Errorf(domain.KindInvalid, "a share is from 1 to 99 percent")
	case state != entanalyzer.StateSplit && share != 0:
		return domain.Errorf(domain.KindInvalid, "only a split has a share")
	}
	return nil
}

// AnalyzerChoice names a version of an analyzer.
type AnalyzerChoice struct {
	Name string
	// Version may be empty where the verb says which one that means.
	Version string
}

// absent says what there is in place of what was chosen.
func (c AnalyzerChoice) absent(versions []analyzerVersion) error {
	switch {
	case len(versions) == 0:
		return domain.Errorf(domain.KindNotFound, "there is no such analyzer: %s", strings.TrimSpace(clip(c.Name, 64)+" "+clip(c.Version, 64)))
	case c.Version != "":
		return domain.Errorf(domain.KindNotFound, "%s has no version %s: it has %s", c.Name, clip(c.Version, 64), versionNames(versions))
	case find(versions, inState(entanalyzer.StateEnabled)) == nil:
		return domain.Errorf(domain.KindNotFound, "no version of %s is chosen by itself, as each is tried or was learnt: name one of %s", c.Name, versionNames(versions))
	}
	return domain.Errorf(domain.KindNotFound, "%s has no other version than %s: finco analyzer install PATH --shadow adds one", c.Name, versionNames(versions))
}

// versionNames are the versions, oldest first.
func versionNames(versions []analyzerVersion) string {
	names := make([]string, len(versions))
	for i, v := range versions {
		names[i] = v.Version
	}
	return strings.Join(names, ", ")
}

// EnableAnalyzer makes a version the one that works, whatever people think of it, and returns its id. Without a version that
// is the newest that is neither tried nor learnt: those are named, or promoted. The candidate stays unless it is the one.
func (a *App) EnableAnalyzer(ctx context.Context, c AnalyzerChoice) (int, error) {
	return a.switchAnalyzer(ctx, c, "enable", func(ctx context.Context, t *tx, versions []analyzerVersion) (change, error) {
		chosen := find(versions, func(v analyzerVersion) bool { return v.Version == c.Version || c.Version == "" && !v.proposed() })
		if chosen == nil {
			return change{}, c.absent(versions)
		}
		if chosen.State == entanalyzer.StateEnabled {
			return change{id: chosen.ID}, nil
		}
		return change{chosen.ID, true, nil}, t.enableVersion(ctx, c.Name, chosen.ID)
	})
}

// DisableAnalyzer ends a version, or without one all of the analyzer, and returns an id of what it was about. What it said
// stays. The enabled version cannot go alone while another has a share of its work.
func (a *App) DisableAnalyzer(ctx context.Context, c AnalyzerChoice) (int, error) {
	return a.switchAnalyzer(ctx, c, "disable", func(ctx context.Context, t *tx, versions []analyzerVersion) (change, error) {
		working := func(v analyzerVersion) bool { return v.State != entanalyzer.StateDisabled }
		named := find(versions, func(v analyzerVersion) bool { return v.Version == c.Version })
		switch split := find(versions, inState(entanalyzer.StateSplit)); {
		case c.Version == "" && len(versions) > 0:
			if found := find(versions, working); found != nil {
				return change{found.ID, true, nil}, t.disableAll(ctx, c.Name)
			}
			return change{id: versions[len(versions)-1].ID}, nil
		case named == nil:
			return change{}, c.absent(versions)
		case !working(*named):
			return change{id: named.ID}, nil
		case named.State == entanalyzer.StateEnabled && split != nil:
			return change{}, domain.Errorf(domain.KindConflict, "%s judges a share of its messages: promote or disable that version first", split.Version)
		}
		return change{named.ID, true, nil}, t.reweighing(ctx, c.Name, func() error {
			return t.putState(ctx, named.ID, entanalyzer.StateDisabled, 0)
		})
	})
}

// ShadowAnalyzer has a version judge beside the enabled one, where it counts nowhere, and returns its id. Without a version
// that is the newest that is not enabled. It takes the place of the candidate before it.
func (a *App) ShadowAnalyzer(ctx context.Context, c AnalyzerChoice) (int, error) {
	return a.tryAnalyzer(ctx, c, entanalyzer.StateShadow, 0)
}

// SplitAnalyzer has a version judge a share (1 to 99 percent) of the messages in place of the enabled one, where it counts,
// and returns its id. Without a version that is the candidate, else the newest that is not enabled.
func (a *App) SplitAnalyzer(ctx context.Context, c AnalyzerChoice, share int) (int, error) {
	return a.tryAnalyzer(ctx, c, entanalyzer.StateSplit, share)
}

func (a *App) tryAnalyzer(ctx context.Context, c AnalyzerChoice, state entanalyzer.State, share int) (int, error) {
	if err := checkShare(state, share); err != nil {
		return 0, err
	}
	return a.switchAnalyzer(ctx, c, strings.ToLower(string(state)), func(ctx context.Context, t *tx, versions []analyzerVersion) (change, error) {
		chosen := find(versions, func(v analyzerVersion) bool {
			return v.Version == c.Version || c.Version == "" && isCandidate(v.State)
		})
		if chosen == nil && c.Version == "" {
			chosen = find(versions, func(v analyzerVersion) bool { return v.State != entanalyzer.StateEnabled })
		}
		if chosen == nil {
			return change{}, c.absent(versions)
		}
		if chosen.State == state && chosen.Share == share {
			return change{id: chosen.ID}, nil
		}
		return change{chosen.ID, true, map[string]int{"share": share}}, t.tryVersion(ctx, c.Name, versions, chosen.ID, state, share)
	})
}

// tryVersion makes a version the candidate; another one ends.
func (t *tx) tryVersion(ctx context.Context, name string, versions []analyzerVersion, id int, state entanalyzer.State, share int) error {
	enabled := find(versions, inState(entanalyzer.StateEnabled))
	switch {
	case enabled != nil && enabled.ID == id:
		return domain.Errorf(domain.KindConflict, "%s %s is the version that works: enable another one first", name, enabled.Version)
	case enabled == nil && state == entanalyzer.StateSplit:
		return domain.Errorf(domain.KindConflict, "no version of %s is enabled that could judge the rest of the messages", name)
	}
	for _, v := range versions {
		if isCandidate(v.State) && v.ID != id {
			if err := t.putState(ctx, v.ID, entanalyzer.StateDisabled, 0); err != nil {
				return err
			}
		}
	}
	if err := t.putState(ctx, id, state, share); err != nil || state != entanalyzer.StateShadow {
		return err
	}
	who, err := t.analyzer(ctx, id)
	if err != nil {
		return err
	}
	return t.catchUpShadow(ctx, who)
}

// enableVersion makes one version of an analyzer the only one that works; a candidate stays beside it. If the analyzer never
// spoke of what is there already, it is asked now: an import may come before it.
func (t *tx) enableVersion(ctx context.Context, name string, id int) error {
	err := t.reweighing(ctx, name, func() error {
		_, err := t.sql.ExecContext(ctx, `
UPDATE analyzers SET state = CASE WHEN id = $2 THEN 'ENABLED' ELSE 'DISABLED' END, share = 0
WHERE name = $1 AND (id = $2) <> (state = 'ENABLED')`, name, id)
		return err
	})
	if err != nil {
		return err
	}
	who, err := t.analyzer(ctx, id)
	if err != nil {
		return err
	}
	return t.catchUp(ctx, who)
}

func (t *tx) disableAll(ctx context.Context, name string) error {
	return t.reweighing(ctx, name, func() error {
		_, err := t.sql.ExecContext(ctx, `UPDATE analyzers SET state = 'DISABLED', share = 0 WHERE name = $1 AND state <> 'DISABLED'`, name)
		return err
	})
}

func (t *tx) putState(ctx context.Context, id int, state entanalyzer.State, share int) error {
	_, err := t.sql.ExecContext(ctx, `UPDATE analyzers SET state = $2, share = $3 WHERE id = $1`, id, string(state), share)
	return err
}

// begin brings a version that is new to its first state. A version that came with the program takes no promoted one's place
// unseen: it is compared first. One that begins in shadow works at once where the company file wants it. What a
// person installs works at once only if asked for, or if the company file wants that version, or the analyzer and none works yet.
func (t *tx) begin(ctx context.Context, in RegisterAnalyzerInput, said wishes, id int) error {
	versions, err := t.analyzerVersions(ctx, in.Name)
	if err != nil {
		return err
	}
	enabled := find(versions, inState(entanalyzer.StateEnabled))
	state := in.State
	wish, named := said.of(in.Name)
	if named && (in.Rebuilt || !isCandidate(state) && (enabled == nil || wish.Version == in.Version)) {
		state = entanalyzer.StateEnabled
	}
	if named && !wish.Enabled || state == entanalyzer.StateEnabled && !said.allows(in.Name, in.Version) {
		return nil
	}
	if in.Rebuilt && state == entanalyzer.StateEnabled && enabled != nil && len(enabled.Learned) > 0 {
		if find(versions, func(v analyzerVersion) bool { return isCandidate(v.State) }) != nil {
			return nil
		}
		state = entanalyzer.StateShadow
	}
	switch {
	case state == entanalyzer.StateEnabled:
		return t.enableVersion(ctx, in.Name, id)
	case isCandidate(state):
		return t.tryVersion(ctx, in.Name, versions, id, state, in.Share)
	}
	return nil
}

// change is what a switch did: to which version, if anything, and what the audit says of it.
type change struct {
	id      int
	done    bool
	details any
}

// switchAnalyzer changes which versions work: one such change after the other, audited.
func (a *App) switchAnalyzer(ctx context.Context, c AnalyzerChoice, verb string, do func(context.Context, *tx, []analyzerVersion) (change, error)) (int, error) {
	if _, err := permit(ctx, "analyzer", verb); err != nil {
		return 0, err
	}
	var id int
	err := a.inTx(as(ctx, "operator"), func(ctx context.Context, t *tx) error {
		if err := t.writeFacts(ctx); err != nil {
			return err
		}
		if _, err := t.wishes(ctx); err != nil { // one change of the roster after the other
			return err
		}
		versions, err := t.analyzerVersions(ctx, c.Name)
		if err != nil {
			return err
		}
		what, err := do(ctx, t, versions)
		if id = what.id; err != nil || !what.done {
			return err
		}
		if err := t.revise(ctx); err != nil {
			return err
		}
		return t.audit(ctx, verb, "analyzer", what.id, what.details)
	})
	return id, err
}

func inState(s entanalyzer.State) func(analyzerVersion) bool {
	return func(v analyzerVersion) bool { return v.State == s }
}

// find is the newest version that fits, nil if none does.
func find(versions []analyzerVersion, fits func(analyzerVersion) bool) *analyzerVersion {
	for i := len(versions) - 1; i >= 0; i-- {
		if fits(versions[i]) {
			return &versions[i]
		}
	}
	return nil
}
