package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// settings answers flags from a file of key: value lines; the environment and flags go before it.
type settings struct {
	path   string
	values map[string]any
}

// settingsFile reads the file if it is there. A key that is no setting stops the start.
func settingsFile(path string) kong.Option {
	return kong.OptionFunc(func(k *kong.Kong) error {
		s := &settings{path: path, values: map[string]any{}}
		raw, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := yaml.Unmarshal(raw, &s.values); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return kong.Resolvers(s).Apply(k)
	})
}

// Validate implements kong.Resolver.
func (s *settings) Validate(app *kong.Application) error {
	var known []string
	for _, flag := range app.Flags {
		if len(flag.Envs) > 0 {
			known = append(known, flag.Name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s.values)) {
		if !slices.Contains(known, key) {
			return fmt.Errorf("%s: %s is no setting; the settings are %s", s.path, key, strings.Join(known, ", "))
		}
	}
	return nil
}

// Resolve implements kong.Resolver.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	v, ok := s.values[flag.Name]
	if !ok || v == nil {
		return nil, nil
	}
	list, many := v.([]any)
	if many && !flag.IsSlice() {
		return nil, fmt.Errorf("%s: %s takes one value, not a list", s.path, flag.Name)
	}
	if !many {
		list = []any{v}
	}
	words := make([]string, len(list))
	for i, item := range list {
		switch item.(type) {
		case nil, []any, map[string]any:
			return nil, fmt.Errorf("%s: %s must be a text or a number", s.path, flag.Name)
		}
		words[i] = fmt.Sprint(item)
	}
	return strings.Join(words, ","), nil
}
