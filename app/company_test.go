package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/schedule"
)

func TestApplyingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	if changes := w.Apply(apptest.ExampleCompany()); len(changes) < 20 {
		t.Errorf("the first time: %q", changes)
	}
	if changes := w.Apply(apptest.ExampleCompany()); len(changes) != 0 {
		t.Errorf("the second time: %q", changes)
	}
	w.Clock.Set(apptest.At("2026-11-03 09:00"))
	if changes := w.Apply(apptest.ExampleCompany()); len(changes) != 0 {
		t.Errorf("two months later: %q", changes)
	}
	if _, err := w.App.ApplyCompany(w.As(apptest.Aziza), app.ApplyCompanyInput{Company: apptest.ExampleCompany()}); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("a supervisor got %v", err)
	}
	if _, err := w.App.ApplyCompany(w.As(apptest.Botir), app.ApplyCompanyInput{Company: apptest.ExampleCompany()}); err != nil {
		t.Errorf("an admin got %v", err)
	}
}

func TestTwoFilesAtOnceAreOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	changes := make(chan int, 4)
	for range cap(changes) {
		go func() {
			done, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: apptest.ExampleCompany()})
			if err != nil {
				t.Error(err)
			}
			changes <- len(done.Changes)
		}()
	}
	changed := 0
	for range cap(changes) {
		if <-changes > 0 {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d of them changed something", changed)
	}
}

func TestTopicsGoToTheAnalyzerThatHasThem(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	in := apptest.ExampleCompany()
	in.Topics = []app.TopicInput{{Name: "delivery", Phrases: []string{"yetkazib berish", "доставка"}}}
	w.Apply(in)
	for name, settings := range map[string]string{"topic": `{"topics":{}}`, "mood": `{"topics":{}}`} {
		plugin := plugin(name, "1", "a")
		plugin.Settings = []byte(settings)
		if _, err := w.App.RegisterAnalyzer(w.Operator(), plugin); err != nil {
			t.Fatal(err)
		}
	}
	if got := enabled(t, w); got != `mood 1 a {"topics": {}}; topic 1 a {"topics": {"delivery": ["yetkazib berish", "доставка"]}}` {
		t.Errorf("got %s", got)
	}
	in.Topics[0].Phrases = in.Topics[0].Phrases[:1]
	if changes := w.Apply(in); len(changes) != 2 {
		t.Errorf("changed: %q", changes)
	}
	if changes := w.Apply(in); len(changes) != 0 {
		t.Errorf("again: %q", changes)
	}
	// Neither need the analyzer be named, nor do topics stay that the file no longer has.
	in.Analyzers, in.Topics = nil, []app.TopicInput{{Name: "gifts", Phrases: []string{"sovg'a"}}}
	w.Apply(in)
	if got := enabled(t, w); !strings.Contains(got, `topic 1 a {"topics": {"gifts": ["sovg'a"]}}`) {
		t.Errorf("got %s", got)
	}
	in.Topics = nil
	if _, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: in, Prune: true}); err != nil {
		t.Fatal(err)
	}
	if got := enabled(t, w); !strings.Contains(got, `topic 1 a {"topics": {}}`) {
		t.Errorf("got %s", got)
	}
}

func TestAFileWithoutDaysIsAppliedTwice(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	in := apptest.ExampleCompany()
	in.Schedules[0].From = domain.Date{}
	in.Pay.From = domain.Period{}
	for i := range in.People {
		in.People[i].Joined, in.People[i].TeamFrom, in.People[i].SalaryFrom = domain.Date{}, domain.Date{}, domain.Date{}
	}
	for i := range in.KPIs {
		in.KPIs[i].From = domain.Period{}
	}
	for i := range in.Pay.Rules {
		in.Pay.Rules[i].From = domain.Period{}
	}
	in.Chats = []app.ChatOwnerInput{{TelegramID: -1001234567890, Team: "Sales", Assignee: apptest.Dilya}}
	in.Topics = []app.TopicInput{{Name: "delivery", Phrases: []string{"yetkazib berish"}}}
	in.People[1].Shifts = schedule.Shifts{apptest.Day("2026-09-20"): {{Start: 600, End: 660}}, apptest.Day("2026-09-21"): {}}
	in.People[1].Schedule = "office"
	first := w.Apply(in)
	if !slices.Contains(first, "person jasur@demo.example: salary from 2026-09-01: 6000000.00 UZS") {
		t.Errorf("the first time: %q", first)
	}
	for _, at := range []string{"2026-09-15 13:00", "2026-10-15 13:00"} {
		w.Clock.Set(apptest.At(at))
		if changes := w.Apply(in); len(changes) != 0 {
			t.Errorf("again at %s: %q", at, changes)
		}
	}
}

func TestChangesAreToldAndKeptFromThisMonthOn(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	in := apptest.ExampleCompany()
	in.Company.Name = "Savdo"
	in.Teams[0].ReplyTarget = 10 * time.Minute
	in.People[1].Salary = apptest.Money("6500000")
	in.People[1].Team = "Sales"
	in.People[2].Role = "supervisor"
	in.KPIs[0].Weight = decimal.MustParse("40.0")
	in.Pay.TaxPercent = decimal.MustParse("13")
	in.Pay.Rules[1].Amount = "60000 * wait.unanswered"
	in.ReportTypes[0].Due = 17 * 60
	in.Analyzers[3].Enabled = false
	want := []string{
		"company: name Demo Savdo → Savdo",
		"team Support: reply target 15m0s → 10m0s",
		"person jasur@demo.example: team from 2026-09-01: Sales",
		"person jasur@demo.example: salary from 2026-09-01: 6500000.00 UZS",
		"person malika@demo.example: role employee → supervisor",
		"KPI reply_speed: from 2026-09 wait.median_business / 60, floor 30, target 5, cap 100, weight 40",
		"pay from 2026-09: tax 13 %, fine cap 30 %, least coverage 0.5",
		"pay rule slow_reply: fine from 2026-09, amount 60000 * wait.unanswered",
		"report type Daily cash: changed",
		"analyzer topic: not wanted",
		"analyzer topic 1: disabled",
	}
	dry, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: in, DryRun: true})
	if err != nil || !slices.Equal(dry.Changes, want) {
		t.Errorf("a dry run says %q, %v", dry.Changes, err)
	}
	if got := w.Apply(in); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := w.Apply(in); len(got) != 0 {
		t.Errorf("again: %q", got)
	}
	var old, rules int
	w.One(`SELECT count(*) FROM salaries WHERE user_id = $1 AND "from" = '2026-01-01' AND amount = 600000000`, []any{w.ID(apptest.Jasur)}, &old)
	w.One(`SELECT count(*) FROM kpis WHERE key = 'reply_speed' AND "from" = '2026-01' AND weight = 30`, nil, &rules)
	if old != 1 || rules != 1 {
		t.Error("what held before is gone")
	}
	var details string
	w.One(`SELECT details::text FROM audit_events WHERE verb = 'apply' ORDER BY id DESC LIMIT 1`, nil, &details)
	if strings.Contains(details, "6500000") || !strings.Contains(details, "salary") {
		t.Errorf("the audit says %s", details)
	}
}

func TestASalaryCorrectedTwiceInOneDayIsTheLast(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	in := apptest.ExampleCompany()
	for _, amount := range []string{"6500000", "6600000", "6500000"} {
		in.People[1].Salary = apptest.Money(amount)
		if changes := w.Apply(in); len(changes) != 1 {
			t.Errorf("%s: %q", amount, changes)
		}
	}
	var amount int64
	w.One(`SELECT amount FROM salaries WHERE user_id = $1 ORDER BY "from" DESC, created_at DESC LIMIT 1`, []any{w.ID(apptest.Jasur)}, &amount)
	if amount != 650000000 {
		t.Errorf("the salary is %d", amount)
	}
}

func TestAFileWithFaultsChangesNothing(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	for name, spoil := range map[string]func(*app.CompanyInput){
		"currency":    func(in *app.CompanyInput) { in.Company.Currency = "ABC" },
		"time zone":   func(in *app.CompanyInput) { in.Company.Location = nil },
		"role":        func(in *app.CompanyInput) { in.People[0].Role = "boss" },
		"system role": func(in *app.CompanyInput) { in.People[0].Role = "system:operator" },
		"team":        func(in *app.CompanyInput) { in.People[0].Team = "Nobody" },
		"schedule":    func(in *app.CompanyInput) { in.Teams[0].Schedule = "night" },
		"supervisor":  func(in *app.CompanyInput) { in.Teams[0].Supervisor = "x@demo.example" },
		"assignee": func(in *app.CompanyInput) {
			in.Chats = []app.ChatOwnerInput{{TelegramID: -100, Assignee: "x@demo.example"}}
		},
		"Telegram id of two":    func(in *app.CompanyInput) { in.People[0].TelegramID = apptest.JasurTelegram },
		"weight":                func(in *app.CompanyInput) { in.KPIs[0].Weight = decimal.Zero },
		"last day before first": func(in *app.CompanyInput) { in.People[0].Left = apptest.Day("2020-01-01") },
		"own schedule to come": func(in *app.CompanyInput) {
			in.People[0].Schedule, in.People[0].ScheduleFrom = "office", apptest.Day("2026-12-01")
		},
		"settings": func(in *app.CompanyInput) { in.Analyzers[0].Settings = []byte(`[1]`) },
	} {
		t.Run(name, func(t *testing.T) {
			in := apptest.ExampleCompany()
			in.Company.Name = "Other"
			spoil(&in)
			if _, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: in}); domain.KindOf(err) != domain.KindInvalid {
				t.Errorf("got %v", err)
			}
			if changes := w.Apply(apptest.ExampleCompany()); len(changes) != 0 {
				t.Errorf("it changed: %q", changes)
			}
		})
	}
}

func TestTelegramIDsAreTraded(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	in := apptest.ExampleCompany()
	in.People[1].TelegramID, in.People[2].TelegramID = apptest.MalikaTelegram, apptest.JasurTelegram
	if changes := w.Apply(in); len(changes) != 2 {
		t.Errorf("got %q", changes)
	}
	in.People = in.People[:2]
	in.People[1].TelegramID = apptest.SardorTelegram
	_, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: in})
	if domain.KindOf(err) != domain.KindConflict {
		t.Errorf("the id of somebody who is not in the file: %v", err)
	}
}

func TestPruneEndsAndRemoves(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Say(-1001, 5, apptest.At("2026-09-15 10:00"), "Salom")
	w.Say(-1001, apptest.JasurTelegram, apptest.At("2026-09-15 10:05"), "Salom!")
	w.RunJobs()
	malika := w.ID(apptest.Malika)
	if _, err := w.DB.Exec(`DELETE FROM kpi_refreshes`); err != nil {
		t.Fatal(err)
	}
	in := apptest.ExampleCompany()
	in.People = slices.DeleteFunc(in.People, func(p app.PersonInput) bool {
		return p.Email == apptest.Jasur || p.Email == apptest.Malika || p.Email == apptest.Botir
	})
	in.KPIs, in.Pay.Rules, in.ReportTypes = in.KPIs[:2], in.Pay.Rules[:1], nil
	if changes := w.Apply(in); len(changes) != 0 {
		t.Errorf("without prune: %q", changes)
	}
	prune := func() []string {
		t.Helper()
		done, err := w.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: in, Prune: true})
		if err != nil {
			t.Fatal(err)
		}
		return done.Changes
	}
	changes := prune()
	for _, want := range []string{
		"KPI answered: removed from 2026-09", "pay rule slow_reply: removed from 2026-09",
		"person jasur@demo.example: last day: 2026-09-15", "person jasur@demo.example: status active → left",
	} {
		if !slices.Contains(changes, want) {
			t.Errorf("%q is missing in %q", want, changes)
		}
	}
	if again := prune(); len(again) != 0 {
		t.Errorf("again: %q", again)
	}
	if _, err := w.App.ActorByEmail(w.Operator(), apptest.Jasur); domain.KindOf(err) != domain.KindUnauthenticated {
		t.Errorf("who was ended is %v", err)
	}
	w.As(apptest.Botir) // an admin stays
	var results, users int
	w.One(`SELECT count(*) FROM kpi_results WHERE user_id = $1`, []any{malika}, &results)
	w.One(`SELECT count(*) FROM users WHERE id = $1`, []any{malika}, &users)
	if (results == 0) != (users == 0) {
		t.Errorf("%d results of a person who is there %d times", results, users)
	}
}

func TestWhoIsListedAgainIsBack(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	in := apptest.ExampleCompany()
	in.People[1].Left = apptest.Day("2026-09-10")
	w.Apply(in)
	if _, err := w.App.ActorByEmail(w.Operator(), apptest.Jasur); err == nil {
		t.Error("who left is still somebody")
	}
	w.Apply(apptest.ExampleCompany())
	w.As(apptest.Jasur)
}

func TestADayEndsAndBeginsWhatTheFileSaid(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	in := apptest.ExampleCompany()
	in.People[1].Left = apptest.Day("2026-09-20")
	in.People[2].Team, in.People[2].TeamFrom = "Sales", apptest.Day("2026-09-21")
	w.Apply(in)
	if n, err := w.App.BeginDay(w.System("scheduler")); n != 0 || err != nil {
		t.Errorf("today: %d, %v", n, err)
	}
	w.As(apptest.Jasur)
	w.Clock.Set(apptest.At("2026-09-21 00:00"))
	if n, err := w.App.BeginDay(w.System("scheduler")); n != 2 || err != nil {
		t.Errorf("on the day: %d, %v", n, err)
	}
	if n, err := w.App.BeginDay(w.System("scheduler")); n != 0 || err != nil {
		t.Errorf("twice: %d, %v", n, err)
	}
	if _, err := w.App.ActorByEmail(w.Operator(), apptest.Jasur); err == nil {
		t.Error("who left is still somebody")
	}
	var team string
	w.One(`SELECT t.name FROM users u JOIN teams t ON t.id = u.team_id WHERE u.id = $1`, []any{w.ID(apptest.Malika)}, &team)
	if team != "Sales" {
		t.Errorf("the team is %s", team)
	}
	if changes := w.Apply(in); len(changes) != 0 {
		t.Errorf("the file again: %q", changes)
	}
}
