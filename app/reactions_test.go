package app_test

import (
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

func react(t *testing.T, w *apptest.World, in app.ReactionInput) {
	t.Helper()
	if err := w.App.PutReaction(w.System("telegram"), in); err != nil {
		t.Fatal(err)
	}
}

// A reaction may come before its message. The newest of each person's stands, whatever the order; it opens and closes nothing.
func TestTheNewestReactionStands(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	m := w.Message(-1002000000001, buyer, apptest.At("2026-09-15 10:00"), "Salom")
	put := func(from int64, minute int, emoji ...string) {
		react(t, w, app.ReactionInput{Chat: m.Chat, MessageID: m.TelegramID, From: from, Emoji: emoji, At: m.SentAt.Add(time.Duration(minute) * time.Minute)})
	}
	put(apptest.JasurTelegram, 5, "🔥", "custom:12")
	w.Record(m)
	put(apptest.JasurTelegram, 3, "👍")
	put(apptest.JasurTelegram, 5, "🔥", "custom:12")
	put(buyer, 6, "👍")
	put(buyer, 7)
	var got string
	w.One(`SELECT string_agg(r.telegram_id || ' ' || r.emoji, ', ' ORDER BY r.telegram_id) FROM reactions r
JOIN messages m ON m.chat_id = r.chat_id AND m.telegram_id = r.message_telegram_id`, nil, &got)
	if want := `9001 [], 100002 ["🔥", "custom:12"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var state string
	var chats int
	w.One(`SELECT state FROM waits`, nil, &state)
	w.One(`SELECT count(*) FROM chats WHERE title <> ''`, nil, &chats)
	if state != "OPEN" && state != "BREACHED" || chats != 1 {
		t.Errorf("the wait is %s, %d chats", state, chats)
	}
	if err := w.App.PutReaction(w.System("telegram"), app.ReactionInput{Chat: m.Chat, MessageID: 1, At: m.SentAt}); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("of nobody: %v", err)
	}
}
