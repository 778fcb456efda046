package process

import (
	"context"
	"errors"
	"fmt"
)

// FailureKind says how a plugin failed.
type FailureKind string

// The kinds of failure.
const (
	Refused   FailureKind = "refused"   // never started or sent away: checksum, settings, description; trying again is useless
	Crashed   FailureKind = "crashed"   // the process ended or can't be reached
	Killed    FailureKind = "killed"    // somebody else ended the process; not the doing of what it was judging
	TimedOut  FailureKind = "timed out" // no answer before the deadline
	Broken    FailureKind = "broken"    // an answer against the contract
	Cancelled FailureKind = "cancelled" // the caller gave up; nobody's failure
)

// Failure is an error of the plugin as a process, unlike *analyzer.Error, which is what a plugin itself answers.
type Failure struct {
	Kind    FailureKind
	Message string
}

// Error implements error.
func (f *Failure) Error() string { return string(f.Kind) + ": " + f.Message }

func fail(kind FailureKind, format string, args ...any) *Failure {
	return &Failure{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

func failContext(ctx context.Context, what string) *Failure {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fail(TimedOut, "%s in time", what)
	}
	return fail(Cancelled, "%s before the caller gave up", what)
}
