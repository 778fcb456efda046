package bot

import (
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"maps"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed texts/*.json
var textFiles embed.FS

// languages are those that the bot speaks; the first one is for whoever has none of them.
var languages = []string{"uz", "ru", "en"}

// markup is text that is HTML already; all other values in a text are escaped.
type markup string

// texts are every text of the bot, by language.
type texts struct{ localizers map[string]*i18n.Localizer }

// loadTexts reads texts/<subject>.<language>.json.
func loadTexts(from fs.FS) (*texts, error) {
	bundle := i18n.NewBundle(language.MustParse(languages[0]))
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	names, err := fs.Glob(from, "texts/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := bundle.LoadMessageFileFS(from, name); err != nil {
			return nil, fmt.Errorf("bot: %s: %w", name, err)
		}
	}
	out := &texts{localizers: map[string]*i18n.Localizer{}}
	for _, code := range languages {
		out.localizers[code] = i18n.NewLocalizer(bundle, code)
	}
	return out, nil
}

// values fill a text's placeholders. "Count" chooses the plural form.
type values map[string]any

// in is a text in a language, as HTML. A text that does not exist is a fault of the build, which the tests see first; its name is
// what people would read.
func (t *texts) in(code, id string, with values) string {
	localizer, ok := t.localizers[code]
	if !ok {
		localizer = t.localizers[languages[0]]
	}
	escaped := maps.Clone(with)
	for key, value := range escaped {
		switch v := value.(type) {
		case markup:
			escaped[key] = string(v)
		case string:
			escaped[key] = html.EscapeString(v)
		}
	}
	out, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: escaped, PluralCount: with["Count"]})
	if err != nil {
		return id
	}
	return out
}
