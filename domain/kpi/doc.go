// Package kpi owns the score of a KPI and the total of a person's KPIs in a
// period, from values that others have gathered.
//
// It refuses to gather values, to evaluate expressions, and to round before the
// end: scores and totals are exact fractions until they are shown.
package kpi
