// Package payroll owns the arithmetic of a payslip: what pay rules give, which
// lines a slip has in which order, what is taxed, capped, carried over and
// rounded, and the double-entry postings behind it.
//
// It refuses floats, the states of a run, who may approve, and where KPI results
// and workdays come from.
package payroll
