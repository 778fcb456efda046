// Package jobs is the door of work that waits its turn: River workers, one kind a file, that decode the arguments and call a
// use case. A job may run twice; every use case it calls does the same thing once. The kinds and their arguments are in args,
// which app needs to enqueue them.
package jobs
