// Package args owns the words of background work: the arguments of each kind of job and the names of the queues. Whoever
// enqueues a job and whoever works it meet here, so that neither imports the other.
//
// It refuses logic: no worker, no database, no other package of this module.
package args
