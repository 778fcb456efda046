package bot

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// readTexts are all texts of a language as the files have them: by id, and by plural form where there are several.
func readTexts(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	names, err := fs.Glob(textFiles, "texts/*."+lang+".json")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	out := map[string]map[string]string{}
	for _, name := range names {
		raw, err := textFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file map[string]any
		if err := json.Unmarshal(raw, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for id, value := range file {
			if _, twice := out[id]; twice {
				t.Errorf("%s: %s is in two files", name, id)
			}
			out[id] = formsOf(t, id, value)
		}
	}
	return out
}

func formsOf(t *testing.T, id string, value any) map[string]string {
	t.Helper()
	switch v := value.(type) {
	case string:
		return map[string]string{"": v}
	case map[string]any:
		forms := map[string]string{}
		for form, text := range v {
			forms[form], _ = text.(string)
		}
		return forms
	}
	t.Errorf("%s is no text", id)
	return nil
}

var placeholder = regexp.MustCompile(`{{[^}]*}}`)

// placeholders are what a text is filled with, each once.
func placeholders(forms map[string]string) []string {
	var out []string
	for _, text := range forms {
		out = append(out, placeholder.FindAllString(text, -1)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// pluralForms are those that the language's numbers need.
var pluralForms = map[string][]string{"uz": {"one", "other"}, "ru": {"few", "many", "one", "other"}, "en": {"one", "other"}}

func TestEveryTextIsInEveryLanguage(t *testing.T) {
	t.Parallel()
	all := map[string]map[string]map[string]string{}
	for _, lang := range languages {
		all[lang] = readTexts(t, lang)
	}
	for _, lang := range languages {
		for id, forms := range all[lang] {
			first, known := all[languages[0]][id]
			if !known {
				t.Errorf("%s is in %s only", id, lang)
				continue
			}
			if a, b := placeholders(first), placeholders(forms); !slices.Equal(a, b) {
				t.Errorf("%s has %q in %s, and %q in %s", id, a, languages[0], b, lang)
			}
			if _, single := forms[""]; !single {
				for _, form := range pluralForms[lang] {
					if forms[form] == "" {
						t.Errorf("%s in %s has no form %q", id, lang, form)
					}
				}
			}
			for form, text := range forms {
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s %s in %s is empty", id, form, lang)
				}
			}
		}
		if len(all[lang]) != len(all[languages[0]]) {
			t.Errorf("%s has %d texts, %s %d", lang, len(all[lang]), languages[0], len(all[languages[0]]))
		}
	}
}

// Uzbek has two signs that look like an apostrophe, oʻ gʻ and ʼ, and typewriters' are neither; English here has that one alone.
func TestApostrophesAreThoseOfTheLanguage(t *testing.T) {
	t.Parallel()
	wrong := map[string]string{"uz": "'`‘’", "ru": "'`‘’ʻʼ", "en": "`‘’ʻʼ"}
	for _, lang := range languages {
		for id, forms := range readTexts(t, lang) {
			for _, text := range forms {
				if strings.ContainsAny(text, wrong[lang]) {
					t.Errorf("%s in %s: %s", id, lang, text)
				}
			}
		}
	}
}

// idForm is what an id of a text looks like in the code.
var idForm = regexp.MustCompile(`^[a-z_]+(\.[a-z0-9_]+)+$`)

// builds tells whether the code may put an id together from a text: that begins it, or is its pattern.
func builds(literal, id string) bool {
	if strings.Contains(literal, "%") {
		pattern := regexp.QuoteMeta(literal)
		for _, verb := range []string{"%s", "%d", "%v"} {
			pattern = strings.ReplaceAll(pattern, verb, "[a-z0-9_.]+")
		}
		match, err := regexp.MatchString("^"+pattern+"$", id)
		return err == nil && match && strings.Contains(literal, ".")
	}
	subject, _, dotted := strings.Cut(literal, ".")
	rest, ok := strings.CutPrefix(id, literal)
	return ok && dotted && subject != "" && (rest == "" || strings.HasPrefix(rest, ".") || strings.HasSuffix(literal, ".") || strings.HasSuffix(literal, "_"))
}

// literals are the texts in quotes of this package's code.
func literals(t *testing.T) map[string]bool {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					out[text] = true
				}
			}
			return true
		})
	}
	return out
}

func TestEveryTextIsSaidSomewhere(t *testing.T) {
	t.Parallel()
	texts, used := readTexts(t, languages[0]), literals(t)
	ids, written := slices.Sorted(maps.Keys(texts)), slices.Sorted(maps.Keys(used))
	subjects := map[string]bool{}
	for _, id := range ids {
		if subject, _, dotted := strings.Cut(id, "."); dotted {
			subjects[subject] = true
		}
		if !used[id] && !slices.ContainsFunc(written, func(literal string) bool { return builds(literal, id) }) {
			t.Errorf("nothing says %s", id)
		}
	}
	for _, literal := range written {
		subject, _, _ := strings.Cut(literal, ".")
		if idForm.MatchString(literal) && subjects[subject] && !slices.ContainsFunc(ids, func(id string) bool { return builds(literal, id) }) {
			t.Errorf("there is no text %s", literal)
		}
	}
}

func TestEveryCommandIsDescribedInEveryLanguage(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z0-9_]{1,32}$`) // what the Bot API takes
	seen := map[string]bool{}
	for _, c := range commands() {
		if !name.MatchString(c.name) || seen[c.name] || c.run == nil {
			t.Errorf("the command %q is none, or is there twice", c.name)
		}
		seen[c.name] = true
		for _, lang := range languages {
			text := plain(readTexts(t, lang)["command."+c.name][""])
			if n := len([]rune(text)); n < 3 || n > 256 {
				t.Errorf("/%s in %s is described by %q", c.name, lang, text)
			}
		}
	}
	for _, main := range mainCommands {
		if !seen[main] {
			t.Errorf("the first screen has a button for /%s, which is no command", main)
		}
		for _, lang := range languages {
			if readTexts(t, lang)["home."+main] == nil {
				t.Errorf("the button of /%s has no text in %s", main, lang)
			}
		}
	}
}

// Whatever a person is called, it is not read as HTML.
func TestValuesAreEscaped(t *testing.T) {
	t.Parallel()
	texts, err := loadTexts(textFiles)
	if err != nil {
		t.Fatal(err)
	}
	got := texts.in("en", "people.home", values{"Name": "<i>A & B</i>"})
	if !strings.Contains(got, "&lt;i&gt;A &amp; B&lt;/i&gt;") {
		t.Error(got)
	}
}
