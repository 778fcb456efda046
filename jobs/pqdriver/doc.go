// Package pqdriver lets River work on lib/pq alone, with LISTEN: it is riverdatabasesql plus a listener, so that a job
// starts some milliseconds after its transaction commits instead of at the next poll.
//
// It owns nothing but the one connection that listens. It refuses to hide a lost connection: River is told, connects anew,
// and finds by polling what was sent in between.
package pqdriver
