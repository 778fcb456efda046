package server

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/host"
)

// checkSettings tells what a version has against settings (invalid): by its own schema, and then by starting it with them; and
// returns them with the schema's defaults. What cannot be asked just now has nothing against them; what is wrong then shows when
// it starts.
func (p *Parts) checkSettings(ctx context.Context, spec app.AnalyzerSpec) (json.RawMessage, error) {
	if _, err := os.Stat(spec.Path); errors.Is(err, fs.ErrNotExist) {
		return spec.Settings, nil
	}
	d, err := p.host.Describe(ctx, spec.Path)
	if err != nil {
		return spec.Settings, invalidOnly(err)
	}
	complete, err := analyzer.CompleteSettings(d.Settings, spec.Settings)
	if err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "%w", err)
	}
	return complete, invalidOnly(p.tryStart(ctx, host.Spec{Name: spec.Name, Path: spec.Path, Checksum: spec.Checksum, Settings: p.cfg.withToken(spec.Name, spec.Settings)}))
}

// invalidOnly is an error that says that something was refused, and no other.
func invalidOnly(err error) error {
	if domain.KindOf(err) == domain.KindInvalid {
		return err
	}
	return nil
}
