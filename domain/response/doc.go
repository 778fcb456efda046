// Package response owns the response clock: how messages of one chat and thread
// form customer waits, when a wait is within its target, and what a period's
// waits add up to.
//
// It refuses to know who is staff, which schedule is whose, and where messages
// are stored: the caller says so. It works from facts, never from deltas, so
// the order and repetition of messages change nothing.
package response
