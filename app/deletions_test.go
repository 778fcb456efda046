package app_test

import (
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/ent/gen/message"
)

// A deletion hides the text, not the clock.
func TestADeletionHidesTheText(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	chat := app.ChatInput{Mailbox: "100002", TelegramID: buyer, Kind: "PRIVATE", Title: "Client"}
	question := w.Message(buyer, buyer, apptest.At("2026-09-15 10:00"), "Salom")
	answer := w.Message(buyer, apptest.JasurTelegram, apptest.At("2026-09-15 10:30"), "Salom!")
	question.Chat, answer.Chat = chat, chat
	w.Record(question)
	hide := func(want int, ids ...int64) {
		t.Helper()
		if n, err := w.App.HideMessages(w.System("telegram"), chat, ids); err != nil || n != want {
			t.Errorf("hidden: %d, %v", n, err)
		}
	}
	hide(1, question.TelegramID, 999_999)
	hide(0, question.TelegramID)
	w.Record(answer)
	w.Record(question) // told again
	words := func(who string) int {
		t.Helper()
		n, err := w.App.Client().MessageContent.Query().Count(w.As(who))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, who := range []string{apptest.Jasur, apptest.Aziza, apptest.Botir} {
		if n := words(who); n != 1 {
			t.Errorf("%s reads the words of %d messages", who, n)
		}
	}
	deleted, err := w.App.Client().Message.Query().Where(message.DeletedAtNotNil()).Count(w.As(apptest.Jasur))
	if err != nil || deleted != 1 {
		t.Errorf("%d deleted messages are seen, %v", deleted, err)
	}
	var kept int
	var state string
	w.One(`SELECT count(*) FROM message_contents`, nil, &kept)
	w.One(`SELECT state FROM waits WHERE closes_with_id IS NOT NULL`, nil, &state)
	if kept != 2 || state != "BREACHED" {
		t.Errorf("%d contents kept, the wait is %s", kept, state)
	}
	if n, err := w.App.Client().MessageContent.Query().Count(w.System("analyzer")); err != nil || n != 2 {
		t.Errorf("analyzers have %d, %v", n, err)
	}
}
