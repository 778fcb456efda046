// Package attendance counts the days that payroll pays by.
//
// It refuses punches: where attendance is not in use no day is absent, and every
// norm day between joining and leaving is paid.
package attendance
