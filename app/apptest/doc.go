// Package apptest is the test world: a database of its own, a clock that stands still, analyzers that say what the test wants,
// and an App on them, with an invented company at hand.
//
// It owns how tests set the stage, and works queued jobs itself, one after the other, so that what a test sees does not hang
// on time. It refuses to be imported by anything but tests.
package apptest
