package apptest

import (
	"time"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/schedule"
)

// The people of the example and their Telegram ids.
const (
	Aziza  = "aziza@demo.example"  // supervisor of Support, and a member
	Jasur  = "jasur@demo.example"  // employee of Support
	Malika = "malika@demo.example" // employee of Support
	Sardor = "sardor@demo.example" // supervisor of Sales, and a member
	Dilya  = "dilya@demo.example"  // employee of Sales
	Nodira = "nodira@demo.example" // accountant, in no team
	Botir  = "botir@demo.example"  // admin, in no team

	AzizaTelegram  int64 = 100001
	JasurTelegram  int64 = 100002
	MalikaTelegram int64 = 100003
	SardorTelegram int64 = 100004
	DilyaTelegram  int64 = 100005
)

// Zone is the example's: Asia/Tashkent, five hours ahead of UTC all year.
var Zone = mustZone("Asia/Tashkent")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// At is a moment in the example's zone, written 2026-09-02 10:15 or 2026-09-02 10:15:30.
func At(text string) time.Time {
	layout := "2006-01-02 15:04:05"
	if len(text) == len("2006-01-02 15:04") {
		layout = layout[:len("2006-01-02 15:04")]
	}
	at, err := time.ParseInLocation(layout, text, Zone)
	if err != nil {
		panic(err)
	}
	return at
}

// Day is a date, written 2026-09-02.
func Day(text string) domain.Date {
	d, err := domain.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// Month is a period, written 2026-09.
func Month(text string) domain.Period {
	p, err := domain.ParsePeriod(text)
	if err != nil {
		panic(err)
	}
	return p
}

// Money is an amount of so'm.
func Money(text string) *domain.Money {
	m, err := domain.ParseMoney(text, "UZS")
	if err != nil {
		panic(err)
	}
	return &m
}

// ExampleCompany is a company of two teams, seven people, three KPIs and two pay rules, all since January 2026. Each call gives
// another copy, for tests to change.
func ExampleCompany() app.CompanyInput {
	return app.CompanyInput{
		Company: app.CompanySettingsInput{
			Name: "Demo Savdo", Timezone: "Asia/Tashkent", Location: Zone, Currency: "UZS", Language: "uz", ConversationGap: 8 * time.Hour,
		},
		Schedules: []app.ScheduleInput{{Name: "office", From: Day("2026-01-01"), Hours: office()}},
		Teams: []app.TeamInput{
			{Name: "Support", Schedule: "office", ReplyTarget: 15 * time.Minute, Supervisor: Aziza},
			{Name: "Sales", Schedule: "office", ReplyTarget: 30 * time.Minute, Supervisor: Sardor},
		},
		People:      examplePeople(),
		KPIs:        exampleKPIs(),
		Pay:         examplePay(),
		ReportTypes: []app.ReportTypeInput{{Name: "Daily cash", Team: "Support", Recurrence: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", Due: 18 * 60, Grace: 10 * time.Minute, Remind: []time.Duration{-time.Hour}}},
		Analyzers:   []app.WantedAnalyzerInput{{Name: "sentiment", Enabled: true}, {Name: "question", Enabled: true}, {Name: "quality", Enabled: true}, {Name: "topic", Enabled: true}},
	}
}

func office() schedule.Schedule {
	s, err := schedule.New("", map[string][]string{"mon-fri": {"09:00-13:00", "14:00-18:00"}, "sat": {"10:00-14:00"}}, []string{"2026-09-01"}, nil)
	if err != nil {
		panic(err)
	}
	return *s
}

func examplePeople() []app.PersonInput {
	since := Day("2026-01-01")
	person := func(name, email, role, team string, telegram int64, salary string) app.PersonInput {
		return app.PersonInput{
			Name: name, Email: email, Role: role, Team: team, TelegramID: telegram, Joined: Day("2026-01-05"),
			TeamFrom: since, Salary: Money(salary), SalaryFrom: since,
		}
	}
	return []app.PersonInput{
		person("Aziza Karimova", Aziza, "supervisor", "Support", AzizaTelegram, "9000000"),
		person("Jasur Toshev", Jasur, "employee", "Support", JasurTelegram, "6000000"),
		person("Malika Yusupova", Malika, "employee", "Support", MalikaTelegram, "7200000"),
		person("Sardor Aliyev", Sardor, "supervisor", "Sales", SardorTelegram, "8000000"),
		person("Dilya Umarova", Dilya, "employee", "Sales", DilyaTelegram, "5500000"),
		person("Nodira Rahimova", Nodira, "accountant", "", 0, "7000000"),
		person("Botir Saidov", Botir, "admin", "", 0, "12000000"),
	}
}

func exampleKPIs() []app.KPIInput {
	from := Month("2026-01")
	kpi := func(key, title, value, floor, target, weight string) app.KPIInput {
		return app.KPIInput{
			Key: key, Title: title, Value: value, Floor: decimal.MustParse(floor), Target: decimal.MustParse(target),
			Cap: decimal.MustParse("100"), Weight: decimal.MustParse(weight), From: from,
		}
	}
	return []app.KPIInput{
		kpi("reply_speed", "Median reply time, minutes", "wait.median_business / 60", "30", "5", "30"),
		kpi("quality", "Reply quality", "quality.mean", "50", "95", "50"),
		kpi("answered", "Replies within target", "wait.within_target_rate", "0", "1", "20"),
	}
}

func examplePay() *app.PayInput {
	return &app.PayInput{
		From: Month("2026-01"), TaxPercent: decimal.MustParse("12"), FineCapPercent: decimal.MustParse("30"), MinCoverage: decimal.MustParse("0.5"),
		Rules: []app.PayRuleInput{
			{Key: "kpi_bonus", Kind: "bonus", When: "kpi.total >= 80", PercentOfBase: "kpi.total / 10", From: Month("2026-01")},
			{Key: "slow_reply", Kind: "fine", Amount: "50000 * wait.unanswered", From: Month("2026-01")},
		},
	}
}
