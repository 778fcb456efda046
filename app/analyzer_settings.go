package app

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/fincokpi/finco/domain"
)

// SetAnalyzerSettings gives a known version settings, complete as for RegisterAnalyzer; what the company file says of the
// analyzer goes over them. It tells whether they are others than before. Servers that run take them up within seconds.
func (a *App) SetAnalyzerSettings(ctx context.Context, c AnalyzerChoice, settings json.RawMessage) (bool, error) {
	if _, err := permit(ctx, "analyzer", "install"); err != nil {
		return false, err
	}
	changed := false
	err := a.inTx(as(ctx, "operator"), func(ctx context.Context, t *tx) error {
		changed = false
		said, err := t.wishes(ctx)
		if err != nil {
			return err
		}
		versions, err := t.analyzerVersions(ctx, c.Name)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(versions, func(v analyzerVersion) bool { return v.Version == c.Version })
		if i < 0 {
			return c.absent(versions)
		}
		wanted, err := said.settings(c.Name, settings)
		if err != nil {
			return domain.Errorf(domain.KindInvalid, "%w", err)
		}
		if changed = !sameJSON(wanted, versions[i].Settings); !changed {
			return nil
		}
		if _, err := t.sql.ExecContext(ctx, `UPDATE analyzers SET settings = $2 WHERE id = $1`, versions[i].ID, string(wanted)); err != nil {
			return err
		}
		if err := t.revise(ctx); err != nil {
			return err
		}
		return t.audit(ctx, "configure", "analyzer", versions[i].ID, nil)
	})
	return changed, err
}
