package companyfile

import (
	"encoding/json"
	"time"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/schedule"
)

// File is a company as its file describes it, with defaults filled in. A section that is absent is empty, and
// the caller leaves what it describes as it is. References (team, schedule, e-mail) lead to entries of the file.
type File struct {
	Company     Company
	Schedules   []Schedule
	Teams       []Team
	Chats       []Chat
	People      []Person
	KPIs        []KPI
	Pay         *Pay // nil if the file says nothing about pay
	ReportTypes []ReportType
	Analyzers   []Analyzer
	Topics      []Topic
}

// Company is the company as a whole.
type Company struct {
	Name            string
	Timezone        string         // IANA name
	Location        *time.Location // of Timezone
	Currency        string         // ISO 4217
	Language        string         // uz, ru or en; default uz
	ConversationGap time.Duration  // default 8 h
}

// Schedule is one version of a schedule.
type Schedule struct {
	Name  string
	From  domain.Date // zero: from the current period on
	Hours schedule.Schedule
}

// Team is a group of people with one schedule and one reply target.
type Team struct {
	Name        string
	Schedule    string        // name; "" = none set
	ReplyTarget time.Duration // business time; default 15 min
	Supervisor  string        // e-mail; "" = none set
}

// Chat is what the file sets of a chat.
type Chat struct {
	Mailbox    string // the account's user id for personal chats and basic groups, else ""
	TelegramID int64  // as the Bot API counts
	Team       string // name; "" = by the rules
	Assignee   string // e-mail; "" = by the rules
}

// Person is somebody of the company.
type Person struct {
	Name       string
	Email      string // lower case
	Role       string // employee (default), supervisor, accountant or admin
	Team       string // name; "" = none
	TeamFrom   domain.Date
	TelegramID int64       // 0 = none
	Joined     domain.Date // zero = not said
	Left       domain.Date // their last day; zero = still here
	Language   string      // "" = the company's
	Salary     *domain.Money
	SalaryFrom domain.Date // zero: from the current period on, as for TeamFrom and ScheduleFrom
	Schedule   string      // name of their own schedule; "" = the team's
	// ScheduleFrom is when their own schedule begins to hold.
	ScheduleFrom domain.Date
	Shifts       schedule.Shifts
}

// KPI is one version of a KPI. Value is an expression over formula.Metrics.
type KPI struct {
	Key    string
	Title  string // default: the key
	Value  string
	Floor  decimal.Decimal
	Target decimal.Decimal
	Cap    decimal.Decimal // default 100
	Weight decimal.Decimal
	From   domain.Period // month; zero = the current one
}

// Pay is the pay policy and its rules.
type Pay struct {
	From           domain.Period   // month; zero = the current one
	TaxPercent     decimal.Decimal // default 12
	FineCapPercent decimal.Decimal // default 30
	MinCoverage    decimal.Decimal // 0 to 1; default 0.5
	Rules          []PayRule
}

// PayRule gives a bonus or takes a fine. Exactly one of Amount and PercentOfBase is set.
type PayRule struct {
	Key           string
	Kind          string // bonus or fine
	AfterTax      bool
	When          string // condition; "" = always
	Amount        string // expression, major units
	PercentOfBase string // expression
	From          domain.Period
}

// ReportType is a report that is due again and again.
type ReportType struct {
	Name       string
	Team       string // the audience: a team's name or a role, exactly one
	Role       string
	Recurrence string        // RFC 5545, without DTSTART
	From       domain.Date   // the day from which the recurrence counts; zero = the day it is first applied
	Due        int           // minutes after local midnight
	Grace      time.Duration // default 0
	// Remind are the times of reminders relative to the due time; negative is before it.
	Remind []time.Duration
}

// Analyzer is an analyzer that the company wants.
type Analyzer struct {
	Name     string
	Version  string // "" = any
	Enabled  bool   // default true
	Settings json.RawMessage
}

// Topic is a topic that the topic analyzer should know besides its own.
type Topic struct {
	Name    string   `json:"name"`
	Phrases []string `json:"phrases"`
}
