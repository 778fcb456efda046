package companyfile

import "github.com/fincokpi/finco/app"

// What a file says is what the use case takes: the parser fills in the defaults and app.ApplyCompany makes the records match.
type (
	// File is a company as its file describes it. References (team, schedule, e-mail) lead to entries of the file.
	File = app.CompanyInput
	// Company is the company as a whole. Default language: uz; default gap: 8 h.
	Company = app.CompanySettingsInput
	// Schedule is one version of a schedule.
	Schedule = app.ScheduleInput
	// Team has a default reply target of 15 min.
	Team = app.TeamInput
	// Chat is what the file sets of a chat.
	Chat = app.ChatOwnerInput
	// Person has the default role employee.
	Person = app.PersonInput
	// KPI has its key as default title, and the default cap 100.
	KPI = app.KPIInput
	// Pay has the defaults 12 % tax, 30 % fine cap and 0.5 coverage.
	Pay = app.PayInput
	// PayRule gives a bonus or takes a fine.
	PayRule = app.PayRuleInput
	// ReportType is a report that is due again and again.
	ReportType = app.ReportTypeInput
	// Analyzer is wanted enabled by default.
	Analyzer = app.WantedAnalyzerInput
	// Topic is a topic that the topic analyzer should know besides its own.
	Topic = app.TopicInput
)
