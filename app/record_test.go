package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/jobs/args"
)

func TestTheSameMessageAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	m := w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	first := w.Import(m)
	if first != (app.Recorded{New: 1, Customers: 1, Analyses: 3}) {
		t.Errorf("the first time: %+v", first)
	}
	jobs := w.Jobs("", "")
	if again := w.Import(m, m); again != (app.Recorded{}) || w.Jobs("", "") != jobs {
		t.Errorf("again: %+v", again)
	}
}

func TestAnEditIsAnotherVersion(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	m := w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	w.Record(m)
	edited := m
	edited.Text = "Salom, narxi qancha?"
	at := apptest.At("2026-09-15 10:30")
	edited.EditedAt = &at
	if got := w.Import(edited); got != (app.Recorded{Edited: 1, Analyses: 3}) {
		t.Errorf("the edit: %+v", got)
	}
	if got := w.Import(m, edited); got != (app.Recorded{}) { // an old export after a newer one
		t.Errorf("both again: %+v", got)
	}
	var versions, newest int
	var text string
	var opened time.Time
	w.One(`SELECT count(*), max(m.version), max(c.text) FILTER (WHERE c.version = m.version) FROM message_contents c JOIN messages m ON m.id = c.message_id`, nil, &versions, &newest, &text)
	w.One(`SELECT opened_at FROM waits`, nil, &opened)
	if versions != 2 || newest != 2 || text != edited.Text || !opened.Equal(m.SentAt) {
		t.Errorf("%d versions, the newest %d: %q; the wait opened at %s", versions, newest, text, opened)
	}
}

// Exports come in any order: the newest words stay the current ones, and going back to earlier words is an edit like others.
func TestTheNewestEditIsTheCurrentText(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	m := w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "A")
	version := func(text, at string) app.MessageInput {
		out := m
		out.Text = text
		if at != "" {
			edited := apptest.At(at)
			out.EditedAt = &edited
		}
		return out
	}
	never := version("Z", "")
	never.EditedAt = &time.Time{}
	for _, c := range []struct {
		name   string
		in     app.MessageInput
		edited int
		want   string
	}{
		{"the first", version("A", ""), 0, "A"},
		{"the second edit", version("C", "2026-09-15 10:10"), 1, "C"},
		{"an older export", version("B", "2026-09-15 10:05"), 0, "C"},
		{"the oldest", version("A", ""), 0, "C"},
		{"an original never seen", version("Y", ""), 0, "C"},
		{"edited at no time", never, 0, "C"},
		{"before it was sent", version("X", "2026-09-15 09:00"), 0, "C"},
		{"back to the first", version("A", "2026-09-15 10:20"), 1, "A"},
		{"the same again", version("A", "2026-09-15 10:20"), 0, "A"},
		{"the same second", version("D", "2026-09-15 10:20"), 1, "D"},
		{"the one of that second again", version("A", "2026-09-15 10:20"), 0, "D"},
	} {
		if got := w.Import(c.in); got.Edited != c.edited {
			t.Errorf("%s: %+v", c.name, got)
		}
		var text string
		w.One(`SELECT c.text FROM message_contents c JOIN messages m ON m.id = c.message_id AND m.version = c.version`, nil, &text)
		if text != c.want {
			t.Errorf("%s: the text is %s", c.name, text)
		}
	}
}

func TestWhatClosesNothingCountsAsSent(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	marks := func() (n int) {
		w.One(`SELECT count(*) FROM kpi_refreshes WHERE user_id = $1 AND period = '2026-09'`, []any{w.ID(apptest.Jasur)}, &n)
		return n
	}
	before := marks()
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:00"), "Salom")
	if got := marks(); got != before+1 {
		t.Errorf("%d marks after %d", got, before)
	}
}

func TestLiveWorkIsNotBehindHistory(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	var history []app.MessageInput
	for range 300 {
		history = append(history, w.Message(-1, 5, apptest.At("2026-09-14 10:00"), "Salom"))
	}
	w.Import(history...)
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	kind := args.AnalyzeMessages{}.Kind()
	if bulk, live := w.Jobs(kind, args.QueueBulk), w.Jobs(kind, args.QueueLive); bulk != 6 || live != 3 {
		t.Errorf("%d jobs of history, %d live", bulk, live)
	}
}

func TestWhatCannotBeAMessageIsRefusedWhole(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	good := w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	for name, spoil := range map[string]func(*app.MessageInput){
		"no chat":      func(m *app.MessageInput) { m.Chat.TelegramID = 0 },
		"no id":        func(m *app.MessageInput) { m.TelegramID = 0 },
		"no time":      func(m *app.MessageInput) { m.SentAt = time.Time{} },
		"a far time":   func(m *app.MessageInput) { m.SentAt = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no sender":    func(m *app.MessageInput) { m.Sender.TelegramID = 0 },
		"a giant text": func(m *app.MessageInput) { m.Text = strings.Repeat("a", 2<<20) },
	} {
		bad := w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
		spoil(&bad)
		if _, err := w.App.RecordMessages(w.System("intake"), []app.MessageInput{good, bad}); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := w.App.RecordMessage(w.As(apptest.Botir), good); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("an admin records: %v", err)
	}
	var n int
	w.One(`SELECT count(*) FROM messages`, nil, &n)
	if n != 0 {
		t.Errorf("%d messages", n)
	}
}

func TestTextsThatPostgresRefusesAreCleaned(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	m := w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "a\x00b\xffc")
	m.Entities = []byte(`[{"type":"bold","text":"x\u0000y"}]`)
	m.Sender.Name = "N\x00"
	m.Chat.Title = strings.Repeat("т", 2000)
	w.Record(m)
	w.Record(m)
	var text string
	var versions int
	w.One(`SELECT min(text), count(*) FROM message_contents`, nil, &text, &versions)
	if text != "ab\uFFFDc" || versions != 1 {
		t.Errorf("stored %q in %d versions", text, versions)
	}
}

func TestChatsFindTheirTeamAndAssignee(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	owners := func(chat int64) (team, assignee string) {
		w.One(`SELECT COALESCE(t.name, ''), COALESCE(u.name, '') FROM chats c LEFT JOIN teams t ON t.id = c.team_id LEFT JOIN users u ON u.id = c.assignee_id WHERE c.telegram_id = $1`,
			[]any{chat}, &team, &assignee)
		return team, assignee
	}
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	if team, assignee := owners(-1); team != "Support" || assignee != "" {
		t.Errorf("before anybody wrote: %q, %q", team, assignee)
	}
	w.Say(-1, apptest.DilyaTelegram, apptest.At("2026-09-15 10:05"), "Salom")
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:06"), "Salom")
	if team, assignee := owners(-1); team != "Sales" || assignee != "Jasur Toshev" {
		t.Errorf("after two wrote: %q, %q", team, assignee)
	}
	in := apptest.ExampleCompany()
	in.Chats = []app.ChatOwnerInput{{TelegramID: -1, Team: "Support", Assignee: apptest.Malika}}
	w.Apply(in)
	w.Say(-1, apptest.DilyaTelegram, apptest.At("2026-09-15 10:07"), "Salom")
	if team, assignee := owners(-1); team != "Support" || assignee != "Malika Yusupova" {
		t.Errorf("as the file sets it: %q, %q", team, assignee)
	}
	in.Chats[0].Team, in.Chats[0].Assignee = "", ""
	if _, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: in, Prune: true}); err != nil {
		t.Fatal(err)
	}
	if team, assignee := owners(-1); team != "Sales" || assignee != "Dilya Umarova" {
		t.Errorf("by the rules again: %q, %q", team, assignee)
	}
}

func TestSomebodyLinkedLaterGetsWhatTheyWrote(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	in := apptest.ExampleCompany()
	in.People[1].TelegramID = 0
	w.Apply(in)
	w.Register("quality", []string{"QUALITY"}, []string{"STAFF"}, nil)
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-01-04 10:00"), "Salom, ishga kirmoqchiman") // before he joined
	w.Say(-2, 5, apptest.At("2026-09-15 10:00"), "Narxi qancha?")
	w.Say(-2, apptest.JasurTelegram, apptest.At("2026-09-15 10:10"), "50 ming so'm")
	w.RunJobs()

	if changes := w.Apply(apptest.ExampleCompany()); len(changes) != 2 || changes[1] != "1 earlier messages changed sides" {
		t.Errorf("got %q", changes)
	}
	var waits, asJasur, customers, before int
	look := func() {
		w.One(`SELECT count(*) FROM waits WHERE state = 'WITHIN' AND business_seconds = 600`, nil, &waits)
		w.One(`SELECT count(*) FROM messages WHERE side = 'STAFF' AND sender_id = $1 AND customer_id IS NULL`, []any{w.ID(apptest.Jasur)}, &asJasur)
		w.One(`SELECT count(*) FROM chat_customers c JOIN chats h ON h.id = c.chat_id WHERE h.telegram_id = -2`, nil, &customers)
		w.One(`SELECT count(*) FROM messages WHERE side = 'CUSTOMER' AND sent_at < '2026-02-01'`, nil, &before)
	}
	if look(); waits != 1 || asJasur != 1 || customers != 1 || before != 1 {
		t.Errorf("linked: %d waits, %d messages, %d customers, %d before", waits, asJasur, customers, before)
	}
	if w.RunJobs(); len(w.Analyzers.Asked("quality")) != 1 {
		t.Errorf("quality was asked %d times", len(w.Analyzers.Asked("quality")))
	}

	in.People[1].Left = apptest.Day("2026-09-14") // he was gone when he wrote
	in.People[1].TelegramID = apptest.JasurTelegram
	w.Apply(in)
	w.One(`SELECT count(*) FROM messages WHERE sender_id IS NOT NULL`, nil, &asJasur)
	w.One(`SELECT count(*) FROM chat_customers c JOIN chats h ON h.id = c.chat_id WHERE h.telegram_id = -2`, nil, &customers)
	w.One(`SELECT count(*) FROM waits WHERE state = 'OPEN' OR state = 'BREACHED'`, nil, &waits)
	if asJasur != 0 || customers != 2 || waits != 2 {
		t.Errorf("gone: %d messages, %d customers, %d waits", asJasur, customers, waits)
	}
}
