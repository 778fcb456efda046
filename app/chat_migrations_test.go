package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

const (
	oldGroup int64 = -4001
	newGroup int64 = -1002000000001
	botBox         = "700700"
	buyer    int64 = 9001
)

// grouped is a message in the basic group, superseded one in the supergroup that it became.
func grouped(w *apptest.World, id, from int64, at, text string) app.MessageInput {
	m := w.Message(oldGroup, from, apptest.At("2026-09-15 "+at), text)
	m.TelegramID, m.Chat.Mailbox, m.Chat.Kind, m.Chat.Title = id, botBox, "GROUP", "Buyers"
	return m
}

func superseded(w *apptest.World, id, from int64, at, text string) app.MessageInput {
	m := w.Message(newGroup, from, apptest.At("2026-09-15 "+at), text)
	m.TelegramID, m.Chat.Title = id, "Buyers"
	return m
}

func migrate(t *testing.T, w *apptest.World) {
	t.Helper()
	if err := w.App.MigrateChat(w.System("telegram"), botBox, oldGroup, newGroup); err != nil {
		t.Fatal(err)
	}
}

// picture is everything of the chats, their messages and waits that people see, without the ids of rows.
func picture(w *apptest.World) string {
	var out string
	w.One(`SELECT COALESCE((SELECT string_agg(format('chat %s/%s %s %s team %s to %s', mailbox, telegram_id, kind, title, t.name, u.name), E'\n' ORDER BY telegram_id)
  FROM chats c LEFT JOIN teams t ON t.id = c.team_id LEFT JOIN users u ON u.id = c.assignee_id), '') || E'\n' ||
 COALESCE((SELECT string_agg(format('%s %s re %s %s', m.telegram_id, m.side, m.reply_to_telegram_id, c.text), E'\n' ORDER BY m.sent_at, m.telegram_id)
  FROM messages m JOIN message_contents c ON c.message_id = m.id AND c.version = m.version), '') || E'\n' ||
 COALESCE((SELECT string_agg(format('wait %s from %s to %s by %s', w.state, o.telegram_id, c.telegram_id, u.name), E'\n' ORDER BY w.opened_at)
  FROM waits w JOIN messages o ON o.id = w.opens_with_id LEFT JOIN messages c ON c.id = w.closes_with_id LEFT JOIN users u ON u.id = w.responder_id
  WHERE w.state <> 'DISSOLVED'), '') || E'\n' ||
 (SELECT format('%s customers, of %s chats', count(*), count(DISTINCT chat_id)) FROM chat_customers)`, nil, &out)
	return out
}

const merged = `chat /-1002000000001 SUPERGROUP Buyers team Support to Jasur Toshev
-999999993 CUSTOMER re  Salom
-999999992 STAFF re -999999993 Salom!
-999999991 CUSTOMER re  Narxi qancha?
2 CUSTOMER re  Hello?
3 STAFF re 2 100 000
wait WITHIN from -999999993 to -999999992 by Jasur Toshev
wait WITHIN from -999999991 to 3 by Jasur Toshev
1 customers, of 1 chats`

// Whatever comes first, the messages of the new chat or the news that it is the old one, what is there in the end is the same.
func TestAGroupThatBecameASupergroupIsOneChat(t *testing.T) {
	t.Parallel()
	to := int64(7)
	steps := func(w *apptest.World) map[string]func() {
		reply := grouped(w, 8, apptest.JasurTelegram, "10:05", "Salom!")
		reply.ReplyTo = &to
		two := int64(2)
		answer := superseded(w, 3, apptest.JasurTelegram, "10:20", "100 000")
		answer.ReplyTo = &two
		return map[string]func(){
			"old": func() {
				w.Record(grouped(w, 7, buyer, "10:00", "Salom"), reply, grouped(w, 9, buyer, "10:10", "Narxi qancha?"))
			},
			"first":  func() { w.Record(superseded(w, 2, buyer, "10:12", "Hello?")) },
			"answer": func() { w.Record(answer) },
			"moved":  func() { migrate(t, w) },
		}
	}
	for _, order := range []string{
		"old moved first answer", "old first moved answer", "old first answer moved", "moved old first answer", "first moved old answer",
		"first answer moved old", "old moved first answer moved", "old moved first answer old", "moved old first answer first old moved", "first old answer moved",
	} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			w := apptest.Example(t)
			do := steps(w)
			for _, step := range strings.Fields(order) {
				do[step]()
			}
			if got := picture(w); got != merged {
				t.Errorf("got\n%s\nwant\n%s", got, merged)
			}
			w.Clock.Advance(time.Minute)
			if _, err := w.App.ComputeKpis(w.As(apptest.Botir), app.ComputeKpisInput{Period: "2026-09"}); err != nil {
				t.Fatal(err)
			}
			var scores string // of replies after 300 and 600 seconds, both within 15 minutes
			w.One(`SELECT string_agg(s.key || '=' || COALESCE(s.value::text, 'none'), ', ' ORDER BY s.key) FROM kpi_scores s JOIN kpi_results r ON r.id = s.result_id WHERE r.user_id = $1`,
				[]any{w.ID(apptest.Jasur)}, &scores)
			if scores != "answered=1, quality=none, reply_speed=7.5" {
				t.Errorf("Jasur's KPIs: %s", scores)
			}
		})
	}
}

// An import that has the old group's key is of the chat that it is now, too; so are edits and deletions that come late.
func TestWhatComesLateWithTheOldKeyBelongsToTheNewChat(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	question := grouped(w, 7, buyer, "10:00", "Salom")
	w.Record(question)
	migrate(t, w)
	edited := question
	at := apptest.At("2026-09-15 10:01")
	edited.Text, edited.EditedAt, edited.Edit = "Salom!!", &at, true
	if got := w.Import(question, grouped(w, 8, buyer, "10:02", "?")); got.New != 1 || got.Edited != 0 {
		t.Errorf("the import again, with one that was missing: %+v", got)
	}
	if got := w.Import(edited); got.New != 0 || got.Edited != 1 {
		t.Errorf("a late edit: %+v", got)
	}
	n, err := w.App.HideMessages(w.System("telegram"), app.ChatInput{Mailbox: botBox, TelegramID: oldGroup}, []int64{8})
	if err != nil || n != 1 {
		t.Errorf("a late deletion: %d, %v", n, err)
	}
	react(t, w, app.ReactionInput{Chat: app.ChatInput{Mailbox: botBox, TelegramID: oldGroup, Kind: "GROUP"}, MessageID: 7, From: buyer, Emoji: []string{"👍"}, At: at})
	var chats, reactions int
	w.One(`SELECT count(*) FROM chats`, nil, &chats)
	w.One(`SELECT count(*) FROM reactions r JOIN messages m ON m.chat_id = r.chat_id AND m.telegram_id = r.message_telegram_id`, nil, &reactions)
	if chats != 1 || reactions != 1 {
		t.Errorf("%d chats, %d reactions under a message", chats, reactions)
	}
}

func TestAMovedChatKeepsItsTeamAndAssignee(t *testing.T) {
	t.Parallel()
	for _, first := range []int64{oldGroup, newGroup} {
		w := apptest.New(t)
		company := apptest.ExampleCompany()
		box := botBox
		if first == newGroup {
			box = ""
		}
		company.Chats = []app.ChatOwnerInput{{Mailbox: box, TelegramID: first, Team: "Sales", Assignee: apptest.Dilya}}
		w.Apply(company)
		w.Record(grouped(w, 7, buyer, "10:00", "Salom"), superseded(w, 2, apptest.JasurTelegram, "10:12", "Salom!"))
		migrate(t, w)
		if got := picture(w); !strings.HasPrefix(got, "chat /-1002000000001 SUPERGROUP Buyers team Sales to Dilya Umarova\n-999999993 ") {
			t.Errorf("set for %d:\n%s", first, got)
		}
		if first == oldGroup { // the company file still names the group as it was
			if changes := w.Apply(company); len(changes) != 0 {
				t.Errorf("applied again: %v", changes)
			}
		}
	}
}

func TestWhatWaitsToBeSentGoesToTheNewChat(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	if _, err := w.DB.Exec(`UPDATE companies SET writes_in_chats = true`); err != nil {
		t.Fatal(err)
	}
	_, err := w.App.Send(w.System("telegram"), app.OutgoingInput{Key: "k", Chat: oldGroup, Method: "sendMessage", Params: []byte(`{"text":"Salom"}`)})
	if err != nil {
		t.Fatal(err)
	}
	migrate(t, w)
	var chat int64
	w.One(`SELECT chat FROM outgoings`, nil, &chat)
	if chat != newGroup {
		t.Errorf("it goes to %d", chat)
	}
}

func TestOnlyABasicGroupMigrates(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	for _, c := range []struct {
		mailbox  string
		old, new int64
	}{{"", oldGroup, newGroup}, {botBox, newGroup, newGroup}, {botBox, buyer, newGroup}, {botBox, oldGroup, oldGroup}, {botBox, oldGroup, buyer}} {
		if err := w.App.MigrateChat(w.System("telegram"), c.mailbox, c.old, c.new); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := w.App.MigrateChat(w.As(apptest.Botir), botBox, oldGroup, newGroup); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("an admin: %v", err)
	}
}

// Messages are recorded on both sides of the migration while it happens: none is left behind under the old key.
func TestMigrationAmongRecordings(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	const each = 30
	failed := make(chan error, 2*each+1)
	for i := range each {
		for _, m := range []app.MessageInput{
			grouped(w, int64(i+1), buyer, fmt.Sprintf("10:00:%02d", i), "old"), superseded(w, int64(i+1), buyer, fmt.Sprintf("10:01:%02d", i), "new"),
		} {
			go func() {
				_, err := w.App.RecordMessage(w.System("intake"), m)
				failed <- err
			}()
		}
		if i == each/2 {
			go func() { failed <- w.App.MigrateChat(w.System("telegram"), botBox, oldGroup, newGroup) }()
		}
	}
	ctx, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	for range 2*each + 1 {
		select {
		case err := <-failed:
			if err != nil {
				t.Fatal(err)
			}
		case <-ctx.Done():
			t.Fatal("it hangs")
		}
	}
	var chats, messages, waits int
	w.One(`SELECT count(*) FROM chats`, nil, &chats)
	w.One(`SELECT count(*) FROM messages m JOIN chats c ON c.id = m.chat_id AND c.telegram_id = $1`, []any{newGroup}, &messages)
	w.One(`SELECT count(*) FROM waits WHERE state <> 'DISSOLVED'`, nil, &waits)
	if chats != 1 || messages != 2*each || waits != 1 {
		t.Errorf("%d chats, %d messages, %d waits", chats, messages, waits)
	}
}
