package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fincokpi/finco/app/apptest"
)

const inviteQuery = `mutation($in: InviteUserInput!) { inviteUser(input: $in) { user { email } link expiresAt } }`

func TestAdminsInvitePeopleToTelegram(t *testing.T) {
	t.Parallel()
	o := open(t)
	input := map[string]any{"in": map[string]any{"email": apptest.Nodira}}
	if r := o.ask(apptest.Botir, inviteQuery, input); r.code() != "CONFLICT" {
		t.Errorf("without a bot: %s", r.text)
	}
	_, err := o.DB.Exec(`INSERT INTO telegram_bots (bot_id, username, series, created_at) VALUES (7, 'finco_demo_bot', 1, now())`)
	o.check(err)
	r := o.ask(apptest.Botir, inviteQuery, input)
	var said struct {
		Data struct {
			InviteUser struct{ Link, ExpiresAt string }
		}
	}
	o.check(json.Unmarshal([]byte(r.text), &said))
	if made := said.Data.InviteUser; r.code() != "" || !strings.HasPrefix(made.Link, "https://t.me/finco_demo_bot?start=") || made.ExpiresAt != "2026-09-18T07:00:00Z" {
		t.Errorf("%s", r.text)
	}
	if strings.Contains(o.log.String(), "?start=") {
		t.Error("the link is in the log")
	}
	for _, both := range []map[string]any{{}, {"email": apptest.Nodira, "user": "1"}} {
		if r := o.ask(apptest.Botir, inviteQuery, map[string]any{"in": both}); r.code() != "INVALID" {
			t.Errorf("%v: %s", both, r.text)
		}
	}
	for _, email := range []string{apptest.Jasur, apptest.Aziza, apptest.Nodira} {
		if r := o.ask(email, inviteQuery, input); r.code() != "DENIED" {
			t.Errorf("%s: %s", email, r.text)
		}
	}
}
