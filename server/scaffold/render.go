package scaffold

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"go/format"
	"io/fs"
	"path"
	"strings"
	"text/template"
)

// The patterns name what belongs to a template, because installed packages may lie beside it.
//
//go:embed templates/README.md.tmpl
//go:embed templates/go
//go:embed all:templates/python
//go:embed templates/typescript/*.tmpl templates/typescript/*.json templates/typescript/gitignore
//go:embed templates/typescript/src templates/typescript/tests
var templates embed.FS

// page is what a template is filled with.
type page struct {
	example
	Name      string
	Lang      string
	GoVersion string
	GoModules []string // "path version"
}

// IsGo, IsPython and IsTypeScript tell the templates that all languages share which one it is.
func (p page) IsGo() bool         { return p.Lang == "go" }
func (p page) IsPython() bool     { return p.Lang == "python" }
func (p page) IsTypeScript() bool { return p.Lang == "typescript" }

// render returns a project's files by name, with slashes.
func render(lang string, p page) (map[string][]byte, error) {
	var err error
	if p.GoVersion, p.GoModules, err = goModules(); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	root := path.Join("templates", lang)
	err = fs.WalkDir(templates, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return p.add(files, name, strings.TrimPrefix(name, root+"/"))
	})
	if err == nil {
		err = p.add(files, "templates/README.md.tmpl", "README.md.tmpl")
	}
	if err != nil {
		return nil, err
	}
	return files, p.addContract(files)
}

// add fills in one file of the templates.
func (p page) add(files map[string][]byte, from, to string) error {
	raw, err := templates.ReadFile(from)
	if err != nil {
		return err
	}
	name, filled := strings.CutSuffix(to, ".tmpl")
	switch name {
	case "gitignore":
		name = ".gitignore"
	case "finco.mod":
		name = "finco/go.mod"
	case modulesFile:
		return nil // it is in go.mod
	case "package.json", "package-lock.json":
		raw = bytes.ReplaceAll(raw, []byte(`"name": "finco-analyzer"`), fmt.Appendf(nil, `"name": %q`, p.Name))
	}
	if filled {
		if raw, err = p.fill(from, string(raw)); err != nil {
			return err
		}
	}
	if strings.HasSuffix(name, ".go") {
		if raw, err = format.Source(raw); err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
	}
	files[name] = raw
	return nil
}

func (p page) fill(name, text string) ([]byte, error) {
	parsed, err := template.New(name).Delims("[%", "%]").Option("missingkey=error").
		Funcs(template.FuncMap{"quote": quote, "list": list, "lower": strings.ToLower}).Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, p)
	return out.Bytes(), err
}

// quote writes a string as Go, Python and TypeScript all read it.
func quote(s string) (string, error) {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(s)
	return strings.TrimSpace(out.String()), err
}

func list(words []string) (string, error) {
	quoted := make([]string, len(words))
	for i, word := range words {
		var err error
		if quoted[i], err = quote(word); err != nil {
			return "", err
		}
	}
	return strings.Join(quoted, ", "), nil
}
