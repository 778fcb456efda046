package app

import (
	"encoding/json"
	"time"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/schedule"
)

// CompanyInput is a company as its file describes it, with defaults filled in. A section that is absent is empty, and what it
// describes stays as it is. Teams, schedules and people that an entry names are in the same input or in the records.
type CompanyInput struct {
	Company     CompanySettingsInput
	Schedules   []ScheduleInput
	Teams       []TeamInput
	Chats       []ChatOwnerInput
	People      []PersonInput
	KPIs        []KPIInput
	Pay         *PayInput // nil if nothing is said about pay
	ReportTypes []ReportTypeInput
	Analyzers   []WantedAnalyzerInput
	Topics      []TopicInput
}

// CompanySettingsInput is the company as a whole.
type CompanySettingsInput struct {
	Name            string
	Timezone        string         // IANA name
	Location        *time.Location // of Timezone
	Currency        string         // ISO 4217
	Language        string         // uz, ru or en
	ConversationGap time.Duration
	Bot             BotSettingsInput
}

// BotSettingsInput is how the bot behaves; nil is not said, and stays.
type BotSettingsInput struct {
	// WritesInChats lets the bot write where customers read.
	WritesInChats *bool
	// DigestAt is when supervisors get the morning's digest, as 09:00 in the company's zone; empty: never.
	DigestAt *string
}

// ScheduleInput is one version of a schedule.
type ScheduleInput struct {
	Name  string
	From  domain.Date // zero: from the current period on
	Hours schedule.Schedule
	// AsksLocation is whether a punch by the bot comes with where it was made, in all versions; nil = not said.
	AsksLocation *bool
}

// TeamInput is a group of people with one schedule and one reply target.
type TeamInput struct {
	Name        string
	Schedule    string        // name; "" = none set
	ReplyTarget time.Duration // business time
	Supervisor  string        // e-mail; "" = none set
}

// ChatOwnerInput is whose a chat is.
type ChatOwnerInput struct {
	Mailbox    string // the account's user id for personal chats and basic groups, else ""
	TelegramID int64  // as the Bot API counts
	Team       string // name; "" = by the rules
	Assignee   string // e-mail; "" = by the rules
}

// PersonInput is somebody of the company.
type PersonInput struct {
	Name       string
	Email      string // lower case; it is who they are
	Role       string // employee, supervisor, accountant or admin
	Team       string // name; "" = none
	TeamFrom   domain.Date
	TelegramID int64       // 0 = not said
	Phone      string      // digits of the international number; "" = none
	Joined     domain.Date // zero = not said
	Left       domain.Date // their last day; zero = still here
	Language   string      // "" = not said: what they chose, else the company's
	Salary     *domain.Money
	SalaryFrom domain.Date // zero: from the current period on, as for TeamFrom and ScheduleFrom
	Schedule   string      // name of their own schedule; "" = the team's
	// ScheduleFrom is when their own schedule begins to hold.
	ScheduleFrom domain.Date
	Shifts       schedule.Shifts
}

// KPIInput is one version of a KPI. Value is an expression over formula.Metrics.
type KPIInput struct {
	Key    string
	Title  string
	Value  string
	Floor  decimal.Decimal
	Target decimal.Decimal
	Cap    decimal.Decimal
	Weight decimal.Decimal
	From   domain.Period // month; zero = the current one
}

// PayInput is the pay policy and its rules.
type PayInput struct {
	From           domain.Period   // month; zero = the current one
	TaxPercent     decimal.Decimal // 0 to 100
	FineCapPercent decimal.Decimal // 0 to 100
	MinCoverage    decimal.Decimal // 0 to 1
	Rules          []PayRuleInput
}

// PayRuleInput gives a bonus or takes a fine. Exactly one of Amount and PercentOfBase is set.
type PayRuleInput struct {
	Key           string
	Kind          string // bonus or fine
	AfterTax      bool
	When          string // condition; "" = always
	Amount        string // expression, major units
	PercentOfBase string // expression
	From          domain.Period
}

// ReportTypeInput is a report that is due again and again.
type ReportTypeInput struct {
	Name       string
	Team       string // the audience: a team's name or a role, exactly one
	Role       string
	Recurrence string        // RFC 5545, without DTSTART
	From       domain.Date   // the day from which the recurrence counts; zero = the day it is first applied
	Due        int           // minutes after local midnight
	Grace      time.Duration // how late is still on time
	// Remind are the times of reminders relative to the due time; negative is before it.
	Remind []time.Duration
}

// WantedAnalyzerInput is an analyzer that the company wants.
type WantedAnalyzerInput struct {
	Name     string
	Version  string // "" = any
	Enabled  bool
	Settings json.RawMessage
}

// TopicInput is a topic that the topic analyzer should know besides its own.
type TopicInput struct {
	Name    string   `json:"name"`
	Phrases []string `json:"phrases"`
}
