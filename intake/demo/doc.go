// Package demo holds the invented company that a newcomer sees first: its company file, its sign-ins, and 110
// written dialogues laid over the weeks before now.
//
// It owns where in time the dialogues lie and which Telegram ids they have. The same moment always gives the same
// timeline, and a later one only adds to it, so that laying it out again changes nothing that is there.
//
// It refuses to write anything: its caller sends the file and the messages through the doors that users' own go
// through.
package demo
