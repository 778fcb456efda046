package app

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/fincokpi/finco/domain"
)

// errUnchecked gives a transaction up that would store settings which nobody checked: plugins are asked between transactions.
var errUnchecked = errors.New("settings to be checked first")

// key is what was checked: these settings for this version.
func (s AnalyzerSpec) key() string {
	return strings.Join([]string{s.Name, s.Version, s.Checksum, string(s.Settings)}, "\x00")
}

// mustFit has settings checked before they are stored, unless they were.
func (p *applying) mustFit(spec AnalyzerSpec) {
	if _, fits := p.fit[spec.key()]; p.app.check != nil && !fits {
		p.unchecked = append(p.unchecked, spec)
	}
}

// checkSettings asks the plugins whether they take the settings, and adds those that do to fit, with the defaults of what they
// leave out. It names all that do not.
func (a *App) checkSettings(ctx context.Context, specs []AnalyzerSpec, fit map[string]json.RawMessage) error {
	var list []string
	for _, spec := range specs {
		complete, err := a.check(ctx, spec)
		if err != nil {
			if domain.KindOf(err) != domain.KindInvalid {
				return err
			}
			list = append(list, spec.Name+" "+spec.Version+": "+strings.TrimPrefix(err.Error(), "invalid: "))
		}
		fit[spec.key()] = complete
	}
	if len(list) == 0 {
		return nil
	}
	return domain.Errorf(domain.KindInvalid, "what the company file says of analyzers does not fit: %s", strings.Join(list, "; "))
}
