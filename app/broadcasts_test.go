package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/outgoing"
)

// prepare makes a draft as the admin.
func (o *outbox) prepare(in app.BroadcastInput) app.PreparedBroadcast {
	o.t.Helper()
	made, err := o.App.PrepareBroadcast(o.As(apptest.Botir), in)
	o.check(err)
	return made
}

func (o *outbox) start(in app.BroadcastInput) int {
	o.t.Helper()
	made := o.prepare(in)
	_, err := o.App.StartBroadcast(o.As(apptest.Botir), made.ID)
	o.check(err)
	return made.ID
}

func (o *outbox) progress(id int) app.BroadcastProgress {
	o.t.Helper()
	got, err := o.App.BroadcastProgress(o.As(apptest.Botir), id)
	o.check(err)
	return got[id]
}

func (o *outbox) broadcastState(id int) string {
	o.t.Helper()
	var state string
	o.One(`SELECT state FROM broadcasts WHERE id = $1`, []any{id}, &state)
	return state
}

func TestABroadcastReachesItsAudience(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	var support int
	o.One(`SELECT id FROM teams WHERE name = 'Support'`, nil, &support)
	_, err := o.DB.Exec(`UPDATE employments SET unreachable_at = now() WHERE telegram_id = $1`, apptest.MalikaTelegram)
	o.check(err)
	for _, c := range []struct {
		who                   app.Audience
		get, unlinked, barred int
	}{
		{app.Audience{}, 4, 2, 1},
		{app.Audience{Teams: []int{support}}, 2, 0, 1},
		{app.Audience{Roles: []string{"Supervisor", "accountant"}}, 2, 1, 0},
		{app.Audience{Teams: []int{support}, Roles: []string{"supervisor"}}, 1, 0, 0},
	} {
		made := o.prepare(app.BroadcastInput{Audience: c.who, Text: "Ertaga yig‘ilish"})
		if made.Recipients != c.get || made.Unlinked != c.unlinked || made.Unreachable != c.barred {
			t.Errorf("%+v: %d, %d, %d", c.who, made.Recipients, made.Unlinked, made.Unreachable)
		}
		if again := o.prepare(app.BroadcastInput{Audience: c.who, Text: "Ertaga yig‘ilish "}); again.ID != made.ID {
			t.Errorf("%+v: the same draft twice", c.who)
		}
		_, err := o.App.StartBroadcast(o.As(apptest.Botir), made.ID)
		o.check(err)
		if p := o.progress(made.ID); p.Recipients != c.get || p.Queued != c.get {
			t.Errorf("%+v: %+v", c.who, p)
		}
	}
}

func TestABroadcastGoesByItsState(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	boss := o.As(apptest.Botir)
	id := o.start(app.BroadcastInput{Text: "x"})
	if _, err := o.App.StartBroadcast(boss, id); err != nil || o.progress(id).Recipients != 5 {
		t.Errorf("starting twice: %v, %+v", err, o.progress(id))
	}
	first := o.claim(true, 2)
	o.end(app.OutgoingEnd{ID: first[0].ID, State: outgoing.StateSent, TelegramID: 1})
	_, err := o.App.PauseBroadcast(boss, id)
	o.check(err)
	if got := o.claim(true, 10); len(got) != 0 {
		t.Errorf("%d go while it is paused", len(got))
	}
	_, err = o.App.ResumeBroadcast(boss, id)
	o.check(err)
	third := o.claim(true, 1)
	if len(third) != 1 {
		t.Fatal("none goes on")
	}
	_, err = o.App.CancelBroadcast(boss, id)
	o.check(err)
	o.end(app.OutgoingEnd{ID: first[1].ID, State: outgoing.StateUnknown, Fault: "Telegram did not answer"})
	o.end(app.OutgoingEnd{ID: third[0].ID, State: outgoing.StateQueued}) // came back too late
	ended, err := o.App.SettleBroadcasts(o.ctx())
	o.check(err)
	want := app.BroadcastProgress{Recipients: 5, Sent: 1, Unknown: 1, Cancelled: 3}
	if p := o.progress(id); p != want || o.broadcastState(id) != "CANCELLED" || len(ended) != 0 {
		t.Errorf("%+v, %s, reports %v", p, o.broadcastState(id), ended)
	}
	reasons, err := o.App.BroadcastReasons(boss, id)
	o.check(err)
	if got := fmt.Sprint(reasons); got != "[{the broadcast was cancelled 3}]" {
		t.Errorf("reasons %s", got)
	}
	for name, verb := range map[string]func() error{
		"start":  func() error { _, err := o.App.StartBroadcast(boss, id); return err },
		"pause":  func() error { _, err := o.App.PauseBroadcast(boss, id); return err },
		"resume": func() error { _, err := o.App.ResumeBroadcast(boss, id); return err },
	} {
		if err := verb(); domain.KindOf(err) != domain.KindConflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	var audits, words int
	o.One(`SELECT count(*), count(*) FILTER (WHERE details IS NOT NULL) FROM audit_events WHERE object = 'broadcast'`, nil, &audits, &words)
	if audits != 5 || words != 0 {
		t.Errorf("%d audited, %d with details", audits, words)
	}
}

func TestABroadcastEndsWhenNothingIsLeft(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	_, err := o.DB.Exec(`UPDATE employments SET telegram_id = 100007 WHERE email = $1`, apptest.Botir)
	o.check(err)
	id := o.start(app.BroadcastInput{Audience: app.Audience{Roles: []string{"supervisor"}}, Text: "x"})
	for range 2 {
		ended, err := o.App.SettleBroadcasts(o.ctx())
		o.check(err)
		if len(ended) != 0 || o.broadcastState(id) != "RUNNING" {
			t.Fatalf("%s, reports %v", o.broadcastState(id), ended)
		}
		for _, one := range o.claim(true, 1) {
			o.end(app.OutgoingEnd{ID: one.ID, State: outgoing.StateFailed, Fault: "Forbidden: bot was blocked by the user", Unreachable: true})
		}
	}
	for range 2 { // until the report is there
		ended, err := o.App.SettleBroadcasts(o.ctx())
		o.check(err)
		if len(ended) != 1 || ended[0].ID != id || ended[0].TelegramID != 100007 || o.broadcastState(id) != "DONE" {
			t.Fatalf("%s, reports %v", o.broadcastState(id), ended)
		}
	}
	o.put(text(fmt.Sprintf("broadcast:%d:report", id), 100007, app.PriorityNotice, "report"))
	ended, err := o.App.SettleBroadcasts(o.ctx())
	o.check(err)
	if len(ended) != 0 {
		t.Errorf("reported twice: %v", ended)
	}
}

func TestABroadcastIsRefused(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	boss := o.As(apptest.Botir)
	file := &app.StoredFile{SHA256: strings.Repeat("a", 64)}
	for name, in := range map[string]app.BroadcastInput{
		"empty": {Text: " \n"}, "long": {Text: strings.Repeat("ш", 4097)}, "emoji": {Text: strings.Repeat("😀", 2049)},
		"long caption": {Text: strings.Repeat("x", 1025), File: file}, "a role": {Text: "x", Audience: app.Audience{Roles: []string{"boss"}}},
	} {
		if _, err := o.App.PrepareBroadcast(boss, in); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := o.App.PrepareBroadcast(boss, app.BroadcastInput{Text: "x", Audience: app.Audience{Teams: []int{1}}}); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("an unknown team: %v", err)
	}
	nobody := o.prepare(app.BroadcastInput{Text: "x", Audience: app.Audience{Roles: []string{"accountant"}}})
	if _, err := o.App.StartBroadcast(boss, nobody.ID); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("to nobody: %v", err)
	}
	for _, email := range []string{apptest.Jasur, apptest.Aziza, apptest.Nodira} {
		_, prepared := o.App.PrepareBroadcast(o.As(email), app.BroadcastInput{Text: "x"})
		_, started := o.App.StartBroadcast(o.As(email), nobody.ID)
		_, read := o.App.BroadcastProgress(o.As(email), nobody.ID)
		for _, err := range []error{prepared, started, read} {
			if domain.KindOf(err) != domain.KindDenied {
				t.Errorf("%s: %v", email, err)
			}
		}
	}
}

func TestABroadcastWithAFile(t *testing.T) {
	t.Parallel()
	o := openOutbox(t)
	kept, err := o.App.KeepFile(o.ctx(), strings.NewReader("%PDF"))
	o.check(err)
	for name, method := range map[string]string{"": "sendPhoto", "rules.pdf": "sendDocument"} {
		o.start(app.BroadcastInput{Text: "", File: &kept, FileName: name, Audience: app.Audience{Roles: []string{"supervisor"}}})
		got := o.claim(true, 1)[0]
		if got.Method != method || got.File != kept.SHA256 || got.FileName != name || got.FileField != strings.ToLower(strings.TrimPrefix(method, "send")) {
			t.Errorf("%q: %+v", name, got)
		}
		_, err := o.App.CancelBroadcast(o.As(apptest.Botir), got.BroadcastID)
		o.check(err)
	}
}
