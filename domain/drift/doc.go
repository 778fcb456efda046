// Package drift measures how far what a machine says has moved from what it said before, and says when that is worth a look.
//
// It refuses to know what is compared: the caller passes the counts of two spans of time.
package drift
