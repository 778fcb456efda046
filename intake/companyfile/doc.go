// Package companyfile decodes the file that describes a company: people, teams, schedules, chats, KPIs, pay rules,
// report types and analyzers.
//
// It owns the file's format and everything that can be judged from the file alone: unknown fields, wrong types,
// references that lead nowhere, keys given twice, expressions that do not hold, times and amounts that make no
// sense. It names every fault at once, each with line and field.
//
// It refuses to know a database: what exists already, what changes and what is removed are for its caller.
package companyfile
