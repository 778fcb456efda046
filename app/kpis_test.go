package app_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

// september is a month whose edges waits cross. Aziz answers after 60 s, 660 s and 600 s of business time.
func september(o *office) {
	o.say(1, 1, client, "2026-08-31 23:59") // opened in August: no wait of September
	o.say(1, 2, aziz, "2026-09-01 09:10")
	o.say(1, 3, client, "2026-09-01 10:00")
	o.say(1, 4, client, "2026-09-01 10:00")
	o.say(1, 5, aziz, "2026-09-01 10:01")
	o.say(1, 6, client, "2026-09-04 17:55") // Friday evening to Monday morning
	o.say(1, 7, aziz, "2026-09-07 09:06")
	o.say(1, 8, client, "2026-09-30 17:50") // answered in October
	o.say(1, 9, aziz, "2026-10-01 09:00")
	o.say(2, 1, bek, "2026-09-17 10:00")
	o.say(2, 2, client, "2026-09-17 10:05") // never answered; Bek's
}

func compute(t *testing.T, o *office, in app.ComputeKpisInput) []int {
	t.Helper()
	ids, err := o.ComputeKpis(o.as(chief, auth.RoleAdmin), in)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestKpisAreComputedFromTheMessages(t *testing.T) {
	t.Parallel()
	o := newOffice(t, `INSERT INTO kpis (key, title, value, floor, target, cap, weight, "from", removed) VALUES
	 ('open', 'Open', 'wait.unanswered', 10, 0, 100, 1, '2026-01', false), ('sent', 'Sent', 'messages.sent', 0, 10, 100, 1, '2026-01', false),
	 ('first', 'First', 'first_response.median_business', 3600, 0, 100, 1, '2026-09', false), ('gone', 'Gone', 'wait.count', 0, 10, 100, 1, '2026-01', false),
	 ('gone', 'Gone', 'wait.count', 0, 10, 100, 1, '2026-09', true), ('later', 'Later', 'wait.count', 0, 10, 100, 1, '2026-10', false)`)
	september(o)
	ids := compute(t, o, app.ComputeKpisInput{Period: "2026-09"})
	if len(ids) != 5 {
		t.Fatalf("%d results, want one a person: %v", len(ids), ids)
	}
	got := o.ask(`SELECT string_agg(key || '=' || COALESCE(value::text, 'none') || ' ' || COALESCE(score::text, 'none'), ', ' ORDER BY position) FROM kpi_scores WHERE result_id = $1`, ids[0])
	if want := "first=630 82.50, open=0 100.00, quality=none none, sent=3 30.00, speed=600 83.33"; got != want {
		t.Errorf("Aziz: %s, want %s", got, want)
	}
	if got, want := o.ask(`SELECT total || ' ' || coverage FROM kpi_results WHERE id = $1`, ids[0]), "82.74 0.6117"; got != want {
		t.Errorf("Aziz: %s, want %s", got, want)
	}
	if got := o.ask(`SELECT string_agg(key || '=' || COALESCE(value::text, 'none'), ', ' ORDER BY position) FROM kpi_scores WHERE result_id = $1`, ids[1]); got != "first=none, open=1, quality=none, sent=1, speed=none" {
		t.Errorf("Bek: %s", got)
	}
	waits := o.ask(`SELECT string_agg(m.telegram_id::text, ' ' ORDER BY m.telegram_id) FROM kpi_scores s, jsonb_array_elements(s.inputs) i,
	 jsonb_array_elements_text(i->'waits') w JOIN waits ON waits.id = w::bigint JOIN messages m ON m.id = waits.first_message_id WHERE s.result_id = $1 AND s.key = 'speed'`, ids[0])
	if waits != "3 6 8" {
		t.Errorf("the waits behind the speed begin with %q", waits)
	}
}

func TestKpisAreNotStoredTwice(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	september(o)
	early := o.now
	before := compute(t, o, app.ComputeKpisInput{Period: "2026-09"})
	o.now = o.now.Add(time.Hour)
	if again := compute(t, o, app.ComputeKpisInput{Period: "2026-09"}); !slices.Equal(again, before) {
		t.Errorf("the same facts gave %v after %v", again, before)
	}
	o.say(2, 3, bek, "2026-09-17 10:20")
	after := compute(t, o, app.ComputeKpisInput{Period: "2026-09"})
	if after[1] == before[1] || after[0] != before[0] {
		t.Errorf("a new answer of Bek's made %v of %v", after, before)
	}
	if then := compute(t, o, app.ComputeKpisInput{Period: "2026-09", At: &early}); !slices.Equal(then, before) {
		t.Errorf("as of before the answer: %v, want %v", then, before)
	}
	o.say(2, 4, client, "2026-09-17 10:30") // the clock stands still
	o.say(2, 5, bek, "2026-09-17 10:31")
	if last := compute(t, o, app.ComputeKpisInput{Period: "2026-09"}); last[1] == after[1] {
		t.Error("what came in the same microsecond is not counted")
	} else {
		after = last
	}
	if one := compute(t, o, app.ComputeKpisInput{Period: "2026-09", People: []int{bek}}); !slices.Equal(one, after[1:2]) {
		t.Errorf("Bek alone: %v, want %v", one, after[1:2])
	}
}

func TestThePayGateKeepsUnreviewedAnalysesOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var analyses []string
	for i := range 6 {
		o.say(1, 10+i, aziz, fmt.Sprintf("2026-09-02 10:%02d", i))
		analyses = append(analyses, o.judge(1, 10+i, "QUALITY", "", 40))
	}
	quality := func() string {
		ids := compute(t, o, app.ComputeKpisInput{Period: "2026-09", People: []int{aziz}})
		return o.ask(`SELECT COALESCE(value::text, 'none') || ' ' || (note <> '') FROM kpi_scores WHERE result_id = $1 AND key = 'quality'`, ids[0])
	}
	if got := quality(); got != "none true" {
		t.Errorf("without reviews: %s", got)
	}
	for _, id := range analyses[:4] {
		o.review(id, "", 80)
	}
	o.now = o.now.Add(time.Minute)
	if got := quality(); got != "none true" {
		t.Errorf("with four reviews: %s", got)
	}
	o.review(analyses[4], "", 30)
	o.now = o.now.Add(time.Minute)
	if got := quality(); got != "70 true" {
		t.Errorf("with five reviews: %s", got)
	}
}

func TestSentimentIsOfConversationsWherePeopleWrote(t *testing.T) {
	t.Parallel()
	o := newOffice(t, `INSERT INTO kpis (key, title, value, floor, target, cap, weight, "from", removed) VALUES ('mood', 'Mood', 'sentiment.mean', -1, 1, 100, 1, '2026-01', false)`)
	for i, label := range []string{"positive", "negative", "positive", "positive", "positive", "negative"} {
		o.say(1, 10+i, client, fmt.Sprintf("2026-09-02 10:%02d", i))
		o.review(o.judge(1, 10+i, "SENTIMENT", "neutral", 0), label, nil)
	}
	o.say(1, 20, aziz, "2026-09-02 17:00")
	o.say(1, 21, bek, "2026-09-04 10:00") // another conversation
	o.now = o.now.Add(time.Minute)
	ids := compute(t, o, app.ComputeKpisInput{Period: "2026-09", People: []int{aziz, bek}})
	for i, want := range []string{"0.3333333333333333", "none"} {
		if got := o.ask(`SELECT COALESCE(value::text, 'none') FROM kpi_scores WHERE result_id = $1 AND key = 'mood'`, ids[i]); got != want {
			t.Errorf("person %d: %s, want %s", i+1, got, want)
		}
	}
}

func TestWhatNeedsNoReplyIsNoWait(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.say(1, 1, client, "2026-09-02 10:00")
	o.say(1, 2, aziz, "2026-09-02 12:00")
	rahmat := o.judge(1, 1, "NEEDS_REPLY", "no", nil)
	month := app.ResponseStatsInput{Period: "2026-09"}
	count := func() int {
		stats, err := o.ResponseStats(o.as(chief, auth.RoleAdmin), month)
		if err != nil {
			t.Fatal(err)
		}
		return stats.Waits
	}
	o.now = o.now.Add(time.Minute)
	if got := count(); got != 1 {
		t.Errorf("below the gate a machine decided: %d waits, want 1", got)
	}
	o.review(rahmat, "no", nil)
	o.now = o.now.Add(time.Minute)
	if got := count(); got != 0 {
		t.Errorf("a person decided: %d waits, want 0", got)
	}
}

// TestStatisticsAgreeWithTheStoredWaits compares two ways to one number: the waits settled message by message, in any order,
// and the facts read at once.
func TestStatisticsAgreeWithTheStoredWaits(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	random := rand.New(rand.NewPCG(1, 2))
	start := at("2026-08-28 00:00")
	var all []app.MessageInput
	for i := range 600 {
		who := []int{client, client + 1, aziz, bek}[random.IntN(4)]
		all = append(all, app.MessageInput{
			Chat: app.ChatInput{TelegramID: int64(1 + random.IntN(6)), Kind: "GROUP"}, TelegramID: int64(i + 1), Thread: int64(random.IntN(2)), Kind: "TEXT",
			Sender: app.SenderInput{Kind: app.FromUser, TelegramID: int64(who) * 10}, SentAt: start.Add(time.Duration(random.IntN(37*24*60)) * time.Minute), Text: "words",
		})
	}
	for part := range slices.Chunk(all, 50) {
		if _, err := o.RecordMessages(o.system("intake"), part); err != nil {
			t.Fatal(err)
		}
	}
	for _, in := range []struct {
		app.ResponseStatsInput
		where string
	}{
		{app.ResponseStatsInput{}, `TRUE`},
		{app.ResponseStatsInput{Team: new(int)}, `team_id = 1`},
		{app.ResponseStatsInput{Person: new(int)}, `CASE WHEN closed_at IS NULL THEN assignee_id ELSE responder_id END = 1`},
	} {
		for _, id := range []*int{in.Team, in.Person} {
			if id != nil {
				*id = 1
			}
		}
		in.Period = "2026-09"
		stats, err := o.ResponseStats(o.as(chief, auth.RoleAdmin), in.ResponseStatsInput)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(stats.Waits, stats.Answered, stats.Within, stats.Breached)
		want := o.ask(`SELECT concat_ws(' ', count(*), count(closed_at), count(*) FILTER (WHERE state = 'WITHIN'), count(*) FILTER (WHERE state = 'BREACHED' OR breaches_at <= $1))
FROM waits WHERE state NOT IN ('DISSOLVED', 'NO_REPLY_NEEDED') AND opened_at >= '2026-09-01Z' AND opened_at < '2026-10-01Z' AND `+in.where, o.now)
		if got != want || stats.Waits == 0 {
			t.Errorf("%s: %s, stored are %s", in.where, got, want)
		}
	}
}

func TestMarkedMonthsAreRefreshed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	september(o)
	n, err := o.RefreshKpis(o.system("scheduler"))
	if err != nil {
		t.Fatal(err)
	}
	if left := o.ask(`SELECT count(*) FROM kpi_refreshes`); n == 0 || left != "0" {
		t.Errorf("%d refreshed, %s marks are left", n, left)
	}
	if got := o.ask(`SELECT string_agg(DISTINCT user_id || ' ' || period, ', ' ORDER BY user_id || ' ' || period) FROM kpi_results`); !strings.HasPrefix(got, "1 2026-09, ") {
		t.Errorf("results of %s", got)
	}
	if n, err = o.RefreshKpis(o.system("scheduler")); n != 0 || err != nil {
		t.Errorf("without marks %d were refreshed, %v", n, err)
	}
}

func TestStatisticsShowWhatTheRoleCovers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	september(o)
	for _, c := range []struct {
		user         int
		role         string
		person, team int
		want         domain.Kind
	}{
		{aziz, auth.RoleEmployee, aziz, 0, ""},
		{aziz, auth.RoleEmployee, bek, 0, domain.KindNotFound},
		{aziz, auth.RoleEmployee, 0, 1, domain.KindNotFound},
		{aziz, auth.RoleEmployee, 0, 0, domain.KindDenied},
		{vali, auth.RoleSupervisor, bek, 0, ""},
		{vali, auth.RoleSupervisor, chief, 0, domain.KindNotFound},
		{vali, auth.RoleSupervisor, 0, 1, ""},
		{vali, auth.RoleSupervisor, 0, 2, domain.KindNotFound},
		{amal, auth.RoleAccountant, 0, 0, ""},
		{chief, auth.RoleAdmin, 77, 0, domain.KindNotFound},
	} {
		in := app.ResponseStatsInput{Period: "2026-09"}
		if c.person != 0 {
			in.Person = &c.person
		}
		if c.team != 0 {
			in.Team = &c.team
		}
		if _, err := o.ResponseStats(o.as(c.user, c.role), in); domain.KindOf(err) != c.want {
			t.Errorf("%s asks for person %d, team %d: %v, want %q", c.role, c.person, c.team, err, c.want)
		}
	}
}

func TestAgreementComparesLabelsAndScores(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i := range 40 {
		o.say(1, 100+2*i, client, fmt.Sprintf("2026-09-02 10:%02d", i))
		o.say(1, 101+2*i, aziz, fmt.Sprintf("2026-09-02 10:%02d", i))
		label := "negative"
		if i < 20 {
			label = "positive"
		}
		o.review(o.judge(1, 100+2*i, "SENTIMENT", "positive", 0.9), label, nil)
		o.review(o.judge(1, 101+2*i, "QUALITY", "", 50), "", 59)
	}
	o.now = o.now.Add(time.Minute)
	rows, err := o.Agreement(o.as(chief, auth.RoleAdmin), app.AgreementInput{})
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, want := range []string{"QUALITY 40 1 true", "SENTIMENT 40 0.5 false"} {
		if got := fmt.Sprint(rows[i].Kind, " ", rows[i].Labels, " ", rows[i].Stats.Agreement.Decimal, " ", rows[i].GateOpen); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if mine, err := o.Agreement(o.as(bek, auth.RoleEmployee), app.AgreementInput{}); err != nil || len(mine) != 0 {
		t.Errorf("Bek sees %d rows of what Aziz wrote, %v", len(mine), err)
	}
}
