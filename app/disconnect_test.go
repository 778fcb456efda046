package app_test

import (
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

// talk is a customer's question in a group and an answer of an account five minutes later.
type talk struct {
	*apptest.World
	t      *testing.T
	answer int64
}

// answered is such a talk, answered by Nodira's account, which an invite has connected.
func answered(t *testing.T) *talk {
	t.Helper()
	w := withBot(t)
	k := &talk{World: w, t: t}
	w.Say(talkChat, 42, apptest.At("2026-09-14 10:00"), "Is it open today?")
	k.answer = w.Say(talkChat, nodiraAccount, apptest.At("2026-09-14 10:05"), "Yes, until six.")
	k.connect(apptest.Nodira, nodiraAccount)
	return k
}

const talkChat = int64(-100500)

func (k *talk) connect(email string, account int64) {
	k.t.Helper()
	if err := accept(k.World, invited(k.t, k.World, email), account); err != nil {
		k.t.Fatal(err)
	}
}

func (k *talk) disconnect(in app.DisconnectInput) app.Disconnected {
	k.t.Helper()
	done, err := k.App.DisconnectTelegram(k.As(apptest.Botir), in)
	if err != nil {
		k.t.Fatal(err)
	}
	return done
}

// whose is the side of a message and the address of its sender, empty for nobody of the company.
func (k *talk) whose(message int64) string {
	k.t.Helper()
	var side, email string
	k.One(`SELECT m.side, COALESCE(e.email, '') FROM messages m LEFT JOIN employments e ON e.user_id = m.sender_id WHERE m.telegram_id = $1`, []any{message}, &side, &email)
	return side + " " + email
}

func (k *talk) want(message int64, want string) {
	k.t.Helper()
	if got := k.whose(message); got != want {
		k.t.Errorf("message %d is %s, want %s", message, got, want)
	}
}

// wait is the first wait: its state and who answered.
func (k *talk) wait() string {
	k.t.Helper()
	var out string
	k.One(`SELECT w.state || ' ' || COALESCE(e.email, '') FROM waits w LEFT JOIN employments e ON e.user_id = w.responder_id ORDER BY w.opened_at LIMIT 1`, nil, &out)
	return out
}

const staffNodira = "STAFF " + apptest.Nodira

// The end of a connection is no correction of the past: what somebody wrote with the account stays theirs, whoever has it next and
// whichever they have next.
func TestTheEndOfAConnectionKeepsWhatWasWritten(t *testing.T) {
	t.Parallel()
	k := answered(t)
	was := k.wait()
	if done := k.disconnect(app.DisconnectInput{Email: apptest.Nodira}); done != (app.Disconnected{Kept: 1}) {
		t.Errorf("%+v", done)
	}
	if _, err := personOf(k.World, nodiraAccount); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("the account is still known: %v", err)
	}
	k.want(k.answer, staffNodira)
	later := k.Say(talkChat, nodiraAccount, apptest.At("2026-09-15 11:00"), "Hello")
	k.want(later, "CUSTOMER ")

	k.connect(apptest.Nodira, otherAccount)
	k.want(k.answer, staffNodira)
	mine := k.Say(talkChat, otherAccount, apptest.At("2026-09-15 11:05"), "From my new number")
	k.want(mine, staffNodira)

	k.connect(apptest.Botir, nodiraAccount) // the number is passed on: what nobody had is Botir's, what was hers is hers
	k.want(k.answer, staffNodira)
	k.want(later, "STAFF "+apptest.Botir)

	company := apptest.ExampleCompany()
	for i := range company.People {
		if company.People[i].Email == apptest.Botir {
			company.People[i].Joined = apptest.Day("2026-09-15") // the file corrects his span, not her words
		}
	}
	k.Apply(company)
	k.want(k.answer, staffNodira)
	if got := k.wait(); got != was {
		t.Errorf("the wait was %s and is %s", was, got)
	}
}

// An account that was connected by mistake takes what it wrote along, and nothing else.
func TestAnAccountThatWasNeverTheirsTakesItsMessages(t *testing.T) {
	t.Parallel()
	k := answered(t)
	k.disconnect(app.DisconnectInput{Email: apptest.Nodira})
	k.connect(apptest.Nodira, otherAccount)
	wrong := k.Say(talkChat, otherAccount, apptest.At("2026-09-14 10:30"), "I am nobody")
	k.want(wrong, staffNodira)
	was := k.wait()
	if done := k.disconnect(app.DisconnectInput{Email: apptest.Nodira, NeverTheirs: true}); done != (app.Disconnected{Moved: 1}) {
		t.Errorf("%+v", done)
	}
	k.want(wrong, "CUSTOMER ")
	k.want(k.answer, staffNodira)
	if got := k.wait(); got != was {
		t.Errorf("the wait was %s and is %s", was, got)
	}
	// The first account was a mistake as well: connected again, it can be said of it too.
	k.connect(apptest.Nodira, nodiraAccount)
	if done := k.disconnect(app.DisconnectInput{Email: apptest.Nodira, NeverTheirs: true}); done != (app.Disconnected{Moved: 1}) {
		t.Errorf("%+v", done)
	}
	k.want(k.answer, "CUSTOMER ")
	if got := k.wait(); got == was {
		t.Errorf("the wait is still %s", got)
	}
}
