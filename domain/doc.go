// Package domain owns the words that every room shares: the one error type,
// money, civil dates, periods, and the rounding rule "half away from zero".
//
// It refuses I/O, floats in anything that reaches money, and knowledge of any
// other room. The packages below it hold the pure rules (response times, KPI
// scores, payroll); they take and return plain structs and are tested without a
// database.
package domain
