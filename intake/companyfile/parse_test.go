package companyfile

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/domain"
)

func example(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestExample(t *testing.T) {
	t.Parallel()
	f, faults := Parse([]byte(example(t, "company.yml")))
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	c := f.Company
	if c.Name != "Demo Savdo" || c.Location.String() != "Asia/Tashkent" || c.Currency != "UZS" || c.Language != "uz" || c.ConversationGap != 8*time.Hour {
		t.Errorf("company: %+v", c)
	}
	s := f.Schedules[0]
	if s.Name != "office" || len(s.Hours.Holidays) != 2 || len(s.Hours.Exceptions) != 1 || s.Hours.Days[time.Monday][0].String() != "09:00-13:00" || s.Hours.Days[time.Sunday] != nil {
		t.Errorf("schedule: %+v", s)
	}
	if want := (Team{Name: "Support", Schedule: "office", ReplyTarget: 15 * time.Minute, Supervisor: "aziza@demo.example"}); f.Teams[0] != want {
		t.Errorf("team: %+v", f.Teams[0])
	}
	if want := (Chat{TelegramID: -1001234567890, Team: "Support", Assignee: "jasur@demo.example"}); f.Chats[0] != want {
		t.Errorf("chat: %+v", f.Chats[0])
	}
	aziza, jasur := f.People[0], f.People[1]
	if aziza.Role != "supervisor" || aziza.Joined.String() != "2026-01-05" || aziza.TelegramID != 100001 || aziza.Salary.Minor != 900_000_000 {
		t.Errorf("aziza: %+v", aziza)
	}
	if jasur.Salary.String() != "6000000.00" || len(jasur.Shifts) != 1 || !jasur.Joined.IsZero() {
		t.Errorf("jasur: %+v", jasur)
	}
	k := f.KPIs[0]
	if k.Key != "reply_speed" || k.Value != "wait.median_business / 60" || k.Floor.String() != "30" || k.Cap.String() != "100" || k.From.String() != "2026-09" {
		t.Errorf("KPI: %+v", k)
	}
	if p := f.Pay; p.TaxPercent.String() != "12" || len(p.Rules) != 2 || p.Rules[1].Amount != "50000 * reports.missing" || p.MinCoverage.String() != "0.5" {
		t.Errorf("pay: %+v", p)
	}
	r := f.ReportTypes[0]
	if r.Team != "Support" || r.Due != 18*60 || r.Grace != 10*time.Minute || !reflect.DeepEqual(r.Remind, []time.Duration{-time.Hour, -10 * time.Minute, 15 * time.Minute}) {
		t.Errorf("report type: %+v", r)
	}
	if len(f.Analyzers) != 5 || !f.Analyzers[0].Enabled {
		t.Errorf("analyzers: %+v", f.Analyzers)
	}
}

func TestStaffLists(t *testing.T) {
	t.Parallel()
	for name, people := range map[string]int{"train.yml": 79, "dev.yml": 53} {
		f, faults := Parse([]byte(example(t, name)))
		if faults.Err() != nil || len(f.People) != people || f.Teams[0].ReplyTarget != time.Minute {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

const small = `company: { name: X, timezone: Asia/Tashkent, currency: UZS }
schedules: [{ name: office, days: { mon-fri: ["09:00-18:00"] } }]
teams:
  - { name: Support, schedule: office }
people:
  - { name: A, email: a@x.example, team: Support }
`

func TestOneFaultEach(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, want string }{
		{"company:", "compani:", "line 1: compani: there is no such field; did you mean company?"},
		{"name: X,", "", "line 1: company.name: it is missing"},
		{"name: X", "name: 5", "line 1: company.name: a text is needed, not a number: put it in quotes"},
		{"Asia/Tashkent", "Tashkent", `line 1: company.timezone: "Tashkent" is no IANA time zone: write it like Asia/Tashkent`},
		{"UZS", "SUM", `line 1: company.currency: "SUM" is no currency of ISO 4217: write it like UZS`},
		{"UZS", "UZS, language: de", `line 1: company.language: "de" is none of uz, ru, en`},
		{"UZS", "UZS, conversation_gap: 8", `line 1: company.conversation_gap: a text is needed, not a number: put it in quotes`},
		{"UZS", "UZS, conversation_gap: 8 hours", `line 1: company.conversation_gap: "8 hours" is no duration: write it like 15m, 8h or 1h30m`},
		{"UZS", "UZS, conversation_gap: 0s", `line 1: company.conversation_gap: it must lie between 1m and 720h`},
		{"UZS", `UZS, bot: { digest_at: "9" }`, `line 1: company.bot.digest_at: "9" is neither a time of the day such as "09:00" nor never`},
		{"UZS", `UZS, bot: { digest_at: "24:00" }`, `line 1: company.bot.digest_at: "24:00" is neither`},
		{"UZS", `UZS, bot: { writes_in_chats: 1 }`, `line 1: company.bot.writes_in_chats: true or false is needed, not a number`},
		{"UZS", `UZS, bot: { token: x }`, `line 1: company.bot.token: there is no such field`},
		{`] } }]`, `] }, asks_location: maybe }]`, `line 2: schedules[0].asks_location: true or false is needed`},
		{`] } }]`, `] }, asks_location: true }, { name: office, from: 2026-01, asks_location: false, days: { mon: ["09:00-18:00"] } }]`,
			`line 2: schedules[1].asks_location: another version of this schedule says otherwise`},
		{"team: Support", `phone: "call me"`, `line 6: people[0].phone: it is no phone number: write it like "+998 90 123 45 67"`},
		{"team: Support }", `phone: "90 123-45-67" }` + "\n  - { name: B, email: b@x.example, phone: 998901234567 }", `line 7: people[1].phone: "998901234567" is already in line 6`},
		{"09:00-18:00", "9:00-25:00", "schedules[0].days.mon-fri[0]:"},
		{"09:00-18:00", "09:00-09:00", "schedules[0].days.mon-fri[0]:"},
		{"mon-fri", "monday", "schedules[0].days.monday:"},
		{`mon-fri: ["09:00-18:00"]`, `mon-fri: ["09:00-18:00"], tue: []`, "schedules[0].days:"},
		{"schedule: office", "schedule: offise", `line 4: teams[0].schedule: there is no schedule "offise" in this file; did you mean office?`},
		{"schedule: office", "schedule: office, supervisor: b@x.example", `line 4: teams[0].supervisor: there is no person "b@x.example" in this file; did you mean a@x.example?`},
		{"schedule: office", "schedule: office, supervisor: a@x.example", `line 4: teams[0].supervisor: a@x.example has the role employee`},
		{"schedule: office", "schedule: office, reply_target: -5m", `teams[0].reply_target: it must lie between 1s and 720h`},
		{"team: Support", "team: Suport", `line 6: people[0].team: there is no team "Suport" in this file; did you mean Support?`},
		{"a@x.example", "a.x.example", `line 6: people[0].email: "a.x.example" is no e-mail address`},
		{"team: Support", "salary: 6000000.50", `line 6: people[0].salary: write an amount with decimals in quotes, like "6000000.50"`},
		{"team: Support", "salary: -1", "people[0].salary: it must not be below 0"},
		{"team: Support", `salary: "1.234"`, "people[0].salary: UZS has 2 decimals"},
		{"team: Support", `salary: "1e9"`, "people[0].salary:"},
		{"team: Support", `salary: 1e100000000`, "people[0].salary:"},
		{"team: Support", `salary: 0x10`, "people[0].salary:"},
		{"team: Support", `salary: [1]`, "people[0].salary: a single value is needed, not a list"},
		{"team: Support", `salary: {amount: 5, form: 2026-09}`, "people[0].salary.form: there is no such field; did you mean from?"},
		{"team: Support", "role: boss", `people[0].role: "boss" is none of employee, supervisor, accountant, admin`},
		{"team: Support", "joined: 2026-02-30", `people[0].joined: "2026-02-30" is not a date`},
		{"team: Support", "joined: 2026-02-03, left: 2026-01-01", `people[0].left: it is before joined`},
		{"team: Support", "telegram_id: -5", `people[0].telegram_id: a person's Telegram id is above 0`},
		{"team: Support", "telegram_id: '5'", `people[0].telegram_id: a whole number is needed, not a text`},
		{"team: Support", "team: Support, team: Support", `people[0].team: it is given twice`},
		{"team: Support", "from: soon", `people[0].from: "soon" is not a date`},
		{"team: Support", `shifts: { "2026-13-01": ["09:00-10:00"] }`, `people[0].shifts.2026-13-01: "2026-13-01" is not a date`},
	} {
		if !strings.Contains(small, c.from) {
			t.Fatalf("no %q in the file", c.from)
		}
		_, faults := Parse([]byte(strings.Replace(small, c.from, c.to, 1)))
		if !strings.Contains(faults.Error(), c.want) {
			t.Errorf("%s → %s:\n%s\nwant %s", c.from, c.to, faults.Error(), c.want)
		}
		if c.from != "company:" && len(faults) != 1 {
			t.Errorf("%s → %s: %d faults:\n%s", c.from, c.to, len(faults), faults.Error())
		}
	}
}

func TestAddedSections(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"same e-mail":     {"  - { name: B, email: A@x.example }\n", `line 7: people[1].email: "a@x.example" is already in line 6`},
		"same Telegram":   {"  - { name: B, email: b@x.example, telegram_id: 7 }\n  - { name: C, email: c@x.example, telegram_id: 7 }\n", `line 8: people[2].telegram_id: "7" is already in line 7`},
		"KPI name":        {"kpis: [{ key: k, value: wait.medain_business, floor: 1, target: 2, weight: 1 }]\n", "wait.median_business"},
		"KPI twice":       {"kpis:\n  - { key: k, value: wait.count, floor: 1, target: 2, weight: 1 }\n  - { key: k, value: wait.count, floor: 1, target: 2, weight: 1 }\n", "kpis[1].key:"},
		"KPI scale":       {"kpis: [{ key: k, value: wait.count, floor: 2, target: 2, weight: 0, cap: -1 }]\n", "kpis[0].floor: it must differ from the target"},
		"KPI as word":     {"kpis: [{ key: total, value: wait.count, floor: 1, target: 2, weight: 1 }]\n", "already means something"},
		"KPI from":        {"kpis: [{ key: k, value: wait.count, floor: 1, target: 2, weight: 1, from: 2026-09-05 }]\n", `kpis[0].from: "2026-09-05" is no month`},
		"condition":       {"pay: { rules: [{ key: r, kind: bonus, when: 5, amount: 1 }] }\n", "pay.rules[0].when:"},
		"unknown KPI":     {"pay: { rules: [{ key: r, kind: bonus, amount: 'kpi[\"speed\"]' }] }\n", "pay.rules[0].amount:"},
		"both amounts":    {"pay: { rules: [{ key: r, kind: bonus, amount: 1, percent_of_base: 1 }] }\n", "pay.rules[0]: exactly one of amount and percent_of_base is needed"},
		"bonus after tax": {"pay: { rules: [{ key: r, kind: bonus, after_tax: true, amount: 1 }] }\n", "only a fine can be after tax"},
		"tax":             {"pay: { tax_percent: 120 }\n", "pay.tax_percent: it must lie between 0 and 100"},
		"recurrence":      {"report_types: [{ name: R, audience: { role: employee }, recurrence: FREQ=OFTEN, due: '18:00' }]\n", "report_types[0].recurrence:"},
		"hourly":          {"report_types: [{ name: R, audience: { role: employee }, recurrence: FREQ=HOURLY, due: '18:00' }]\n", "FREQ must be"},
		"due":             {"report_types: [{ name: R, audience: { role: employee }, recurrence: FREQ=DAILY, due: '25:00' }]\n", "report_types[0].due:"},
		"audience":        {"report_types: [{ name: R, audience: { team: T, role: employee }, recurrence: FREQ=DAILY, due: '18:00' }]\n", "exactly one of team and role"},
		"analyzer twice":  {"analyzers: [{ name: topic }, { name: topic }]\n", "analyzers[1].name:"},
		"settings":        {"analyzers: [{ name: topic, settings: [1] }]\n", "analyzers[0].settings:"},
		"topic":           {"topics: [{ name: delivery, phrases: [] }]\n", "topics[0].phrases: at least one phrase is needed"},
		"other topic":     {"topics: [{ name: other, phrases: [salom] }]\n", "topics[0].name: other is what no topic fits"},
		"long topic":      {"topics: [{ name: " + strings.Repeat("x", 65) + ", phrases: [salom] }]\n", "topics[0].name: a topic's name has 1 to 64 bytes"},
		"empty phrase":    {"topics: [{ name: delivery, phrases: [salom, '42?'] }]\n", "topics[0].phrases[1]: a phrase needs a word of two letters"},
		"many phrases":    {"topics: [{ name: delivery, phrases: [" + strings.Repeat("salom, ", 101) + "] }]\n", "101 phrases are more than 100"},
		"many topics":     {"topics:\n" + manyTopics(51), "51 topics are more than 50"},
		"chat twice":      {"chats: [{ telegram_id: -5 }, { telegram_id: -5 }]\n", "chats[1].telegram_id:"},
		"chat's team":     {"chats: [{ telegram_id: -5, team: Sales }]\n", `chats[0].team: there is no team "Sales"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := Parse([]byte(small + c.text))
			if !strings.Contains(faults.Error(), c.want) {
				t.Errorf("got\n%s\nwant %s", faults.Error(), c.want)
			}
		})
	}
}

func manyTopics(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "  - { name: topic %d, phrases: [salom] }\n", i)
	}
	return text.String()
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	text := `company:
  name: X
  timezone: Nowhere
  currency: UZS
teams:
  - name: Support
    schedule: missing
    colour: red
people:
  - name: A
    email: nobody
    salary: 1.5
kpis:
  - key: speed
    value: wait.medain
    floor: 1
    target: 2
    weight: -1
`
	_, faults := Parse([]byte(text))
	var lines []int
	for _, f := range faults {
		lines = append(lines, f.Line)
	}
	if !reflect.DeepEqual(lines, []int{3, 7, 8, 11, 12, 15, 18}) {
		t.Fatalf("faults:\n%s", faults)
	}
	err := faults.Err()
	if domain.KindOf(err) != domain.KindInvalid || strings.Count(err.Error(), "\n") != 6 {
		t.Errorf("error: %v", err)
	}
	if Faults(nil).Err() != nil {
		t.Error("no faults are no error")
	}
}

func TestTermsWithDates(t *testing.T) {
	t.Parallel()
	f, faults := Parse([]byte(small + `  - { name: B, email: b@x.example, team: Support, salary: 5, from: 2026-10 }
  - { name: C, email: c@x.example, team: { name: Support, from: 2026-10-15 }, salary: { amount: "7.25", from: 2026-11 }, schedule: office }
pay: { from: 2026-09, tax_percent: 7.5, rules: [{ key: r, kind: fine, after_tax: true, amount: 1000 }] }
analyzers: [{ name: topic, enabled: false, settings: { deep: { list: [1, a, true] } } }]
topics: [{ name: delivery, phrases: [kuryer, доставка] }]
`))
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	b, c := f.People[1], f.People[2]
	if b.TeamFrom.String() != "2026-10-01" || b.SalaryFrom != b.TeamFrom || c.TeamFrom.String() != "2026-10-15" || c.SalaryFrom.String() != "2026-11-01" || !c.ScheduleFrom.IsZero() || c.Salary.Minor != 725 {
		t.Errorf("%+v\n%+v", b, c)
	}
	if f.Pay.From.String() != "2026-09" || f.Pay.Rules[0].From != f.Pay.From || f.Pay.TaxPercent.String() != "7.5" || !f.Pay.Rules[0].AfterTax {
		t.Errorf("pay: %+v", f.Pay)
	}
	if a := f.Analyzers[0]; a.Enabled || string(a.Settings) != `{"deep":{"list":[1,"a",true]}}` {
		t.Errorf("analyzer: %+v %s", a, a.Settings)
	}
	if len(f.Topics[0].Phrases) != 2 {
		t.Errorf("topics: %+v", f.Topics)
	}
}

func TestHostileFiles(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 'b'; i < 'j'; i++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", i, i, strings.TrimSuffix(strings.Repeat("*"+string(i-1)+",", 10), ","))
	}
	for name, text := range map[string]string{
		"bomb":      bomb,
		"itself":    "a: &a [*a]\n",
		"large":     strings.Repeat("# comment\n", MaxSize/10+1),
		"deep":      strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"empty":     "",
		"comment":   "# nothing\n",
		"null":      "~\n",
		"list":      "- a\n",
		"word":      "hello\n",
		"two":       "a: 1\n---\nb: 2\n",
		"broken":    "a: [1\nb: {\n",
		"tab":       "a:\n\t- b\n",
		"binary":    "\x00\x01\x02",
		"merge":     "<<: { company: { name: X } }\n",
		"odd key":   "? [a, b]\n: c\n",
		"no values": "company:\nteams:\npeople:\n",
		"items":     small + "kpis: [~, 5, x, []]\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, faults := Parse([]byte(text))
			if f != nil || len(faults) == 0 || len(faults.Error()) > 40_000 {
				t.Fatalf("%v, %d faults", f != nil, len(faults))
			}
		})
	}
}

func TestAliasesAreAllowed(t *testing.T) {
	t.Parallel()
	text := strings.Replace(small, `["09:00-18:00"]`, `&hours ["09:00-18:00"], sat: *hours`, 1)
	f, faults := Parse([]byte(text))
	if faults.Err() != nil || len(f.Schedules[0].Hours.Days[time.Saturday]) != 1 {
		t.Fatal(faults)
	}
}

func TestSameFileSameFaults(t *testing.T) {
	t.Parallel()
	text := []byte("company: { c: 1, b: 2, a: 3, name: 4 }\n")
	_, first := Parse(text)
	for range 20 {
		if _, again := Parse(text); !reflect.DeepEqual(first, again) {
			t.Fatalf("%s\nthen\n%s", first, again)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(example(f, "company.yml"))
	f.Add(small)
	f.Fuzz(func(t *testing.T, text string) {
		file, faults := Parse([]byte(text))
		if (file == nil) == (len(faults) == 0) {
			t.Fatalf("a file and faults, or neither: %v", faults)
		}
	})
}

func TestWhatTheBotIsTold(t *testing.T) {
	t.Parallel()
	file := strings.NewReplacer("UZS }", `UZS, bot: { writes_in_chats: true, digest_at: never } }`, "] } }]", "] }, asks_location: true }]",
		"team: Support }", "team: Support, phone: 901234567, language: ru }").Replace(small)
	f, faults := Parse([]byte(file))
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	bot, asks, person := f.Company.Bot, f.Schedules[0].AsksLocation, f.People[0]
	if bot.WritesInChats == nil || !*bot.WritesInChats || bot.DigestAt == nil || *bot.DigestAt != "" {
		t.Errorf("%+v", bot)
	}
	if asks == nil || !*asks || person.Phone != "998901234567" || person.Language != "ru" {
		t.Errorf("%v, %+v", asks, person)
	}
	f, faults = Parse([]byte(small))
	if faults.Err() != nil || f.Company.Bot.WritesInChats != nil || f.Company.Bot.DigestAt != nil || f.Schedules[0].AsksLocation != nil || f.People[0].Phone != "" {
		t.Errorf("what is not said is %+v, %v", f, faults)
	}
}
