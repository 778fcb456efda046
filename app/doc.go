// Package app is the use cases: every change to the records is one of its verbs, one subject a file.
//
// It alone opens transactions (tx.go), and hands jobs and events over in the transaction of the record they are about. No
// transaction is open while an analyzer runs. Whoever calls a verb stands in the context as an auth.Actor; the verb checks
// what the role may do and then works as the system role that owns the records it writes (as, in tx.go). Reads go through
// Client and the rows' own policy. It knows nothing of HTTP, GraphQL, Telegram or plugins.
package app
