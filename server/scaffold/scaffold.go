package scaffold

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/fincokpi/finco/domain"
)

// Options say what to write.
type Options struct {
	Name string // lower case letters, digits and dashes
	Lang string // one of Languages
	Kind string // one of Kinds, in any case; empty: politeness
	Dir  string // the folder to make; empty: Name in the working directory
}

// Project is what was written.
type Project struct {
	Dir        string // as it was asked for
	Executable string // what building makes, relative to Dir
	Kind       string // such as SENTIMENT
}

// Languages are those there are templates for.
func Languages() []string { return []string{"go", "python", "typescript"} }

var validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// Write makes a project in a folder that must not exist yet; it appears whole or not at all. Errors are of kind invalid (name,
// language, kind), conflict (the folder exists) and internal.
func Write(o Options) (Project, error) {
	if !validName.MatchString(o.Name) {
		return Project{}, domain.Errorf(domain.KindInvalid, "the name %.80q must be lower case letters, digits and dashes, the first a letter, at most 63", o.Name)
	}
	if !slices.Contains(Languages(), o.Lang) {
		return Project{}, domain.Errorf(domain.KindInvalid, "%.80q is no language with a template: take one of %s", o.Lang, strings.Join(Languages(), ", "))
	}
	e, err := exampleOf(o.Kind)
	if err != nil {
		return Project{}, err
	}
	if o.Dir == "" {
		o.Dir = o.Name
	}
	if _, err := os.Lstat(o.Dir); err == nil {
		return Project{}, domain.Errorf(domain.KindConflict, "%s is there already: give another --dir", o.Dir)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return Project{}, domain.Errorf(domain.KindInvalid, "%s cannot be made: %w", o.Dir, err)
	}
	files, err := render(o.Lang, page{Name: o.Name, Lang: o.Lang, example: e})
	if err != nil {
		return Project{}, domain.Errorf(domain.KindInternal, "the template does not fit: %w", err)
	}
	if err := place(files, o.Dir); err != nil {
		return Project{}, domain.Errorf(domain.KindInternal, "%s cannot be written: %w", o.Dir, err)
	}
	return Project{Dir: o.Dir, Executable: filepath.Join("bin", o.Name), Kind: e.Kind}, nil
}

// place writes the files beside the folder and then gives them its name.
func place(files map[string][]byte, dir string) error {
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	begun, err := os.MkdirTemp(parent, ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(begun) }() // nothing is there once it has its name
	if err := os.Chmod(begun, 0o755); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(begun, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(string(files[name]), "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(path, files[name], mode); err != nil {
			return err
		}
	}
	return os.Rename(begun, dir)
}
