package graph_test

import (
	"strings"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
)

// A deletion hides the words wherever they are shown, the reasons that quote them too; the wait and the judgements stay.
func TestADeletedMessageShowsNoWords(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	var ids []int64
	rows, err := o.DB.Query(`SELECT m.telegram_id FROM messages m JOIN chats c ON c.id = m.chat_id WHERE c.telegram_id = -1001`)
	o.check(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id int64
		o.check(rows.Scan(&id))
		ids = append(ids, id)
	}
	o.check(rows.Err())
	n, err := o.App.HideMessages(o.System("telegram"), app.ChatInput{TelegramID: -1001}, ids)
	if err != nil || n != 2 {
		t.Fatalf("%d hidden, %v", n, err)
	}
	r := o.ask(apptest.Jasur, talkQuery, nil)
	var got talkAnswer
	r.into(t, &got)
	if got.Messages.TotalCount != 2 || got.Messages.Edges[0].Node.Wait == nil || got.Messages.Edges[0].Node.Wait.State != "WITHIN" {
		t.Errorf("of the messages is left %s", r.text)
	}
	if len(got.Messages.Edges[0].Node.Versions) != 0 || len(got.Messages.Edges[0].Node.Analyses.Edges) == 0 {
		t.Errorf("versions or judgements: %s", r.text)
	}
	for _, who := range []string{apptest.Jasur, apptest.Aziza, apptest.Botir} {
		answer := o.ask(who, `{ chats(where: {telegramID: "-1001"}) { edges { node { messages(first: 9) { edges { node { deletedAt text transcript attachments entities
versions { text } wait { opensWith { text } } analyses(first: 9) { edges { node { details } } } } } } } } } }`, nil)
		for _, secret := range []string{"Narxi", "ming", "polite"} {
			if strings.Contains(answer.text, secret) {
				t.Errorf("%s reads %q: %s", who, secret, answer.text)
			}
		}
		if !strings.Contains(answer.text, `"deletedAt":"2026`) {
			t.Errorf("%s is not told that it is deleted: %s", who, answer.text)
		}
	}
}

func TestReactionsOfAMessage(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	var message int64
	o.One(`SELECT m.telegram_id FROM messages m JOIN chats c ON c.id = m.chat_id WHERE c.telegram_id = -1001 AND m.side = 'STAFF'`, nil, &message)
	put := func(from int64, at string, emoji ...string) {
		t.Helper()
		o.check(o.App.PutReaction(o.System("telegram"), app.ReactionInput{
			Chat: app.ChatInput{TelegramID: -1001, Kind: "SUPERGROUP"}, MessageID: message, From: from, Emoji: emoji, At: apptest.At(at),
		}))
	}
	put(501, "2026-09-15 10:07", "👍", "custom:77")
	put(777, "2026-09-15 10:06", "🔥")
	put(778, "2026-09-15 10:06", "👎")
	put(778, "2026-09-15 10:08")
	const query = `{ messages(orderBy: {field: SENT_AT, direction: ASC}) { edges { node { side reactions { emoji reactedAt } } } } }`
	answer := o.ask(apptest.Jasur, query, nil)
	const want = `{"node":{"side":"CUSTOMER","reactions":[]}},{"node":{"side":"STAFF","reactions":[{"emoji":["🔥"],"reactedAt":"2026-09-15T05:06:00Z"},{"emoji":["👍","custom:77"],"reactedAt":"2026-09-15T05:07:00Z"}]}}`
	if !strings.Contains(answer.text, want) {
		t.Errorf("Jasur reads %s", answer.text)
	}
	if answer := o.ask(apptest.Nodira, query, nil); strings.Contains(answer.text, "👍") {
		t.Errorf("the accountant reads %s", answer.text)
	}
}
