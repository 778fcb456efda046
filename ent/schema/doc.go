// Package schema describes the records: one noun a file, one policy for all.
//
// Every type takes its rows' visibility from the base mixin (access.go): no actor, no rows. Fields with a narrower audience
// are types of their own (Salary, Employment, MessageContent, AnalysisDetail). Filters never cross an edge: a filter on
// something hidden would be a way of reading it.
package schema
