package bot

import (
	"context"
	"slices"

	"github.com/fincokpi/finco/app"
)

// chooseLanguage offers the languages, each in its own words.
func chooseLanguage(_ context.Context, t *turn, _ string) error {
	var choices []button
	for _, code := range languages {
		choices = append(choices, button{Text: plain(t.bot.texts.in(code, "language.name", nil)), Data: press("language", code)})
	}
	t.show(t.text("language.ask"), rows{choices, t.cancelRow()})
	return nil
}

// languageChosen keeps a language and goes on in it.
func languageChosen(ctx context.Context, t *turn, args []string) error {
	if len(args) != 1 || !slices.Contains(languages, args[0]) {
		return t.refuse("error.old_button")
	}
	if err := t.bot.app.SetPreferences(t.as(ctx), app.PreferencesInput{Language: &args[0]}); err != nil {
		return err
	}
	t.person.Language = args[0]
	t.show(t.text("language.set"), homeButtons(t))
	return nil
}
